"""How long answers take, counted from the moment a message should have been sent."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction

from . import wording
from .events import Event
from .history import History
from .verdict import Measured, Verdict
from .violations import Code

PERCENTILES = ("50", "90", "95", "99", "99.9")


def latencies(history: History) -> array[float]:
    """Seconds from the intended (else the actual) first sending of each message to its first reply, in order of reply.

    From the intended time, because a generator that was held up would otherwise hide the waiting. O(n). Source: wrk2.
    """
    return history.latencies


def percentile(sorted_values: Sequence[float], p: float) -> float:
    """The nearest-rank percentile: the smallest value that at least p % of all values do not exceed.

    It is always a value that occurred; nothing is interpolated. `sorted_values` are ascending and not empty, 0 < p <= 100.
    """
    rank = math.ceil(Fraction(str(p)) * len(sorted_values) / 100)  # exact: 99.9 % of 1000 is 999, not 999.0000000000001
    return sorted_values[rank - 1]


def latency_figures(history: History) -> tuple[Measured, ...]:
    """Mean, p50, p90, p95, p99, p99.9 and maximum in ms, named latency_mean, latency_p50, ..., latency_p99_9, latency_max.

    Empty without a reply. O(n log n), in C.
    """
    values = history.sorted_latencies
    if not values:
        return ()
    figures = {
        "mean": math.fsum(values) / len(values),
        **{f"p{p.replace('.', '_')}": percentile(values, float(p)) for p in PERCENTILES},
        "max": values[-1],
    }
    return tuple(Measured(f"latency_{name}", value * 1000, "ms", len(values)) for name, value in figures.items())


def latency_within(history: History, limit: float, share: float = 0.95, alpha: float = 1e-6) -> Verdict:
    """At least `share` of the replies come within `limit` seconds, by an exact binomial test at level `alpha` (*too_slow*).

    Too slow is a run with so many late replies that a server which keeps the promise shows as many with probability `alpha`
    or less: a slow machine does not fail by chance. O(n). Source: exact binomial test.
    """
    verdict = Verdict("latency within limit")
    values = history.sorted_latencies
    late = len(values) - bisect_right(values, limit)
    verdict.exercised = len(values)
    if too_many_late(late, len(values), share, alpha):
        verdict.violated(
            Code.TOO_SLOW,
            f"{late} of {wording.counted(len(values), 'reply')} took longer than {limit * 1000:g} ms, where {(1 - share) * 100:.3g} % of them "
            f"may; the slowest took {values[-1] * 1000:.0f} ms",
            *_slowest(history),
        )
    verdict.measured("late", late, "messages", len(values))
    return verdict.concluded()


def mean_latency_within(history: History, limit: float) -> Verdict:
    """The mean latency is at most `limit` seconds (*too_slow*). O(n)."""
    verdict = Verdict("mean latency within limit")
    values = latencies(history)
    verdict.exercised = len(values)
    if values:
        mean = math.fsum(values) / len(values)
        verdict.measured("latency_mean", mean * 1000, "ms", len(values))
        if mean > limit:
            verdict.violated(
                Code.TOO_SLOW,
                f"the mean latency of {wording.counted(len(values), 'reply')} is {mean * 1000:.1f} ms, where {limit * 1000:g} ms "
                f"are allowed; the slowest took {max(values) * 1000:.0f} ms",
                *_slowest(history),
            )
    return verdict.concluded()


def too_many_late(late: int, replies: int, share: float, alpha: float = 1e-6) -> bool:
    """Whether a server that answers at least `share` in time shows so many late replies with probability `alpha` or less.

    Source: exact binomial test.
    """
    return late > (1 - share) * replies and binomial_tail(late, replies, 1 - share) <= alpha


def binomial_tail(least: int, tries: int, p: float) -> float:
    """The probability of `least` or more hits in so many tries, each with probability `p`; summed term by term, 0 < least."""
    if p <= 0:
        return 0.0
    if p >= 1:
        return 1.0
    log_term = (
        math.lgamma(tries + 1) - math.lgamma(least + 1) - math.lgamma(tries - least + 1)
        + least * math.log(p) + (tries - least) * math.log1p(-p)
    )
    term = total = math.exp(log_term)
    odds = p / (1 - p)
    for hits in range(least, tries):
        term *= (tries - hits) / (hits + 1) * odds
        total += term
        if term < total * 1e-17 and hits > tries * p:
            break
    return total


def _slowest(history: History) -> tuple[Event, Event]:
    position = history.latencies.index(history.sorted_latencies[-1])
    return history.journal.origins[position], history.journal.replies[position]
