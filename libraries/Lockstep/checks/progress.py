"""Work that was taken in goes on."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections.abc import Iterator

from . import bulk, wording
from .bulk import NEVER
from .events import Event, Kind
from .history import History
from .verdict import Verdict
from .violations import Code

SETTLES = (Kind.REPLY, Kind.DUPLICATE, Kind.REFUSED, Kind.SEND_UNKNOWN)
"""After these a message waits no more."""

MARKS = (Kind.ACCEPTED, *SETTLES, Kind.FAULT, Kind.CLOSE, Kind.CONNECTED)
"""With these a quiet stretch ends: an outcome, or a link that was cut or made, which begins the wait anew."""


def no_stall(history: History, longest: float) -> Verdict:
    """While a message waits, some outcome arrives at least every `longest` seconds (*stalled*).

    A message waits from an attempt to its reply, refusal, duplicate answer or unknown fate. A wait ends with the history at
    the latest. What ends with a fault is not judged, for the fault may have held it up. O(n). Source: bounded liveness.
    """
    verdict = Verdict("no stall", exercised=len(history.journal.sends))
    quiet = list(_quiet(history, longest))
    began, ended = _waits(history) if quiet else ([], [])
    stalls = 0
    for before, after in quiet:
        waiting = before is not None and bisect_right(began, before) > bisect_right(ended, before)
        since = before if waiting else _first_after(began, before)
        if since is not None and after.time - since.time > longest:
            stalls += 1
            verdict.violated(
                Code.STALLED,
                f"nothing came back for {after.time - since.time:.3f} s from {wording.at(history, since)[3:]} on, although messages were "
                f"waiting; {longest:g} s are allowed",
                since, after,
            )
    verdict.measured("stalls", stalls, "stalls", verdict.exercised)
    return verdict.concluded()


def drained_within(history: History, below: int, limit: float) -> Verdict:
    """At most `limit` seconds after the last sending, fewer than `below` messages are still waiting (*slow_recovery*).

    Waiting is what was let in and neither answered nor said to have failed. Where fewer than `below` ever waited, the queue was drained at
    once. O(n log n). Source: recovery time.
    """
    verdict = Verdict("the queue drains in time", exercised=len(history.journal.sends))
    if verdict.exercised:
        last = history.journal.sends[-1]
        times, ends = history.events.times, list[float]()
        for door in history.doors.values():
            entered = bulk.negated(bytes(door.attempts.repeated))
            gone = bulk.chosen(bulk.least(door.attempts.left, door.attempts.refused), entered)
            ends += [math.inf if position == NEVER else times[position] for position in gone]
        ends.sort(reverse=True)
        took = max(0.0, ends[below - 1] - last.time) if len(ends) >= below else 0.0
        if took < math.inf:
            verdict.measured("drained", took * 1000, "ms", verdict.exercised)
        if took > limit:
            until = "at the end of the test" if took == math.inf else f"{took:.1f} s after the last sending"
            verdict.violated(
                Code.SLOW_RECOVERY, f"{wording.counted(below, 'message')} or more still waited {until}, where fewer have to after {limit:g} s", last
            )
    return verdict.concluded()


def nothing_refused(history: History, otherwise: Code = Code.SLOW_RECOVERY) -> Verdict:
    """Every message that was sent is let in: behind an overload there is a place for each again (`otherwise`: *slow_recovery*). O(n)."""
    verdict = Verdict("nothing is refused", exercised=len(history.journal.sends))
    for refused in history.events.of(Kind.REFUSED):
        why = (refused.details or {}).get("reason", "no reason given")
        verdict.violated(otherwise, f"{wording.owner(refused)}'s message {refused.message_id} was refused {wording.at(history, refused)}: {why}", refused)
    return verdict.concluded()


def _quiet(history: History, longest: float) -> Iterator[tuple[Event | None, Event]]:
    """The stretches without an outcome that are longer than allowed: the event they follow and the one that ends them."""
    events = history.events
    marks = array("I", [0, *events.positions(*MARKS), len(events) - 1]) if events else array("I")
    times = bulk.taken(events.times, marks)
    waits = bulk.difference(times[1:], times[:-1])
    for place in bulk.places(bulk.less(array("d", [longest]) * len(waits), waits)):
        end = events[marks[place + 1]]
        if end.kind is not Kind.FAULT or place + 2 == len(marks):
            yield events[marks[place]] if place else None, end


def _waits(history: History) -> tuple[list[Event], list[Event]]:
    """The events at which messages began to wait, and those at which they ceased to, each in journal order."""
    began: list[Event] = []
    ended: list[Event] = []
    for message in history.messages:
        waiting = False
        reply = message.reply
        for event in message.events:
            if event.kind is Kind.SEND:
                if not waiting and (reply is None or event.index < reply.index):
                    waiting = True
                    began.append(event)
            elif waiting and event.kind in SETTLES and (reply is None or event.index >= reply.index or event.kind is not Kind.DUPLICATE):
                waiting = False
                ended.append(event)
    return sorted(began), sorted(ended)


def _first_after(began: list[Event], before: Event | None) -> Event | None:
    position = bisect_right(began, before) if before is not None else 0
    return began[position] if position < len(began) else None
