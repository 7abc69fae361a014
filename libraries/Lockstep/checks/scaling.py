"""Judges steps of rising rate, each by itself, and tells where the target stops keeping up with them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from statistics import correlation
from typing import NamedTuple

from . import wording
from .latency import too_many_late
from .verdict import Verdict
from .violations import Code


class Step(NamedTuple):
    """The rate that was to be shown (msg/s) and what became of its messages; ``late``: replies that came later than the limit."""

    rate: float
    sent: int
    answered: int
    late: int
    reached: float
    """Answered messages per second, until the last answer."""


def answered_in_full(sent: int, answered: int) -> Verdict:
    """Every message is answered: at a rate that was promised none may be refused, however openly (*rate_not_sustained*)."""
    verdict = Verdict("answered in full", exercised=sent)
    if answered < sent:
        verdict.violated(Code.RATE_NOT_SUSTAINED, f"{sent - answered:,} of {wording.counted(sent, 'message')} were not answered, at a rate that is promised")
    return verdict.concluded()


def steps_kept(steps: Sequence[Step], required: float, limit: float, share: float = 0.95, alpha: float = 1e-6) -> Verdict:
    """Each step up to `required` msg/s is answered in full, at its rate (*rate_not_sustained*), and `share` of it within `limit` seconds (*too_slow*).

    Steps rise. Time is judged by an exact binomial test at level `alpha`. Measures the *knee*, the rate of the last step before the
    first that misses one of these limits, its *headroom* over `required`, and how wanted and reached rates correlate (Pearson), which
    says little: a cap hides in it. O(replies) at worst.
    """
    verdict = Verdict("steps kept", exercised=sum(step.sent for step in steps if step.rate <= required))

    def in_time(step: Step) -> bool:
        return not too_many_late(step.late, step.answered, share, alpha)

    def is_kept(step: Step) -> bool:
        return 0 < step.sent == step.answered and step.reached >= step.rate and in_time(step)

    for step in steps:
        if step.rate > required or not step.sent or is_kept(step):
            continue
        if step.answered < step.sent:
            verdict.violated(
                Code.RATE_NOT_SUSTAINED, f"at {step.rate:g} msg/s {step.sent - step.answered:,} of {wording.counted(step.sent, 'message')} were not answered")
        if step.reached < step.rate:
            verdict.violated(Code.RATE_NOT_SUSTAINED, f"of {step.rate:g} msg/s only {step.reached:,.1f} were reached")
        if not in_time(step):
            verdict.violated(
                Code.TOO_SLOW,
                f"at {step.rate:g} msg/s {step.late:,} of {step.answered:,} replies took longer than {limit * 1000:g} ms, where {(1 - share) * 100:.3g} % of them may",
            )
    kept = [step.rate for step in takewhile(is_kept, steps)]
    knee, samples = kept[-1] if kept else 0.0, sum(step.sent for step in steps)
    verdict.measured("knee", knee, "msg/s", samples)
    verdict.measured("headroom", knee - required, "msg/s", samples)
    if len({step.reached for step in steps}) > 1:
        verdict.measured("rate_correlation", correlation([step.rate for step in steps], [step.reached for step in steps]), "", len(steps))
    return verdict.concluded()
