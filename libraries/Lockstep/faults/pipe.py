"""One direction of a connection: reads, lets faults have their way, writes. It reads no more before what it has is written (or lost)."""

from __future__ import annotations

import asyncio
import random
import socket
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING

from .catalogue import Direction
from .frames import Piece, Scanner
from .injection import PLAIN, Injection, Shape
from .sockets import CHUNK
from .triggers import Trigger

if TYPE_CHECKING:
    from .link import Link

MOST_UNDER_WAY = 4 * 1024 * 1024
"""Bytes that wait for their time under latency; more are not read before."""
PORTION = 0.02
"""s; under a bandwidth so much is written at once."""


class Pipe:
    """Used by the loop thread only; ``bytes`` and ``frames`` are what has passed."""

    def __init__(self, link: Link, direction: Direction, source: socket.socket, sink: socket.socket, dice: random.Random) -> None:
        self.direction = direction
        self.scanner = Scanner()
        self.bytes = self.frames = 0
        self.lost = False
        """Something that was sent never arrived: this direction cannot go on as if nothing had happened."""
        self._link, self._source, self._sink, self._dice = link, source, sink, dice
        self._loop = asyncio.get_running_loop()
        self._armed: list[tuple[Injection, Trigger]] = []
        self._flips: list[Injection] = []
        self._shape = PLAIN
        self._acting: list[Injection] = []
        self._reshaped = asyncio.Event()
        self._line = _Line(self._emit)
        self._has_line = False
        self._free = 0.0
        self._window = 0.0

    # what faults may do

    def arm(self, injection: Injection, trigger: Trigger) -> None:
        """From the next piece on this trigger looks for its place."""
        self._armed.append((injection, trigger))

    def disarm(self, injection: Injection) -> None:
        """It is looked for no more."""
        self._armed = [armed for armed in self._armed if armed[0] is not injection]

    def flip(self, injection: Injection) -> None:
        """Changes one bit of the next byte."""
        self._flips.append(injection)

    def shape(self, injections: list[Injection]) -> None:
        """These lasting faults are in force from now on."""
        self._acting = [one for one in injections if one.works(self.direction)]
        self._shape = Shape.of(self._acting)
        self._reshaped.set()

    # the way of the bytes

    async def run(self) -> None:
        """Until the source ends, the sink is gone, or the link is over."""
        try:
            while not self._link.over:
                data = await self._received()
                await self._while_stopped()
                if not data:
                    await self._line.drained()
                    self._end(broken=data is None)
                    break
                await self._take(data)
        except OSError:  # the sink is gone; what the other direction reads from there says how
            pass
        finally:
            self._link.pipe_ended()

    async def _received(self) -> bytes | None:
        """What came; empty at the end of the stream, None where it was broken off."""
        try:
            return await self._loop.sock_recv(self._source, CHUNK)
        except OSError:
            return None

    def _end(self, *, broken: bool) -> None:
        if self._shape.swallows:
            self._lose()
        else:
            self._link.source_ended(self._sink, broken=broken)

    async def _while_stopped(self) -> None:
        while self._shape.stopped and not self._link.over:
            self._confirm()
            self._reshaped.clear()
            await self._reshaped.wait()

    async def _take(self, data: bytes) -> None:
        if not self._armed:
            self.scanner.skip(data)
            self.frames = self.scanner.frames
            await self._pass(data)
            return
        passed = 0
        for piece in self.scanner.feed(data):
            ends = piece.last and piece.frame is not None and piece.frame.has_data
            for place, injection in self._hits(piece, data):
                if ends and place == piece.end:
                    self.frames, ends = self.frames + 1, False
                await self._pass(data[passed:place])
                passed = place
                await self._line.drained()
                if not self._link.may_strike(injection):
                    continue  # what was under way when its place came has been answered while that was passed on
                self._link.strike(injection, self)
                if self._link.over:
                    return
            self.frames += ends
        await self._pass(data[passed:])

    def _hits(self, piece: Piece, data: bytes) -> list[tuple[int, Injection]]:
        """Which faults strike within this piece and where, in the order of their places."""
        places = [(trigger.within(piece, data), injection) for injection, trigger in self._armed]
        return sorted(((place, injection) for place, injection in places if place is not None), key=lambda hit: hit[0])

    async def _pass(self, data: bytes) -> None:
        if not data:
            return
        if self._acting:
            await self._while_stopped()
            self._confirm()
        if self._flips:
            data = self._flipped(data)
        self.bytes += len(data)
        shape = self._shape
        if shape.swallows or self.lost:  # TCP knows no holes: behind what was lost nothing passes, also when the fault has just ended
            self._lose()
        elif shape.is_late or self._line.waiting:
            if not self._has_line:
                self._has_line = True
                self._link.spawn(self._line.run())
            await self._line.put(self._due(shape), data)
        else:
            await self._emit(data)

    def _due(self, shape: Shape) -> float:
        """When these bytes may leave, at the earliest; those before them leave first in any case."""
        now = monotonic()
        if shape.hold and now >= self._window:
            self._window = now + shape.hold
        return max(now, self._window if shape.hold else 0.0) + shape.delay + self._dice.uniform(0, shape.jitter)

    async def _emit(self, data: bytes) -> None:
        """Writes, in as many pieces and as slowly as it must."""
        while data and (shape := self._shape) is not PLAIN and (shape.rate or shape.size):
            size = min(shape.size or len(data), max(1, int(shape.rate * PORTION)) if shape.rate else len(data))
            if shape.rate:
                now = monotonic()
                self._free = max(now, self._free) + size / shape.rate
                await asyncio.sleep(self._free - now)
            await self._loop.sock_sendall(self._sink, data[:size])
            await asyncio.sleep(shape.gap)
            data = data[size:]
        if data:
            await self._loop.sock_sendall(self._sink, data)

    def _flipped(self, data: bytes) -> bytes:
        for injection in self._flips:
            data = bytes((data[0] ^ 1 << self._dice.randrange(8), *data[1:]))
            self._link.struck(injection, self)
        self._flips.clear()
        return data

    def _lose(self) -> None:
        self._confirm()
        self.lost = True

    def _confirm(self) -> None:
        for injection in self._acting:
            self._link.confirm(injection, self)


class _Line:
    """Bytes that wait for their time, in order, and only so many."""

    def __init__(self, emit: Callable[[bytes], Awaitable[None]]) -> None:
        self._emit = emit
        self._chunks: deque[tuple[float, bytes]] = deque()
        self._changed = asyncio.Condition()
        self.waiting = 0

    async def put(self, due: float, data: bytes) -> None:
        """Adds bytes; waits while too many are under way."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.waiting < MOST_UNDER_WAY)
            self._chunks.append((due, data))
            self.waiting += len(data)
            self._changed.notify_all()

    async def drained(self) -> None:
        """Waits until nothing waits any more."""
        if self.waiting:
            async with self._changed:
                await self._changed.wait_for(lambda: not self.waiting)

    async def run(self) -> None:
        """Lets bytes go when they are due; what is due at the same instant goes together."""
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: self._chunks)
            due = self._chunks[0][0]
            await asyncio.sleep(max(0.0, due - monotonic()))
            together = []
            while self._chunks and self._chunks[0][0] == due:
                together.append(self._chunks.popleft()[1])
            data = b"".join(together)
            with suppress(OSError):  # the sink is gone: what is under way is lost with it
                await self._emit(data)
            async with self._changed:
                self.waiting -= len(data)
                self._changed.notify_all()
