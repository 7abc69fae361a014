"""What a user is told, unasked, of the pressure on its queue: in time, rightly, and not more often than it changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import wording
from ..events import Event, Kind
from ..history import History
from ..verdict import Verdict
from ..violations import Code
from .attempts import FULL, reason

SAID = {True: "begins", False: "ends"}


def pressure_told(history: History, capacity: int, begins: float, ends: float) -> Verdict:
    """Pressure is told when it begins and when it ends, by turns, each at the promised share of the capacity.

    Nobody is refused for lack of room who was not told of pressure before (*no_backpressure*); each word names a depth at which it
    is due (*miscounted*) and differs from the one before it (*disagreement*); at rest, with the connection still open, the last word
    is that pressure has ended (*slow_recovery*). Words go to each connection of a user; where a user has several, a later one may
    have missed the first, so that only their turns and depths are judged. O(n). Source: hysteresis of a watermark.
    """
    verdict = Verdict("pressure is told")
    events = list(history.events.of(Kind.CONNECTED, Kind.SEND, Kind.REFUSED, Kind.PRESSURE, Kind.CLOSE))
    of_user: dict[str, set[int]] = {}
    for event in events:
        of_user.setdefault(event.user, set()).add(event.connection)
    last: dict[int, Event] = {}
    closed: set[int] = set()
    missed: set[int] = set()
    for event in events:
        alone = len(of_user[event.user]) == 1
        if event.kind is Kind.PRESSURE:
            verdict.exercised += 1
            _judge_word(history, verdict, event, last.get(event.connection), (capacity, begins, ends))
            last[event.connection] = event
        elif event.kind is Kind.REFUSED and reason(event) == FULL and alone:
            verdict.exercised += 1
            if not _active(last.get(event.connection)) and event.connection not in missed:
                missed.add(event.connection)
                verdict.violated(Code.NO_BACKPRESSURE, f"{wording.message(event)} was refused for lack of room {wording.at(history, event)}, "
                                 "and no word of pressure had come before", event)
        elif event.kind is Kind.CLOSE:
            closed.add(event.connection)
    for connection, word in last.items():
        if _active(word) and connection not in closed and len(of_user[word.user]) == 1:
            verdict.violated(Code.SLOW_RECOVERY, f"{wording.owner(word)} was told {wording.at(history, word)} that pressure begins, and never that it ends", word)
    return verdict.concluded()


def _judge_word(history: History, verdict: Verdict, word: Event, before: Event | None, promised: tuple[int, float, float]) -> None:
    capacity, begins, ends = promised
    details, active = _details(word), _active(word)
    told = f"{wording.owner(word)} was told {wording.at(history, word)} that pressure {SAID[active]}"
    if active == _active(before):
        verdict.violated(Code.DISAGREEMENT, f"{told}, which it had been told before" if before else f"{told}, but never that it began", word)
    depth = details.get("queue_depth")
    if isinstance(depth, int) and not (depth >= begins * capacity if active else depth <= ends * capacity):
        due = f"from {begins * capacity:g}" if active else f"up to {ends * capacity:g}"
        verdict.violated(Code.MISCOUNTED, f"{told} with {wording.counted(depth, 'waiting message')}, where that is due {due}", word)


def _active(word: Event | None) -> bool:
    return word is not None and _details(word).get("active") is True


def _details(word: Event) -> Mapping[str, Any]:
    return word.details or {}
