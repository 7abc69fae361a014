"""Returns to a session, one after the other: when the context was there again, and whether they become slower."""

from __future__ import annotations

from collections.abc import Sequence

from .continuity import HISTORY, MEMORY
from .history import History
from .snapshots import Snapshot, snapshots
from .trend import slope
from .verdict import Verdict
from .violations import Code

ENOUGH = 5
"""Returns below which a rise is noise."""
FLOOR = 0.05
"""s; over all returns together, less than this is nothing that anybody notices."""


def context_times(history: History) -> list[float]:
    """Seconds of each successful reconnection from its first try until conversation or memory were there again.

    The time that the client let pass between the greeting and its question does not count; where it did not ask on that connection,
    the reconnection is left out. O(n log n).
    """
    asked: dict[int, Snapshot] = {}
    for found in sorted((one for question in (HISTORY, MEMORY) for one in snapshots(history, question)), key=lambda one: one.query.index):
        asked.setdefault(found.query.connection, found)
    return [
        one.connected.time - one.first.time + answered.answer.time - answered.query.time
        for one in history.reconnections
        if one.connected is not None and (answered := asked.get(one.connected.connection)) is not None
    ]


def returns_do_not_slow_down(took: Sequence[float], floor: float = FLOOR) -> Verdict:
    """From the first return to the last it does not take longer and longer: by less than `floor` seconds in all (*too_slow*).

    The median slope between all pairs, which no single slow return moves. Measures reconnect_rise (ms). O(n²). Source: Theil, Sen.
    """
    verdict = Verdict("returns do not slow down")
    if len(took) >= ENOUGH:
        verdict.exercised = len(took)
        rise = slope(list(enumerate(took))).middle * (len(took) - 1)
        verdict.measured("reconnect_rise", rise * 1000, "ms", len(took))
        if rise > floor:
            verdict.violated(Code.TOO_SLOW, f"from the first to the last of {len(took)} returns it took {rise * 1000:.0f} ms longer, where {floor * 1000:g} ms are allowed")
    return verdict.concluded()
