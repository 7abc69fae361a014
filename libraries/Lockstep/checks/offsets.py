"""The server's own numbering of what it sends has no hole and no contradiction."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

from . import bulk, wording
from .events import Event, Kind
from .history import History, Stream
from .verdict import Verdict
from .violations import Code


def offsets_without_gap(history: History) -> Verdict:
    """Within session and epoch each offset is one more than the last: forward is a *gap*, backward is *duplicated*.

    The first offset follows what the connection was told when it became ready, or stands where that is unknown. Where a connection
    asked to resume, each one counts for itself: it goes on from the offset it asked for, while the one before may still bring what
    was under way. Events without an offset are skipped. O(n). Source: poll-skip and nonmonotonic poll of Jepsen's kafka checker.
    """
    verdict = Verdict("offsets without gap")
    gaps = backward = 0
    offsets = history.events.offsets
    for stream, positions, follows in _runs(history):
        verdict.exercised += len(positions)
        last = follows
        if offsets[positions[0]] == last + 1 and offsets[positions[-1]] == last + len(positions) and bulk.rises(bulk.taken(offsets, positions)):
            continue
        before: Event | None = None
        for event in history.events.at(positions):
            offset = event.offset or 0
            if offset == last + 1:
                last = offset
                before = event
                continue
            where = f"{wording.owner(event)}'s session {stream.session}" + (f", epoch {stream.epoch}" if stream.epoch is not None else "")
            came = f"offset {offset} came {wording.at(history, event)} where {last + 1} was due"
            if offset > last:
                gaps += offset - last - 1
                verdict.violated(Code.GAP, f"{where}: {came}, {offset - last - 1} missing", event, before)
                last = offset
                before = event
            else:
                backward += 1
                verdict.violated(Code.DUPLICATED, f"{where}: {came}, it had passed already", event, before)
    verdict.measured("offset_gaps", gaps, "messages", verdict.exercised)
    verdict.measured("offsets_backward", backward, "messages", verdict.exercised)
    return verdict.concluded()


def _runs(history: History) -> Iterator[tuple[Stream, array[int], int]]:
    """The positions of numbered events that follow each other without a hole, and the offset that they follow."""
    events, greetings, asked = history.events, _greetings(history), _asked(history)
    resumed = {stream for _, stream in asked}
    runs = [(stream, picked.positions) for stream, picked in history.streams.items() if stream not in resumed]
    runs += [(stream, mine) for (_, stream), mine in history.arrivals.items() if stream in resumed]
    for stream, positions in runs:
        told, connection = greetings.get(stream), events.names.sources[events.sources[positions[0]]].connection
        follows = events.offsets[positions[0]] - 1
        if told is not None and told.index < events.indexes[positions[0]] and (stream not in resumed or told.connection == connection):
            follows = (told.details or {})["offset"]
        yield stream, positions, asked.get((connection, stream), follows)


def _greetings(history: History) -> dict[Stream, Event]:
    """For each stream the first greeting that says which offset it had reached by then."""
    greetings: dict[Stream, Event] = {}
    for connected in history.journal.connected.values():
        if (connected.details or {}).get("offset") is not None:
            greetings.setdefault(history.stream(connected), connected)
    return greetings


def _asked(history: History) -> dict[tuple[int, Stream], int]:
    """Connection and stream -> the offset from which it asked to go on, where it asked for one of that stream."""
    invokes = ((connect.connection, connect.details or {}) for connect in history.events.of(Kind.CONNECT))
    return {
        (connection, Stream(str(said["session"]), said.get("epoch"))): said["offset"]
        for connection, said in invokes if said.get("session") is not None and isinstance(said.get("offset"), int)
    }


def offsets_agree(history: History) -> Verdict:
    """One session, epoch and offset always carries the same content (*disagreement*).

    Counts every numbered event; those that were seen again are the measurement offsets_seen_again.
    O(n). Source: inconsistent-offsets of Jepsen's kafka checker.
    """
    verdict = Verdict("offsets agree")
    again = 0
    for stream, events in history.streams.items():
        verdict.exercised += len(events)
        if stream in history.rising:
            continue
        first: dict[int | None, Event] = {}
        for event in events:
            seen = first.setdefault(event.offset, event)
            if seen is event:
                continue
            again += 1
            if _content(seen) != _content(event):
                verdict.violated(
                    Code.DISAGREEMENT,
                    f"{wording.owner(event)}'s session {stream.session}: offset {event.offset} was {_named(seen)} "
                    f"{wording.at(history, seen)} and {_named(event)} {wording.at(history, event)}",
                    seen, event,
                )
    verdict.measured("offsets_seen_again", again, "messages", verdict.exercised)
    return verdict.concluded()


def _content(event: Event) -> tuple[object, ...]:
    return event.kind, event.user, event.message_id, event.attempt, event.sequence_id, event.digest


def _named(event: Event) -> str:
    about = f" to {event.message_id}" if event.message_id is not None else ""
    return f"{event.kind}{about}" + (f" ({event.digest})" if event.digest is not None else "")
