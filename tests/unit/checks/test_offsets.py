"""Offsets: each check against its oracle."""

from __future__ import annotations

from hypothesis import strategies as st
from random_histories import against_oracle, choices, codes, expect

from Lockstep.checks import Event, History, Kind
from Lockstep.checks.offsets import offsets_agree, offsets_without_gap

READY = (None, {"session": "s", "epoch": 1, "offset": 0}, {"session": "s"}, {"epoch": 2, "offset": 3})
SAID = (None, None, None, {"session": "s"}, {"epoch": 2}, {"other": 1})


@st.composite
def numbered(draw: st.DrawFn) -> History:
    """Events of two connections, numbered mostly in order; some name their session and epoch themselves."""
    count, made = draw(choices(1, 10, 10))
    events: list[Event] = []
    due = {1: 1, 2: 1}
    for index in range(count):
        connection = made.pick(1, 2)
        if made.pick(*(False,) * 5, True):
            events.append(Event(index, 0.0, Kind.CONNECTED, "c", connection, "alice", offset=0, details=made.pick(*READY)))
            continue
        if made.pick(*(False,) * 7, True):
            asked = made.pick(None, {"session": "s", "epoch": made.pick(1, 1, 2), "offset": made.pick(0, 0, 1, 2, None)})
            events.append(Event(index, 0.0, Kind.CONNECT, "c", connection, "alice", details=asked))
            continue
        offset = made.pick(None, *[due[connection] + step for step in (0, 0, 0, 0, 0, 0, 0, 0, 1, -1, -2)])
        details, digest = made.pick(*SAID), made.pick(*"xxxy")
        events.append(Event(index, 0.0, Kind.OTHER, "c", connection, "alice", offset=offset, digest=digest, details=details))
        due[connection] += 1
    return History(events)


def streams(history: History) -> list[tuple[tuple[object, object], Event]]:
    """Each numbered event with its session and epoch."""
    found = []
    for event in history.events:
        connected = [e.details or {} for e in history.events if e.kind is Kind.CONNECTED and e.connection == event.connection][-1:]
        said = {**(connected[0] if connected else {}), **(event.details or {})}
        found.append(((said.get("session", event.connection), said.get("epoch")), event))
    return found


@against_oracle(numbered())
def test_each_offset_is_one_more_than_the_highest_before(history: History) -> None:
    every = streams(history)
    found = []
    pushes = [(stream, e) for stream, e in every if e.kind is Kind.OTHER and e.offset is not None]
    connects = [(e.connection, e.details) for e in history.events if e.kind is Kind.CONNECT and (e.details or {}).get("offset") is not None]
    asked = {(connection, (said["session"], said["epoch"])): said["offset"] for connection, said in connects}
    for position, (stream, event) in enumerate(pushes):
        # the last CONNECTED of each connection counts, in order of the connections' first one
        last_ready = {e.connection: e for s, e in every if e.kind is Kind.CONNECTED}
        told = [e for e in last_ready.values() if "offset" in (e.details or {}) and streams_of(every, e) == stream][:1]
        due = due_at(pushes, position, told, asked)
        if event.offset != due:
            found.append("gap" if event.offset > due else "duplicated")
    verdict = offsets_without_gap(history)
    assert (verdict.exercised, codes(verdict)) == (len(pushes), expect(*found))


def due_at(pushes: list, position: int, told: list, asked: dict) -> int:
    """The offset that is due; where some connection asked to resume, each of the stream's connections counts for itself."""
    stream, event = pushes[position]
    alone = any(s == stream for _, s in asked)
    before = [e for s, e in pushes[: position + 1] if s == stream and (not alone or e.connection == event.connection)]
    first = before[0]
    told = [e for e in told if e.index < first.index and (not alone or e.connection == first.connection)]
    start = told[0].details["offset"] if told else first.offset - 1
    return max([asked.get((first.connection, stream), start), *(e.offset for e in before[:-1])]) + 1


def streams_of(every: list, event: Event) -> object:
    return next(stream for stream, e in every if e is event)


@against_oracle(numbered())
def test_one_offset_carries_one_content(history: History) -> None:
    pushes = [(stream, e) for stream, e in streams(history) if e.kind is Kind.OTHER and e.offset is not None]
    found = []
    for position, (stream, event) in enumerate(pushes):
        same = [e for s, e in pushes[:position] if (s, e.offset) == (stream, event.offset)]
        found += ["disagreement" for first in same[:1] if first.digest != event.digest]
    verdict = offsets_agree(history)
    assert (verdict.exercised, codes(verdict)) == (len(pushes), expect(*found))

