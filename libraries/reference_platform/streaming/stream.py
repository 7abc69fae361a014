"""A streamed answer: what its agent has written, what was sent of it, and what is kept for whoever comes back."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from .contents import Content, content

if TYPE_CHECKING:
    from reference_platform.connections.connection import Connection
    from reference_platform.sessions.session import Session


class Description(NamedTuple):
    """What is enough to write the same answer again."""

    kind: str
    size: int
    """Bytes; JSON is as long as its objects are."""
    objects: int
    chunk_bytes: int
    chunks_per_second: float | None
    """None: as fast as it is taken."""
    seed: int

    def content(self) -> Content:
        """The answer."""
        return content(self.kind, self.seed, size=self.size, objects=self.objects, chunk_bytes=self.chunk_bytes)


@dataclass(slots=True, eq=False)
class Stream:
    """Of one session. Chunks from ``first`` on are kept as they were written; those before it can only be made again."""

    id: str
    session: Session
    description: Description
    content: Content
    size: int
    chunks: int
    written: int = 0
    """So many chunks its agent has written."""
    sent: int = 0
    """The next chunk that is to be sent on its connection."""
    connection: Connection | None = None
    """Where it flows: the one on which it was begun or asked for last. None: nobody has asked yet."""
    kept: deque[bytes] = field(default_factory=deque)
    kept_bytes: int = 0
    first: int = 0
    """The number of the first chunk that is kept."""
    lost: list[tuple[int, int]] = field(default_factory=list)
    """First and last number of chunks that nobody can have any more, in order."""
    ended: float | None = None
    """Platform time at which its last frame was sent for the first time."""
    is_at_end: bool = False
    """Its last frame was sent on its present connection."""
    has_no_room: bool = False
    """Its agent waits until something of it is sent."""
    is_over: bool = False
    """Nothing of it stays in memory or store."""
    turn: int = 0
    """The number of its last turn among the streams of the platform."""
    writing: asyncio.Task[None] | None = None
    _sum: Any = field(default_factory=sha256)
    _summed: int = 0
    """So many chunks are in the sum."""

    @classmethod
    def of(cls, name: str, session: Session, description: Description) -> Stream:
        """A stream of which nothing is written yet."""
        made = description.content()
        return cls(name, session, description, made, made.size, -(-made.size // description.chunk_bytes))

    @property
    def has_more(self) -> bool:
        """There is something to be sent now."""
        return self.sent < self.written or (self.sent >= self.chunks and not self.is_at_end)

    @property
    def state(self) -> str:
        """``ended`` (its last frame was sent), ``flowing``, or ``waiting`` for its client."""
        if self.is_at_end:
            return "ended"
        return "flowing" if self.connection is not None else "waiting"

    @property
    def agent(self) -> str:
        """What its agent does: ``writes``, ``waits`` for room, or is ``done``."""
        if self.written == self.chunks:
            return "done"
        return "waits" if self.has_no_room else "writes"

    def position(self, index: int) -> int:
        """The byte at which a chunk begins: never in the middle of a character."""
        place = min(index * self.description.chunk_bytes, self.size)
        if 0 < place < self.size:
            around = self.content.between(place - 3, place + 1)
            while around[-1] & 0xC0 == 0x80:
                place, around = place - 1, around[:-1]
        return place

    def data(self, index: int) -> bytes:
        """A chunk, from what is kept or made again."""
        if self.first <= index < self.written:
            return self.kept[index - self.first]
        return self.content.between(self.position(index), self.position(index + 1))

    def write(self) -> None:
        """The agent writes the next chunk."""
        made = self.content.between(self.position(self.written), self.position(self.written + 1))
        self.kept.append(made)
        self.kept_bytes += len(made)
        self.written += 1
        if self._summed == self.written - 1:
            self.add_to_sum()

    def forget_first(self) -> None:
        """The oldest chunk is kept no more."""
        self.kept_bytes -= len(self.kept.popleft())
        self.first += 1

    def lose(self, index: int) -> None:
        """Nobody can have this chunk any more."""
        if self.lost and self.lost[-1][1] == index - 1:
            self.lost[-1] = self.lost[-1][0], index
        else:
            self.lost.append((index, index))

    def lost_at(self, index: int) -> int | None:
        """The last chunk of the loss in which this one lies, None if it is there."""
        return next((last for first, last in self.lost if first <= index <= last), None)

    @property
    def is_summed(self) -> bool:
        """Everything written is in the sum of the whole."""
        return self._summed >= self.written

    def add_to_sum(self, chunks: int = 1) -> None:
        """Takes more chunks into the sum, but none that is not written; from what is kept or made again."""
        for index in range(self._summed, min(self._summed + chunks, self.written)):
            self._sum.update(self.data(index))
            self._summed += 1

    def digest(self) -> str:
        """Of the whole, whatever was lost of it: first 16 hex digits of SHA-256."""
        self.add_to_sum(self.chunks)
        return str(self._sum.hexdigest()[:16])
