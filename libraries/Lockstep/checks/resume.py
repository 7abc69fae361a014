"""Whoever comes back to a session gets all that was missed, once and in order, or is told that it is lost."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from functools import cached_property

from . import bulk, wording
from .events import Event, Kind
from .history import History, Stream
from .reconnections import Reconnection
from .snapshots import whole
from .verdict import Verdict
from .violations import Code


def resumes_are_sound(history: History) -> Verdict:
    """What is said of a resume is true (*unsound_resume*), and nothing is missing without a word (*gap*).

    "Recovered" is: the same session and epoch, and everything after the offset that was asked for arrives once and in order, to the
    head that was told. "Not recovered" is allowed, with a reason and an epoch that was never there before, and nothing of the old one
    arrives. Where the target says neither, the numbers go on, or another session or epoch shows that they do not. What a connection
    that ended could not bring any more is not missing. O(n). Source: resume soundness of Centrifugo and Socket.IO.
    """
    verdict = Verdict("resumes are sound")
    resumes = [_Resume(history, one, one.connected) for one in history.reconnections if one.asked and one.connected]
    ended = {event.connection for event in history.events.of(Kind.CLOSE)}
    begun = _beginnings(history)
    recovered = replayed = 0
    for resume in resumes:
        verdict.exercised += 1
        told, code = resume.told.get("recovered"), Code.UNSOUND_RESUME
        if told is True:
            recovered += 1
            replayed += resume.replayed
            said, wrong = "all of it was recovered", resume.elsewhere or resume.misnumbered(to_head=resume.connection not in ended)
        elif told is False:
            said, wrong = "it was not recovered", resume.wrong_beginning(begun)
        else:
            said, code, wrong = "nothing of a loss", Code.GAP, "" if resume.elsewhere else resume.missing(to_head=False)
        if wrong:
            verdict.violated(code, f"{resume.who} and was told {said}, but {wrong}", *resume.evidence)
    verdict.measured("resumes_recovered", recovered, "sessions", verdict.exercised)
    verdict.measured("replayed", replayed, "messages", verdict.exercised)
    return verdict.concluded()


def _beginnings(history: History) -> Mapping[Stream, int]:
    """Session and epoch -> index of the first greeting that told of them."""
    begun: dict[Stream, int] = {}
    for greeting in history.events.of(Kind.CONNECTED):
        begun.setdefault(history.stream(greeting), greeting.index)
    return begun


class _Resume:
    """One answered resume, and what arrived behind it."""

    def __init__(self, history: History, tried: Reconnection, greeting: Event) -> None:
        self._history, self._invoke, self._greeting = history, tried.tries[-1], greeting
        self.told, self.connection = tried.told, greeting.connection
        self._old = Stream(str(tried.asked["session"]), tried.asked.get("epoch"))
        self._now = history.stream(greeting)
        self._start = whole(tried.asked.get("offset"))
        self._head = whole(self.told.get("head"))

    @property
    def who(self) -> str:
        """Who came back where, when, and having what."""
        having = f" having offset {self._start}" if self._start is not None else ""
        return f"{wording.owner(self._greeting)} came back to {_named(self._old)} {wording.at(self._history, self._invoke)}{having}"

    @property
    def evidence(self) -> tuple[Event, ...]:
        """The question, the greeting and the first numbered event behind it."""
        came = self._arrived(self._now) or self._arrived(self._old)
        return self._invoke, self._greeting, *self._history.events.at(came[:1])

    @property
    def elsewhere(self) -> str:
        """Where the client is instead, if it is not where it wanted to be."""
        session, epoch = self.told.get("session"), self.told.get("epoch")
        moved = session is not None and str(session) != self._old.session
        other = None not in (epoch, self._old.epoch) and epoch != self._old.epoch
        return f"it was {_named(self._now)}" if moved or other else ""

    @property
    def replayed(self) -> int:
        """How many of what it had missed arrived."""
        return sum(offset <= (self._head or 0) for offset in self._offsets)

    def misnumbered(self, *, to_head: bool) -> str:
        """Which numbers are missing or out of place; the head must be reached only if the connection lived to see it."""
        return " and ".join(filter(None, (self.missing(to_head=to_head), self._misplaced())))

    def missing(self, *, to_head: bool) -> str:
        """Which numbers never came, up to the highest that did."""
        if self._start is None:
            return ""
        holes = _holes(self._offsets, self._start, (self._head or 0) if to_head else 0)
        ranges = [str(first) if first == last else f"{first} to {last}" for first, last in holes]
        return f"offset {wording.listed(ranges)} never came" if ranges else ""

    def _misplaced(self) -> str:
        """The first number that does not rise."""
        highest, offsets = self._start, self._offsets
        if highest is None or not offsets or (offsets[0] > highest and bulk.rises(offsets)):
            return ""
        before = [highest, *offsets]
        place = next(place for place, offset in enumerate(offsets) if offset <= before[place])
        event = self._history.events[self._arrived(self._now)[place]]
        return f"offset {event.offset} came {wording.at(self._history, event)}, when {before[place]} had been there"

    def wrong_beginning(self, begun: Mapping[Stream, int]) -> str:
        """What is wrong with a new beginning: unexplained, in an epoch that was there before, or mixed with the old one."""
        wrong = []
        if not self.told.get("reason"):
            wrong.append("not why")
        if self._now.epoch is not None and (self._now == self._old or begun[self._now] < self._greeting.index):
            wrong.append(f"it was {_named(self._now)}, whose numbers had begun before")
        elif old := self._arrived(self._old):
            event = self._history.events[old[0]]
            wrong.append(f"{wording.counted(len(old), 'message')} of that epoch came, first offset {event.offset} {wording.at(self._history, event)}")
        return " and ".join(wrong)

    def _arrived(self, stream: Stream) -> array[int]:
        return self._history.arrivals.get((self.connection, stream), array("I"))

    @cached_property
    def _offsets(self) -> array[int]:
        offsets: array[int] = bulk.taken(self._history.events.offsets, self._arrived(self._now))
        return offsets


def _holes(offsets: array[int], start: int, head: int) -> list[tuple[int, int]]:
    """Which numbers behind the start are missing, as ranges."""
    holes, due = list[tuple[int, int]](), start + 1
    if bulk.rises(offsets) and offsets[:1] == array("q", [due]) and offsets[-1] == start + len(offsets):
        due, offsets = offsets[-1] + 1, array("q")
    for offset in (*sorted(set(offsets)), head + 1):
        if offset > due:
            holes.append((due, offset - 1))
        due = max(due, offset + 1)
    return holes


def _named(stream: Stream) -> str:
    return f"session {stream.session}" + (f", epoch {stream.epoch}" if stream.epoch is not None else "")

