"""Nobody is held up by what another client does or leaves undone."""

from __future__ import annotations

from collections.abc import Collection

from . import wording
from .history import History
from .latency import binomial_tail, percentile
from .verdict import Verdict
from .violations import Code

SHARE = 0.05
"""This share of messages may be late by chance: a pause of the machine is no neighbour."""
ALPHA = 1e-6


def not_held_up(
    history: History, client: str, baseline: Collection[str], during: Collection[str], *, factor: float = 5.0, floor: float = 0.05
) -> Verdict:
    """A client's messages are answered beside a neighbour about as fast as before (*blocked_by_neighbour*).

    `baseline` and `during` are the message ids of the client in calm times and while the neighbour was at it. Late is a message that
    took longer than `factor` times the baseline's p95, and than `floor` seconds; one that was not answered at all is late, unless it
    was refused or its connection died. Held up are so many late ones that chance would show as many with a probability of one in a
    million. O(n log n). Source: exceedance against one's own baseline.
    """
    verdict = Verdict(f"{client} is not held up")
    calm, busy = set(baseline), set(during)
    before: list[float] = []
    took: list[tuple[float, int]] = []
    origins, replies = history.journal.origins, history.journal.replies
    for place, (send, reply) in enumerate(zip(origins, replies, strict=True)):
        if send.client == client:
            since = send.time if send.intended is None else send.intended
            if send.message_id in calm:
                before.append(reply.time - since)
            elif send.message_id in busy:
                took.append((reply.time - since, place))
    silent = [
        message.send for _, _, message in history.journal.unanswered()
        if message.send.client == client and message.send.message_id in busy and not message.unknowns and message.not_refused
    ]
    if before and (took or silent):
        verdict.exercised = count = len(took) + len(silent)
        usual = percentile(sorted(before), 95)
        limit = max(factor * usual, floor)
        late = len(silent) + sum(seconds > limit for seconds, _ in took)
        verdict.measured("held_up", late, "messages", count)
        if late and binomial_tail(late, count, SHARE) <= ALPHA:
            slowest = max(took, default=None)
            verdict.violated(
                Code.BLOCKED_BY_NEIGHBOUR,
                f"{late} of {wording.counted(count, 'message')} of {client} took longer than {limit * 1000:.0f} ms beside its neighbour, "
                f"{len(silent)} of them were not answered at all; before, 95 % were answered within {usual * 1000:.1f} ms",
                *((origins[slowest[1]], replies[slowest[1]]) if slowest else ()), *silent[:1],
            )
    return verdict.concluded()
