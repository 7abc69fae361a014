"""The server's own numbering of what it sends has no hole and no contradiction."""

from __future__ import annotations

from . import wording
from .events import Event
from .history import History, Stream
from .verdict import Verdict
from .violations import Code


def offsets_without_gap(history: History) -> Verdict:
    """Within session and epoch each offset is one more than the last: forward is a *gap*, backward is *duplicated*.

    The first offset follows what the connection was told when it became ready, or stands where that is unknown.
    Events without an offset are skipped. O(n). Source: poll-skip and nonmonotonic poll of Jepsen's kafka checker.
    """
    verdict = Verdict("offsets without gap")
    gaps = backward = 0
    starts = _starts(history)
    for stream, events in history.streams.items():
        verdict.exercised += len(events)
        told_at, last = starts.get(stream, (-1, -1))
        if told_at < 0 or told_at > events[0].index:
            last = (events[0].offset or 0) - 1
        if stream in history.rising and events[0].offset == last + 1 and events[-1].offset == last + len(events):
            continue
        before: Event | None = None
        for event in events:
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


def _starts(history: History) -> dict[Stream, tuple[int, int]]:
    """For each stream, when its first connection became ready (journal index) and the offset it had reached by then."""
    starts: dict[Stream, tuple[int, int]] = {}
    for connected in history.journal.connected.values():
        offset = (connected.details or {}).get("offset")
        if offset is not None:
            starts.setdefault(history.stream(connected), (connected.index, offset))
    return starts


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
