"""Many clients that come back at once: each gets in, none much later than the others, and not all knock at one moment."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from statistics import median_low

from . import wording
from .fairness import jain_index
from .history import History
from .reconnections import Reconnection
from .verdict import Verdict
from .violations import Code

MOMENT = 0.1
"""s; tries so near to each other meet the server together."""


def clients_come_back(history: History, factor: float = 5.0, floor: float = 1.0) -> Verdict:
    """Of several clients that come back at once each gets in (*starved*), and none much later than the others (*unfair*).

    Looked at is the last reconnection of each client; its time counts from the first try of all. Much later is more than `factor` times
    as late as half of them, and more than `floor` seconds. Measures the spread of the tries (comeback_tries, comeback_tries_at_once
    within the busiest tenth of a second, comeback_tries_spread from the first to the last in s) and of the times (comeback_median and
    comeback_max in s, comeback_jain). A single client cannot be compared. O(n log n). Source: thundering herd; Jain, Chiu and Hawe 1984.
    """
    verdict = Verdict("clients come back")
    last = {one.first.client: one for one in history.reconnections}
    if len(last) > 1:
        verdict.exercised = len(last)
        begun = min(one.first.time for one in last.values())
        times = {one.first.client: one.connected.time - begun for one in last.values() if one.connected is not None}
        for client, one in last.items():
            if client not in times:
                verdict.violated(
                    Code.STARVED,
                    f"{wording.owner(one.first)} did not get in again in {wording.counted(len(one.tries), 'try')}, from {wording.at(history, one.first)[3:]} on; "
                    f"of {len(last)} clients {len(times)} did",
                    one.lost, *one.tries[:3],
                )
        _measure_tries(verdict, list(last.values()))
        middle = median_low(times.values()) if times else 0.0
        for client, time in times.items():
            if time > max(factor * middle, floor):
                verdict.violated(
                    Code.UNFAIR, f"{wording.owner(last[client].first)} was in again after {time:.3f} s, where half of {len(times)} clients were after {middle:.3f} s",
                    last[client].first, last[client].connected,
                )
        if times:
            verdict.measured("comeback_median", middle, "s", len(times))
            verdict.measured("comeback_max", max(times.values()), "s", len(times))
            verdict.measured("comeback_jain", jain_index(list(times.values())), "", len(times))
    return verdict.concluded()


def _measure_tries(verdict: Verdict, found: Sequence[Reconnection]) -> None:
    times = sorted(connect.time for one in found for connect in one.tries)
    at_once = max(bisect_left(times, time + MOMENT) - place for place, time in enumerate(times))
    verdict.measured("comeback_tries", len(times), "tries", len(found))
    verdict.measured("comeback_tries_at_once", at_once, "tries", len(found))
    verdict.measured("comeback_tries_spread", times[-1] - times[0], "s", len(found))
