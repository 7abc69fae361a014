"""The door of one client: whoever connects here is that client, so that a fault can be for it alone."""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ..errors import EnvironmentSetupError, UsageError
from . import sockets
from .catalogue import Fault
from .device import Device
from .injection import Injection
from .link import Link
from .pipe import Pipe
from .route import Route

if TYPE_CHECKING:
    from .proxy import FaultProxy

NEXT = "next"
"""In place of a connection's number: the one that is opened next."""


class Gate:
    """Listens on a port of this machine as long as it is open; used by the loop thread only."""

    def __init__(self, proxy: FaultProxy, client: str, port: int = 0, device: Device | None = None) -> None:
        self.client = client
        self.device = device
        """The client's own device, to whose networks the door is the way out; ends with it."""
        self.seed = f"{proxy.seed}-{client}"
        self.source: str | None = None
        """The address of this machine that connections to the server come from."""
        self.acting: list[Injection] = []
        """Lasting faults that act on every connection of this client."""
        self.expected = 0
        """The journal's number of the connection that is opened next."""
        self._proxy = proxy
        self._links: dict[Link, asyncio.Task[None]] = {}
        self._accepted = 0
        self._waiting: list[tuple[int | None, Injection]] = []
        self._armed: dict[Injection, Link] = {}
        self._plan: deque[Injection] = deque()
        self._hanging: list[Injection] = []
        self._timers: dict[Injection, asyncio.TimerHandle] = {}
        self._welcoming = asyncio.Event()
        self._welcoming.set()
        try:
            self._listener = self._bound(port)
        except OSError as error:
            raise EnvironmentSetupError(
                f"port {port} of {sockets.LOOPBACK} cannot be had for the fault proxy ({error.strerror}); give another one with port=..., or none"
            ) from None
        self.port: int = self._listener.getsockname()[1]
        self._listen()

    @property
    def route(self) -> Route:
        """Where the client has to connect to."""
        return Route(sockets.LOOPBACK, self.port) if self.device is None else self.device.route(self.port)

    @property
    def current(self) -> Link | None:
        """The connection that was opened last, while it is open."""
        return next((link for link in reversed(self._links) if link.is_open), None)

    # connections

    def _bound(self, port: int) -> socket.socket:
        return sockets.bound(port) if self.device is None else self.device.bound(port)

    def _listen(self) -> None:
        self._listener.listen(128)
        self._accepting = asyncio.ensure_future(self._accept(self._listener))

    async def _accept(self, listener: socket.socket) -> None:
        while True:
            with suppress(ConnectionError):  # whoever knocked was gone before the door was open
                client, _ = await asyncio.get_running_loop().sock_accept(listener)
                self._welcome(client)

    def _welcome(self, client: socket.socket) -> None:
        sockets.prepare(client)
        self._accepted += 1
        link = Link(self, self._accepted, self.expected, client)
        self._links[link] = task = asyncio.ensure_future(link.run())
        task.add_done_callback(lambda _: self._gone(link))

    def _gone(self, link: Link) -> None:
        del self._links[link]
        for injection in [one for one, armed in self._armed.items() if armed is link]:
            del self._armed[injection]
            if injection.planned:  # the connection ended before the fault had its moment: the next one will do
                self._take_up(injection)

    async def may_open(self, link: Link) -> None:
        """Waits while new connections are to hang."""
        for injection in self._hanging:
            self.struck(injection, link, None)
        await self._welcoming.wait()

    async def connected(self) -> socket.socket:
        """A connection to the server."""
        return await sockets.connected(self._proxy.upstream(), self.source)

    def opened(self, link: Link) -> None:
        """A connection can be used: what waited for it strikes there."""
        mine = [one for number, one in self._waiting if number in {None, link.number}]
        self._waiting = [(number, one) for number, one in self._waiting if one not in mine]
        for injection in mine:
            self._arm(injection, link)

    # faults

    async def inject(self, injection: Injection, connection: int | str | None = None) -> None:
        """Lets a fault happen: on the open connection, on the next one, on the one of that number, or (lasting) on all."""
        link = self._link_for(injection, connection)
        self._proxy.note("planned", injection, self.client)
        if injection.fault is Fault.REFUSE:
            await self._refuse(injection)
        elif injection.fault is Fault.HANG:
            self._hanging.append(injection)
            self._welcoming.clear()
            self._end_in_time(injection)
        elif link is not None:
            self._arm(injection, link)
        elif connection is not None:
            self._waiting.append((connection if isinstance(connection, int) else None, injection))
        else:
            self._begin(injection)

    def _link_for(self, injection: Injection, connection: int | str | None) -> Link | None:
        """The open connection that a fault is for; None where it is for all, or for one that is yet to come."""
        for_all = injection.lasts and injection.after is None and not injection.alone
        if injection.fault in {Fault.REFUSE, Fault.HANG} or connection == NEXT or for_all:
            return None
        if connection is None:
            link = self.current
        else:
            link = next((link for link in self._links if link.number == connection and link.is_open), None)
            if link is None and int(connection) > self._accepted:
                return None
        if link is None:
            which = f"connection {connection} of {self.client} is closed" if connection else f"{self.client} has no open connection through the fault proxy"
            raise UsageError(f"{which}, so {injection.fault} cannot strike it ({self._accepted} were opened so far); connect first, or say connection=next")
        if link.is_opaque and injection.needs_frames:
            raise UsageError(f"{injection.fault} looks for frames, which cannot be seen on an encrypted connection; say after=... in bytes or as a time")
        return link

    def _arm(self, injection: Injection, link: Link) -> None:
        self._armed[injection] = link
        link.arm(injection)

    def follow(self, plan: Iterable[Injection]) -> None:
        """These faults strike one after the other, each on the connection that is open then."""
        self._plan.extend(plan)
        for injection in self._plan:
            self._proxy.note("planned", injection, self.client)
        self._go_on()

    def _go_on(self) -> None:
        if self._plan:
            injection = self._plan.popleft()
            injection.begin_turn()
            self._take_up(injection)

    def _take_up(self, injection: Injection) -> None:
        """It strikes on the open connection, or else on the next one."""
        link = self.current
        if link is not None:
            self._arm(injection, link)
        else:
            self._waiting.append((None, injection))

    def may_strike(self, injection: Injection) -> bool:
        """A fault of a plan waits until messages are under way."""
        return not injection.planned or self._proxy.in_flight(self.client) > 0

    def strike(self, injection: Injection, link: Link, pipe: Pipe) -> None:
        """The moment of a fault has come on a connection."""
        if self._armed.pop(injection, None) is None:
            return  # it struck in the other direction a moment ago
        if injection.cuts:
            link.end(injection.ending, injection.direction)
            self.struck(injection, link, pipe)
        elif injection.fault is Fault.FLIP:
            pipe.flip(injection)
        elif injection.alone:
            link.shape(injection)
            self._end_in_time(injection)
        else:
            self._begin(injection)

    def struck(self, injection: Injection, link: Link, pipe: Pipe | None) -> None:
        """A fault has taken effect."""
        injection.struck += 1
        passed = {"bytes": pipe.bytes, "frames": pipe.frames} if pipe is not None else {"bytes": 0, "frames": 0}
        self._proxy.note("done", injection, self.client, link.connection, gate=link.number, **passed)
        if injection.lasts:
            if injection.planned and injection.struck == 1:
                self._end_in_time(injection)
            return
        if not injection.is_done:
            self._waiting.append((None, injection))
        elif injection.planned:
            self._go_on()

    def _begin(self, injection: Injection) -> None:
        self.acting.append(injection)
        self._reshape()
        if not injection.planned:  # the time of these runs from when they take effect: on a busy machine it would be over before that
            self._end_in_time(injection)

    def _reshape(self) -> None:
        for link in self._links:
            link.reshape()

    async def _refuse(self, injection: Injection) -> None:
        """A socket that has the port and does not listen refuses; that it does is tried out."""
        await _over(self._accepting)
        self._listener.close()
        self._listener = self._bound(self.port)
        self.acting.append(injection)
        self._end_in_time(injection)
        try:
            sockets.reset(await self.route.opened())
        except ConnectionRefusedError:
            injection.struck += 1
            self._proxy.note("done", injection, self.client, self.expected, gate=0, bytes=0, frames=0)

    # ends

    def _end_in_time(self, injection: Injection) -> None:
        if injection.lasting is not None:
            self._timers[injection] = asyncio.get_running_loop().call_later(injection.lasting, self._end, [injection])

    def _end(self, injections: list[Injection]) -> None:
        begun = [one for one in self._in_force() if one in injections]
        for one in begun:
            if (timer := self._timers.pop(one, None)) is not None:
                timer.cancel()
            self._proxy.note("ended", one, self.client)
        was_refusing = self.is_refusing
        self.acting = [one for one in self.acting if one not in injections]
        self._hanging = [one for one in self._hanging if one not in injections]
        self._waiting = [(number, one) for number, one in self._waiting if one not in injections]
        self._armed = {one: link for one, link in self._armed.items() if one not in injections}
        for link in self._links:
            link.release(injections)
        if not self._hanging:
            self._welcoming.set()
        if was_refusing and not self.is_refusing:
            self._listen()
        if any(one.planned for one in begun):
            self._go_on()

    def _in_force(self) -> list[Injection]:
        return [*self.acting, *self._hanging, *(one for link in self._links for one in link.own)]

    @property
    def is_refusing(self) -> bool:
        """New connections are refused."""
        return any(one.fault is Fault.REFUSE for one in self.acting)

    def end_faults(self, since: int = 0) -> None:
        """All faults end, from this number on; what waited for its moment does not happen any more, and what was left without a sign is dropped."""
        self._plan.clear()
        asked = [*self._in_force(), *self._armed, *(one for _, one in self._waiting)]
        self._end([one for one in asked if one.number >= since])
        for link, task in self._links.items():
            if link.is_left:
                task.cancel()

    async def close(self) -> None:
        """No connection passes any more; those that are open are reset."""
        for timer in self._timers.values():
            timer.cancel()
        await _over(self._accepting, *self._links.values())
        self._listener.close()
        if self.device is not None:
            await asyncio.to_thread(self.device.close)


async def _over(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
