"""Nobody is held up by what another client does or leaves undone."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Collection
from sys import maxsize

from . import wording
from .events import Kind
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


def throughput_kept(history: History, client: str, since: int, until: int | None = None) -> Verdict:
    """A client that goes on sending is answered as often, by the second, while others are in trouble as before (*blocked_by_neighbour*).

    `since` and `until` are the journal indexes between which the trouble lies; before it is the baseline. A rate is that of the answers
    that arrive from the first to the last sending of its time, so that a pause before or behind does not count. As many answers may be
    missing as chance takes of them with a share of 5 % each and a probability above one in a million. O(n). Source: exact binomial test.
    """
    verdict = Verdict(f"{client} keeps its throughput")
    begin, end = (bisect_left(history.events.indexes, index, 0, len(history.events)) for index in (since, maxsize if until is None else until))
    usual, seconds = _answers(history, client, 0, begin)
    answers, lasted = _answers(history, client, begin, end)
    due = round(usual / seconds * lasted) if seconds else 0
    if due:
        verdict.exercised, missing = due, max(0, due - answers)
        verdict.measured("bystander_throughput", answers / lasted, "msg/s", answers)
        verdict.measured("bystander_baseline", usual / seconds, "msg/s", usual)
        if missing and binomial_tail(missing, due, SHARE) <= ALPHA:
            verdict.violated(
                Code.BLOCKED_BY_NEIGHBOUR,
                f"{client} got {answers / lasted:.1f} answers a second while others were in trouble, {missing} of {due} fewer than at its "
                f"{usual / seconds:.1f} a second before",
            )
    return verdict.concluded()


def _answers(history: History, client: str, begin: int, end: int) -> tuple[int, float]:
    """How many answers a client got from its first to its last sending between two positions, and the seconds between these."""
    events, clients = history.events, [source.client for source in history.events.names.sources]
    sends, replies = (events.grouped(events.positions(kind), clients).get(client, array("I")) for kind in (Kind.SEND, Kind.REPLY))
    mine = sends[bisect_left(sends, begin) : bisect_left(sends, end)]
    if not mine:
        return 0, 0.0
    return bisect_left(replies, mine[-1]) - bisect_left(replies, mine[0]), events.times[mine[-1]] - events.times[mine[0]]
