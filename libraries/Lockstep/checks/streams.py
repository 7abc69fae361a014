"""Answers that come in chunks: each chunk once and in order, over however many connections, and one end behind the last."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from statistics import median

from . import wording
from .events import Event, Kind
from .history import History
from .verdict import Verdict
from .violations import Code

BEGINS, GOES_ON = "start_stream", "resume_stream"


def streams_complete(history: History, only: Collection[str] | None = None, *, loss_allowed: bool = False, at_least: int = 0) -> Verdict:
    """Every stream that was begun has come whole: chunks 0, 1, 2, … once each, and behind them exactly one end.

    On a new connection nothing comes before the client has said which chunk it wants, and then from that one on (*unsound_resume*);
    a chunk left out is a *gap*, one that nobody had asked for again *duplicated*, other bytes than before or than the end tells *corrupted*.
    An end that is missing, comes twice or too early, a stream that is refused, and a loss that is told, unless `loss_allowed` and at
    least so many bytes came, are *incomplete_stream*. `only`: ids of the streams that are meant. Measures stream_chunks,
    stream_chunks_lost and streams_completed. O(n).
    """
    verdict = Verdict("streams are complete")
    streams = [stream for stream in _streams(history, verdict) if only is None or stream.id in only]
    for stream in streams:
        verdict.exercised += 1
        stream.conclude(loss_allowed=loss_allowed, at_least=at_least)
    if only is not None:
        for missing in sorted(set(only) - {stream.id for stream in streams}):
            verdict.exercised += 1
            verdict.violated(Code.INCOMPLETE_STREAM, f"stream {missing} was begun, and nothing of it came")
    chunks, completed = sum(len(stream.chunks) for stream in streams), sum(stream.is_right for stream in streams)
    verdict.measured("stream_chunks", chunks, "chunks", verdict.exercised)
    verdict.measured("stream_chunks_lost", sum(stream.lost for stream in streams), "chunks", verdict.exercised)
    verdict.measured("streams_completed", 100 * completed / max(1, verdict.exercised), "%", verdict.exercised)
    return verdict.concluded()


def streams_stay_with_their_user(history: History) -> Verdict:
    """No frame of a stream reaches a client of another user than the one who asked for it (*leaked_to_other_user*). O(n)."""
    verdict = Verdict("streams stay with their user")
    asked: dict[str, Event] = {}
    for event in _answers(history, BEGINS):
        asked.setdefault(str(_fields(event).get("stream")), event)
    for event in history.events.of(Kind.CHUNK, Kind.STREAM_END, Kind.STREAM_LOST):
        verdict.exercised += 1
        owner = asked.get(event.message_id or "")
        if owner is not None and owner.user != event.user:
            told = f"{wording.owner(event)} got {_what(event)} of stream {event.message_id} {wording.at(history, event)}, which {wording.owner(owner)} had asked for"
            verdict.violated(Code.LEAKED_TO_OTHER_USER, told, event, owner)
    return verdict.concluded()


def streams_go_on_within(history: History, limit: float) -> Verdict:
    """From saying which chunk is wanted until the first frame of the stream it takes less than `limit` seconds, as the median
    (*slow_recovery*); a stream that does not go on before its connection ends counts for nothing. Measures stream_resume (ms). O(n).
    """
    verdict = Verdict("streams go on in time")
    waiting: dict[tuple[int, str], Event] = {}
    took: list[tuple[float, Event]] = []
    for event in history.events.of(Kind.QUERY, Kind.CHUNK, Kind.STREAM_END, Kind.STREAM_LOST):
        if event.kind is Kind.QUERY:
            said = event.details or {}
            if said.get("question") == GOES_ON:
                waiting[event.connection, str(said.get("stream"))] = event
        elif (asked := waiting.pop((event.connection, event.message_id or ""), None)) is not None:
            took.append((event.time - asked.time, asked))
    verdict.exercised = len(took)
    if took:
        middle = median(seconds for seconds, _ in took)
        verdict.measured("stream_resume", middle * 1000, "ms", len(took))
        if middle > limit:
            longest = max(took, key=lambda one: one[0])
            verdict.violated(
                Code.SLOW_RECOVERY,
                f"{wording.counted(len(took), 'stream')} went on after {middle * 1000:.0f} ms (median), where {limit * 1000:.0f} ms are allowed; the slowest "
                f"after {longest[0] * 1000:.0f} ms {wording.at(history, longest[1])}", longest[1],
            )  # fmt: skip
    return verdict.concluded()


@dataclass(slots=True)
class _Stream:
    """One stream, followed from frame to frame."""

    id: str
    history: History
    verdict: Verdict
    begun: Event | None = None
    chunks: dict[int, Event] = field(default_factory=dict)
    """The first arrival of each chunk."""
    due: int = 0
    """The chunk that has to come next."""
    connections: set[int] = field(default_factory=set)
    """On which it was begun or asked for."""
    asked: dict[int, Event] = field(default_factory=dict)
    """Connection -> the last question for it that nothing has followed yet."""
    ends: list[Event] = field(default_factory=list)
    at_end: bool = False
    """Its end has come, and nobody has asked for it since."""
    lost: int = 0
    refused: str = ""
    is_right: bool = True

    def take(self, event: Event) -> None:
        """The next event of this stream."""
        if event.kind is Kind.ANSWER:
            self.begun = self.begun or event
            self.connections.add(event.connection)
        elif event.kind is Kind.QUERY:
            self.asked[event.connection] = event
            self.connections.add(event.connection)
        elif event.kind is Kind.ERROR:
            self.refused = str((event.details or {}).get("reason", "without a reason"))
        else:
            self._came(event)

    def _came(self, event: Event) -> None:
        asked = self.asked.pop(event.connection, None)
        if event.connection not in self.connections and self.begun is not None:
            self._wrong(Code.UNSOUND_RESUME, f"{_what(event)} came on a new connection before the client had said what it wants", event, self.begun)
            self.connections.add(event.connection)
        if asked is not None:
            wanted = (asked.details or {}).get("index")
            if isinstance(wanted, int):
                self.due, self.at_end = wanted, False
        if event.kind is Kind.CHUNK:
            self._chunk(event, asked)
        elif event.kind is Kind.STREAM_LOST:
            self._loss(event)
        else:
            self._end(event, asked)

    def _chunk(self, event: Event, asked: Event | None) -> None:
        index, before = event.sequence_id if event.sequence_id is not None else -1, self.chunks.get(event.sequence_id or 0)
        if self.at_end:
            self._wrong(Code.INCOMPLETE_STREAM, f"chunk {index} came behind the end", event, *self.ends[-1:])
        elif index > self.due:
            missing = str(self.due) if index == self.due + 1 else f"{self.due} to {index - 1}"
            code, where = (Code.UNSOUND_RESUME, f"asked for chunk {self.due}, the client got {index}") if asked else (Code.GAP, f"behind {self.due - 1} came {index}")
            self._wrong(code, f"{where}: chunk {missing} is left out", event, asked)
        elif index < self.due:
            self._wrong(Code.DUPLICATED, f"chunk {index} came {'although ' if asked else 'again where '}{self.due} was {'asked for' if asked else 'due'}", event, asked or before)
        self.due = index + 1
        if before is None or index != before.sequence_id:
            self.chunks[index] = event
            self._position(event)
        elif before.digest != event.digest:
            self._wrong(Code.CORRUPTED, f"chunk {index} is another than it was before", event, before)

    def _position(self, event: Event) -> None:
        """A chunk begins where the one before it ends."""
        said, before = event.details or {}, self.chunks.get((event.sequence_id or 0) - 1)
        known = 0 if event.sequence_id == 0 else _after(before) if before is not None else None
        if known is not None and said.get("position") not in (None, known):
            self._wrong(Code.CORRUPTED, f"chunk {event.sequence_id} says that it begins at byte {said['position']}, but it is byte {known}", event, before)

    def _loss(self, event: Event) -> None:
        said = event.details or {}
        first, last = said.get("first"), said.get("last")
        if not (isinstance(first, int) and isinstance(last, int)) or first != self.due or last < first:
            self._wrong(Code.UNSOUND_RESUME, f"chunks {first} to {last} are said to be lost where {self.due} was due", event)
            return
        self.lost += last - first + 1
        self.due = last + 1

    def _end(self, event: Event, asked: Event | None) -> None:
        said, code = event.details or {}, Code.UNSOUND_RESUME if asked is not None else Code.INCOMPLETE_STREAM
        if self.at_end:
            self._wrong(Code.INCOMPLETE_STREAM, "its end came twice", event, *self.ends[-1:])
        elif said.get("chunks") not in (None, self.due):
            self._wrong(code, f"its end speaks of {wording.counted(said['chunks'], 'chunk')} and came where {self.due} was {'asked for' if asked else 'due'}", event, asked)
        self.ends.append(event)
        self.at_end = True
        if self.lost or not len(self.chunks) == self.due == said.get("chunks", self.due):
            return  # what is missing is told elsewhere
        if said.get("bytes") not in (None, self._size):
            self._wrong(Code.CORRUPTED, f"its end speaks of {said['bytes']} bytes, {self._size} came", event)
        elif event.digest is not None and said.get("whole") != event.digest:
            self._wrong(Code.CORRUPTED, f"what came has digest {said.get('whole')}, its end says {event.digest}", event)

    @property
    def _size(self) -> int:
        """Bytes that came."""
        return sum((chunk.details or {}).get("bytes", 0) for chunk in self.chunks.values())

    def conclude(self, *, loss_allowed: bool, at_least: int) -> None:
        """What can only be said when nothing more will come."""
        announced = _fields(self.begun).get("chunks") if self.begun is not None else None
        if not self.ends:
            of = f" of {announced}" if announced is not None else ""
            why = f"; it was refused to go on: {self.refused}" if self.refused else ""
            self._wrong(Code.INCOMPLETE_STREAM, f"{len(self.chunks)}{of} chunks came and no end{why}", *list(self.chunks.values())[-1:], self.begun)
        elif announced is not None and (told := (self.ends[0].details or {}).get("chunks")) not in (None, announced):
            self._wrong(Code.INCOMPLETE_STREAM, f"{announced} chunks were announced, its end speaks of {told}", self.ends[0], self.begun)
        if self.lost and not loss_allowed:
            self._wrong(Code.INCOMPLETE_STREAM, f"{wording.counted(self.lost, 'chunk')} of it were lost, as the server says", self.begun)
        elif self.lost and self._size < at_least:
            self._wrong(Code.INCOMPLETE_STREAM, f"{self._size} bytes of it came, at least {at_least} were to be kept", self.begun)

    def _wrong(self, code: Code, sentence: str, *evidence: Event | None) -> None:
        self.is_right = False
        seen = next((event for event in evidence if event is not None), None)
        when = f" {wording.at(self.history, seen)}" if seen is not None else ""
        owner = f"{wording.owner(seen)}'s " if seen is not None else ""
        self.verdict.violated(code, f"{owner}stream {self.id}{when}: {sentence}", *evidence)


def _streams(history: History, verdict: Verdict) -> Iterator[_Stream]:
    """All streams of a history, each with all its frames taken."""
    found: dict[str, _Stream] = {}
    questions: dict[tuple[int, str | None], str] = {}
    for event in history.events.of(Kind.QUERY, Kind.ANSWER, Kind.ERROR, Kind.CHUNK, Kind.STREAM_END, Kind.STREAM_LOST):
        said, name = event.details or {}, event.message_id
        if event.kind is Kind.QUERY:
            name = str(said["stream"]) if said.get("question") == GOES_ON and "stream" in said else None
            if name is not None:
                questions[event.connection, event.message_id] = name
        elif event.kind is Kind.ANSWER:
            name = str(_fields(event).get("stream")) if said.get("question") == BEGINS else None
        elif event.kind is Kind.ERROR:
            name = questions.get((event.connection, event.message_id))
        if name is not None:
            begins = event.kind in (Kind.ANSWER, Kind.CHUNK)
            if name in found or begins:
                found.setdefault(name, _Stream(name, history, verdict)).take(event)
    return iter(found.values())


def _answers(history: History, question: str) -> Iterator[Event]:
    return (event for event in history.events.of(Kind.ANSWER) if (event.details or {}).get("question") == question)


def _fields(event: Event) -> dict[str, object]:
    return ((event.details or {}).get("fields")) or {}


def _after(chunk: Event) -> int | None:
    """The byte behind a chunk."""
    said = chunk.details or {}
    position = said.get("position")
    return position + said.get("bytes", 0) if isinstance(position, int) else None


def _what(event: Event) -> str:
    if event.kind is Kind.CHUNK:
        return f"chunk {event.sequence_id}"
    return "the end" if event.kind is Kind.STREAM_END else "the loss"
