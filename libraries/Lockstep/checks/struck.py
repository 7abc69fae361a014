"""A fault that a test rests on did happen, while something was under way that it could harm."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import zip_longest
from typing import NamedTuple

from . import bulk, wording
from .events import Event, Kind
from .history import History
from .progress import SETTLES
from .verdict import Verdict
from .violations import Code

AT_THE_DOOR = frozenset({"refuse", "hang"})
"""These meet a client that is not in yet, and has nothing under way."""


def faults(history: History, *states: str) -> list[Event]:
    """What happened to faults: planned, done, ended. Who says none is done.

    Only what is done is an event FAULT, since that excuses what follows on its connection; the other two are marks.
    """
    told = history.events.of(Kind.FAULT, Kind.MARK) if set(states) - {"done"} else history.events.of(Kind.FAULT)
    default = {Kind.FAULT: "done"}
    return [event for event in told if (event.details or {}).get("state", default.get(event.kind)) in states]


def kind_of(fault: Event) -> str:
    """Which fault of the catalogue it is."""
    return str((fault.details or {}).get("fault"))


def faults_struck(history: History, kinds: Collection[str] = (), *, least: int = 2, in_flight: bool = False) -> Verdict:
    """Every fault that was planned took effect, and of each of these kinds as many as claimed (*fault_not_confirmed*).

    `kinds` are claimed with `least` faults each. `in_flight` claims as well that each that struck an open connection (where kinds are named:
    each of these) met at least one message that was sent and had no answer yet; one that lasts may strike while nothing but a ping passes,
    or a further connection on which nothing is said yet, and meets what is sent until it ends.
    O(n log n). Source: reachability assertions.
    """
    verdict = Verdict("every fault has struck")
    planned, done = faults(history, "planned"), faults(history, "done")
    struck = Counter(_identity(fault) for fault in done)
    verdict.exercised = len(planned) + len(kinds) or len(done)
    for fault in planned:
        due, found = (fault.details or {}).get("times", 1), struck[_identity(fault)]
        if found < due:
            often = f" {wording.counted(due, 'time')}, but did {found}" if due > 1 else ", and never did"
            verdict.violated(Code.FAULT_NOT_CONFIRMED, f"{_named(fault)}, planned {wording.at(history, fault)}, should have struck{often}", fault)
    of_kind = Counter(kind_of(fault) for fault in done)
    for kind in kinds:
        if of_kind[kind] < least:
            verdict.violated(Code.FAULT_NOT_CONFIRMED, f"{kind} should have struck {wording.counted(least, 'time')}, but did {of_kind[kind]}")
    on_open = [fault for fault in done if kind_of(fault) not in AT_THE_DOOR]
    ends = {_identity(mark): mark for mark in faults(history, "ended")}
    under_way = in_flight_at(history, on_open, [ends.get(_identity(fault)) for fault in on_open])
    met: dict[tuple[str, object], int] = {}
    for fault, count in zip(on_open, under_way, strict=True):
        met[_identity(fault)] = met.get(_identity(fault), 0) + count
    first = {_identity(fault): fault for fault in reversed(on_open)}
    for one, count in met.items() if in_flight else ():
        fault = first[one]
        if not count and (not kinds or kind_of(fault) in kinds):
            verdict.violated(Code.FAULT_NOT_CONFIRMED, f"{_named(fault)} struck {wording.at(history, fault)}, when nothing was under way", fault)
    verdict.measured("faults_struck", len(done), "faults", verdict.exercised)
    verdict.measured("faults_in_flight", sum(map(bool, under_way)), "faults", verdict.exercised)
    return verdict.concluded()


def _identity(fault: Event) -> tuple[str, object]:
    """What a plan and its strikes have in common."""
    return fault.client, (fault.details or {}).get("number", kind_of(fault))


def _named(fault: Event) -> str:
    return f"{kind_of(fault)} on the way of {fault.client}" if fault.client else kind_of(fault)


def in_flight_at(history: History, moments: Sequence[Event], ends: Sequence[Event | None] = ()) -> list[int]:
    """For each moment how many messages of its client were sent and not answered yet; of all clients where it has none of its own.

    With `ends`: and how many were sent from there until that event, where it is one.
    """
    if not moments:
        return []
    clients = [source.client for source in history.events.names.sources]
    spans = [_Spans(*found, (history.events.grouped(found[0], clients), history.events.grouped(found[1], clients))) for found in (_usual(history), _unusual(history))]
    known = {client for one in spans for client in one.of[0]}
    found = []
    for moment, end in zip_longest(moments, ends):
        position, client = history.events.position(moment), moment.client if moment.client in known else None
        last = history.events.position(end) if end is not None else position
        found.append(sum(one.open_at(position, client) + one.begun(position, last, client) for one in spans))
    return found


class _Spans(NamedTuple):
    """The positions at which messages began to be under way, and those at which they ceased to, ascending."""

    began: array[int]
    ended: array[int]
    of: tuple[Mapping[str, array[int]], Mapping[str, array[int]]]
    """The same by client."""

    def open_at(self, position: int, client: str | None) -> int:
        """How many are under way at a position."""
        began, ended = (self.began, self.ended) if client is None else (found.get(client, ()) for found in self.of)
        return bisect_left(began, position) - bisect_left(ended, position)

    def begun(self, first: int, last: int, client: str | None) -> int:
        """How many began to be under way from one position to another behind it."""
        began = self.began if client is None else self.of[0].get(client, ())
        return max(0, bisect_left(began, last) - bisect_left(began, first))


def _usual(history: History) -> tuple[array[int], array[int]]:
    """Of the messages of which no more is known than a sending, an acceptance and a reply."""
    events, journal = history.events, history.journal
    usual = bytearray(b"\1" * len(events.names.message_ids))
    for number in journal.further:
        usual[number] = 0
    began, ended = (
        bulk.chosen(picked.positions, bytes(bulk.taken(usual, bulk.taken(events.messages, picked.positions)))) for picked in (journal.sends, journal.replies)
    )
    return began, ended


def _unusual(history: History) -> tuple[array[int], array[int]]:
    """Of all others."""
    began, ended = array("I"), array("I")
    for message in history.journal.unusual():
        waiting = False
        for event in message.events:
            if (event.kind is Kind.SEND) != waiting and (event.kind is Kind.SEND or event.kind in SETTLES):
                (ended if waiting else began).append(history.events.position(event))
                waiting = not waiting
    return array("I", sorted(began)), array("I", sorted(ended))
