"""After a fault a client is back in time: connected, and answered."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from statistics import median
from typing import NamedTuple

from . import wording
from .events import Event, Kind
from .history import History
from .reconnections import Reconnection
from .struck import faults
from .verdict import Verdict
from .violations import Code

ENOUGH = 5
"""Tries below which a median is noise."""


class Recovery(NamedTuple):
    """One reconnection and how long it took; infinite where no try succeeded."""

    reconnection: Reconnection
    connected: float
    """s, from when the way was free until the greeting."""
    answered: float
    """s, from when the way was free until the first answer, without the time for which the client had nothing to say."""


def recoveries(history: History) -> list[Recovery]:
    """How long each reconnection of this history took.

    Time counts from when the way was free: from the end of the connection, or from the last fault that struck or ended for this client
    or for the server itself, whichever is later. How long a client stayed away of its own accord does not count; the waits of its
    ladder do. O(n log n).
    """
    tried = history.reconnections
    aliases = {one.first.client for one in tried}
    struck = faults(history, "done", "ended")
    of_client = {alias: [fault for fault in struck if fault.client == alias or fault.client not in aliases] for alias in aliases}
    replies = history.events.grouped(history.events.positions(Kind.REPLY), [source.connection for source in history.events.names.sources])
    return [_recovery(history, one, of_client[one.first.client], replies) for one in tried]


def _recovery(history: History, tried: Reconnection, struck: Sequence[Event], replies: Mapping[int, array[int]]) -> Recovery:
    greeting = tried.connected
    if greeting is None:
        return Recovery(tried, math.inf, math.inf)
    before = bisect_left(struck, greeting.index, key=lambda fault: fault.index)
    free = [event.time for event in (tried.lost, *struck[:before][-1:]) if event is not None]
    begun = tried.first.time - ((tried.first.details or {}).get("waited") or 0.0)
    connected = greeting.time - max([begun, *free])
    answer = next(iter(replies.get(greeting.connection, ())), None)
    return Recovery(tried, connected, connected + (_first_answer(history, history.events[answer], greeting) if answer is not None else 0.0))


def _first_answer(history: History, reply: Event, greeting: Event) -> float:
    """Seconds to the first answer: from the sending on this connection, else, since it had been on its way before, from the greeting."""
    message = history.message(reply.user, reply.message_id)
    here = [send.time for send in (message.sends if message else ()) if send.connection == greeting.connection and send.index < reply.index]
    return max(0.0, reply.time - max([greeting.time, *here[-1:]]))


def each_recovered_within(history: History, limit: float) -> Verdict:
    """Each reconnection succeeds and brings an answer within `limit` seconds of the moment when it was possible (*slow_recovery*).

    For limits that a single try cannot miss by chance. O(n log n).
    """
    verdict = Verdict("each recovery takes no longer than allowed")
    found = recoveries(history)
    verdict.exercised = len(found)
    for one in found:
        who, first = wording.owner(one.reconnection.first), one.reconnection.first
        if one.answered > limit:
            how = f"it took {one.answered:.3f} s" if one.answered < math.inf else f"{wording.counted(len(one.reconnection.tries), 'try')} failed"
            verdict.violated(
                Code.SLOW_RECOVERY, f"{who} was to be connected and answered again within {limit:g} s, but {how} (first try {wording.at(history, first)})",
                one.reconnection.lost, first, one.reconnection.connected,
            )
    took = [one.answered for one in found if one.answered < math.inf]
    if took:
        verdict.measured("recovery_max", max(took) * 1000, "ms", len(took))
    return verdict.concluded()


def recovers_within(took: Sequence[float], limit: float, name: str = "recovery") -> Verdict:
    """The median of five or more tries is at most `limit` seconds (*too_slow*); fewer show nothing.

    Measures mean, median and maximum in ms under this name. O(n log n).
    """
    verdict = Verdict(f"{name} takes no longer than allowed")
    if len(took) >= ENOUGH:
        verdict.exercised = len(took)
        middle = median(took)
        for figure, value in (("mean", math.fsum(took) / len(took)), ("median", middle), ("max", max(took))):
            verdict.measured(f"{name}_{figure}", value * 1000, "ms", len(took))
        if middle > limit:
            verdict.violated(
                Code.TOO_SLOW,
                f"{name} took {middle * 1000:.0f} ms (median of {len(took)} tries, the longest {max(took) * 1000:.0f} ms), where {limit * 1000:g} ms are allowed",
            )
    return verdict.concluded()


def each_took_less(took: Sequence[tuple[str, float]], limit: float) -> Verdict:
    """None of these took longer than `limit` seconds (*slow_recovery*): client and time of each. For limits that no try misses by chance."""
    verdict = Verdict("each recovery takes less", exercised=len(took))
    for client, time in took:
        if time > limit:
            verdict.violated(Code.SLOW_RECOVERY, f"{client} took {time * 1000:.0f} ms to be back, where {limit * 1000:g} ms are allowed")
    return verdict.concluded()
