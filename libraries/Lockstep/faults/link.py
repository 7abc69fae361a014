"""One connection of a client through its gate to the server: two pipes, the faults that wait for them, and how it ends."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any

from . import sockets
from .catalogue import Direction, Fault
from .injection import Injection
from .pipe import Pipe
from .triggers import AfterBytes, Trigger

if TYPE_CHECKING:
    from .gate import Gate


class Link:
    """``number`` counts the connections at this gate from 1; ``connection`` is its number in the journal."""

    def __init__(self, gate: Gate, number: int, connection: int, client: socket.socket) -> None:
        self.number = number
        self.connection = connection
        self._gate = gate
        self._client = client
        self._server: socket.socket | None = None
        self._pipes: dict[Direction, Pipe] = {}
        self.is_dead = False
        """The network that it went over is gone, of which neither end has heard."""
        self.own: list[Injection] = []
        """Lasting faults that act on this connection alone."""
        self._confirmed: set[Injection] = set()
        self._timers: list[asyncio.TimerHandle] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._reading = 2
        self._ending: asyncio.Future[tuple[Fault, Direction] | None] = asyncio.get_running_loop().create_future()

    @property
    def over(self) -> bool:
        """Nothing passes any more, in either direction."""
        return self._ending.done()

    @property
    def is_open(self) -> bool:
        """Bytes can pass."""
        return bool(self._pipes) and not self.over and not self.is_dead

    @property
    def is_left(self) -> bool:
        """It is cut, and one end or both have not heard of it."""
        return self.over and (ending := self._ending.result()) is not None and ending[0] in {Fault.HALF_OPEN, Fault.BLACKHOLE}

    @property
    def is_opaque(self) -> bool:
        """Frames cannot be seen on it."""
        return any(pipe.scanner.is_opaque for pipe in self._pipes.values())

    # life

    async def run(self) -> None:
        """Connects to the server, lets bytes pass, and ends as it was told."""
        try:
            await self._gate.may_open(self)
            self._server = await self._gate.connected()
            sockets.prepare(self._server)
            await self._forward(self._server)
            await self._part(self._server)
        except OSError:  # nobody is there: the client's connection is reset, since it cannot be refused any more
            pass
        finally:
            for timer in self._timers:
                timer.cancel()
            sockets.reset(self._client)
            if self._server is not None:
                sockets.reset(self._server)

    async def _forward(self, server: socket.socket) -> None:
        for direction, source, sink in ((Direction.TO_SERVER, self._client, server), (Direction.TO_CLIENT, server, self._client)):
            self._pipes[direction] = Pipe(self, direction, source, sink, random.Random(f"{self._gate.seed}-{self.number}-{direction}"))  # noqa: S311 - repeatable
        self.reshape()
        self._gate.opened(self)
        try:
            for pipe in self._pipes.values():
                self.spawn(pipe.run())
            await self._ending
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks)

    async def _part(self, server: socket.socket) -> None:
        ending = self._ending.result()
        if ending is None:  # both ends have ended it themselves
            self._client.close()
            server.close()
            return
        how, direction = ending
        if how is Fault.CLOSE:
            await asyncio.gather(sockets.close(self._client), sockets.close(server))
        elif how is Fault.HALF_OPEN:
            silent, other = (server, self._client) if direction is Direction.TO_SERVER else (self._client, server)
            sockets.reset(other)
            await sockets.swallow(silent)
        elif how is Fault.BLACKHOLE:
            await asyncio.gather(sockets.swallow(self._client), sockets.swallow(server))

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Work that ends with this connection at the latest."""
        self._tasks.append(asyncio.ensure_future(work))

    # what pipes report

    def source_ended(self, sink: socket.socket, *, broken: bool) -> None:
        """One end has ended its stream, or broken it off: the other one sees the same."""
        if broken:
            self.end(Fault.RESET, Direction.BOTH)
        else:
            sockets.end_writing(sink)

    def pipe_ended(self) -> None:
        """One direction is done; with both of them the connection is."""
        self._reading -= 1
        if not self._reading and not self._ending.done():
            self._ending.set_result(None)

    def may_strike(self, injection: Injection) -> bool:
        """This is a moment at which it is to take effect."""
        return self._gate.may_strike(injection)

    def strike(self, injection: Injection, pipe: Pipe) -> None:
        """The moment of a fault has come."""
        self.disarm(injection)
        self._gate.strike(injection, self, pipe)

    def struck(self, injection: Injection, pipe: Pipe) -> None:
        """A fault has taken effect."""
        self._gate.struck(injection, self, pipe)

    def confirm(self, injection: Injection, pipe: Pipe) -> None:
        """A lasting fault acts on bytes of this connection; told once."""
        if injection not in self._confirmed:
            self._confirmed.add(injection)
            self._gate.struck(injection, self, pipe)

    def _about(self, injection: Injection) -> Pipe:
        return self._pipes[Direction.TO_CLIENT if injection.direction is Direction.BOTH else injection.direction]

    # what faults do

    def arm(self, injection: Injection) -> None:
        """The fault strikes here: at once, at its time, or where its trigger finds its place."""
        trigger = injection.trigger(partial(self._gate.may_strike, injection))
        if trigger is not None:
            self._look(injection, trigger)
        elif injection.seconds is not None:
            self._timers.append(asyncio.get_running_loop().call_later(injection.seconds, self._at_its_time, injection))
        else:
            self.strike(injection, self._about(injection))

    def _look(self, injection: Injection, trigger: Trigger) -> None:
        for direction, pipe in self._pipes.items():
            if injection.works(direction):
                pipe.arm(injection, trigger)

    def _at_its_time(self, injection: Injection) -> None:
        if not self.is_open:
            return
        if self._gate.may_strike(injection):
            self.strike(injection, self._about(injection))
        else:
            self._look(injection, AfterBytes(0, partial(self._gate.may_strike, injection)))

    def disarm(self, injection: Injection) -> None:
        """It does not strike here any more."""
        for pipe in self._pipes.values():
            pipe.disarm(injection)

    def shape(self, injection: Injection) -> None:
        """A lasting fault acts on this connection alone."""
        self.own.append(injection)
        self.reshape()

    def end(self, how: Fault, direction: Direction) -> None:
        """Nothing passes from this moment on; both ends see what this kind of end lets them see."""
        if not self._ending.done():
            self._ending.set_result((how, direction))

    def reshape(self) -> None:
        """The lasting faults that act here have changed; what has lost bytes cannot go on once nothing swallows them any more."""
        acting = [*self._gate.acting, *self.own]
        swallowed = {direction for one in acting if one.fault is Fault.BLACKHOLE for direction in Direction if one.works(direction)}
        for direction, pipe in self._pipes.items():
            pipe.shape(acting)
            if pipe.lost and direction not in swallowed:
                self.end(Fault.RESET, Direction.BOTH)

    def release(self, injections: list[Injection]) -> None:
        """These faults end."""
        self.own = [one for one in self.own if one not in injections]
        for one in injections:
            self.disarm(one)
        self.reshape()
