"""Judges what many connections at once got: an answer, in time, room in the server, a door that opens, or an open word that it does not."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from statistics import median
from typing import NamedTuple

from . import wording
from .verdict import Verdict
from .violations import Code

ENOUGH = 100
"""Answers of a connection below which its 95th percentile is that of a few single messages, and is not judged."""


class Served(NamedTuple):
    """What one connection got: how many of its messages fell due and were answered, and the 95th percentile of their latency (s)."""

    name: str
    due: int
    answered: int
    p95: float


def connections_served(connections: Sequence[Served], limit: float | None = None) -> Verdict:
    """Each connection whose messages fell due got answers (*starved*), 95 % of them within ``limit`` seconds (*too_slow*). O(connections)."""
    verdict = Verdict("every connection is served")
    asking = [one for one in connections if one.due]
    verdict.exercised = len(asking)
    for one in asking:
        if not one.answered:
            verdict.violated(Code.STARVED, f"{one.name} got no answer to {wording.counted(one.due, 'message')}")
        elif limit is not None and one.answered >= ENOUGH and one.p95 > limit:
            verdict.violated(
                Code.TOO_SLOW,
                f"{one.name} waited {one.p95 * 1000:.0f} ms for 95 % of its {one.answered:,} answers, where {limit * 1000:g} ms are agreed",
            )
    return verdict.concluded()


def memory_per_connection_within(grown: int, connections: int, limit: int) -> Verdict:
    """The server's memory grew by no more than ``limit`` bytes for each connection that was opened (*leak*)."""
    verdict = Verdict("memory per connection", exercised=connections)
    if connections:
        each = grown / connections
        verdict.measured("memory_per_connection", each / 1e6, "MB", connections)
        if each > limit:
            verdict.violated(
                Code.LEAK,
                f"the server grew by {grown / 1e6:.1f} MB for {wording.counted(connections, 'connection')}: {each / 1e6:.2f} MB each, "
                f"where {limit / 1e6:g} MB are allowed",
            )
    return verdict.concluded()


def turned_away_openly(how: str | None, ways: Collection[str]) -> Verdict:
    """A connection above the limit is refused (*not_refused*), in one of the promised ways (*wrong_close*); ``how`` is None if it opened."""
    verdict = Verdict("one connection too many is turned away", exercised=1)
    promised = " or ".join(ways)
    if how is None:
        verdict.violated(Code.NOT_REFUSED, f"a connection above the limit was let in, where {promised} is promised")
    elif how not in ways:
        verdict.violated(Code.WRONG_CLOSE, f"a connection above the limit was turned away by {how}, where {promised} is promised")
    return verdict.concluded()


def newcomers_let_in(waits: Sequence[float | None], limit: float) -> Verdict:
    """Newcomers are let in (*starved*; None in ``waits``), half of them within ``limit`` seconds (*too_slow*)."""
    verdict = Verdict("newcomers are let in", exercised=len(waits))
    came = [wait for wait in waits if wait is not None]
    if len(came) < len(waits):
        verdict.violated(Code.STARVED, f"{len(waits) - len(came)} of {wording.counted(len(waits), 'newcomer')} were not let in")
    if came:
        half = median(came)
        verdict.measured("newcomer_median", half, "s", len(came))
        if half > limit:
            verdict.violated(Code.TOO_SLOW, f"newcomers waited {half:.2f} s (median of {len(came)}) until they were let in, where {limit:g} s are agreed")
    return verdict.concluded()
