"""The fault proxy: stands between clients and the target, passes everything on, and does to it what a test asks for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Literal

from ..errors import UsageError
from .device import Device
from .gate import Gate
from .injection import Injection
from .route import Route
from .sockets import Address

State = Literal["planned", "done", "ended"]
Note = Callable[[str, int, Mapping[str, Any]], None]
"""Told the client, the journal's number of the connection (0: none, or all to come) and what happened, ``state`` among it."""


class FaultProxy:
    """One gate for each client. ``upstream`` is asked at each connection, since a target that was restarted is elsewhere."""

    def __init__(self, upstream: Callable[[], Address], note: Note, in_flight: Callable[[str], int], seed: int) -> None:
        self.upstream = upstream
        self.in_flight = in_flight
        self.seed = seed
        self.gates: dict[str, Gate] = {}
        self.everyone = False
        """Clients that are not named go through gates of their own as well."""
        self.asked: list[Injection] = []
        """All faults that were asked for, in this order."""
        self._note = note
        self._noted = asyncio.Event()

    def way(self, client: str, connection: int) -> Route | None:
        """Where a client that opens this connection has to go; None: directly."""
        if client not in self.gates and self.everyone:
            self.open(client)
        gate = self.gates.get(client)
        if gate is None:
            return None
        gate.expected = connection
        return gate.route

    def open(self, client: str, port: int = 0, device: Device | None = None) -> Gate:
        """From now on this client goes through the proxy."""
        if client in self.gates:
            raise UsageError(f"{client} goes through the fault proxy already")
        self.gates[client] = gate = Gate(self, client, port, device)
        return gate

    async def opened(self, client: str, port: int = 0, device: Device | None = None) -> Gate:
        """The same for those who are not in the loop."""
        return self.open(client, port, device)

    async def follow(self, client: str, plan: Sequence[Injection]) -> None:
        """These faults of a client strike one after the other."""
        self.gate(client).follow(plan)

    def gate(self, client: str) -> Gate:
        """The gate of a client."""
        if client not in self.gates:
            routed = f"routed are: {', '.join(self.gates)}" if self.gates else "no client is"
            raise UsageError(f"{client} does not go through the fault proxy ({routed}); use 'Route Through The Fault Proxy    {client}' before it connects")
        return self.gates[client]

    def note(self, state: State, injection: Injection, client: str, connection: int = 0, **where: Any) -> None:
        """Tells what becomes of a fault."""
        if state == "planned":
            self.asked.append(injection)
        self._note(client, connection, {"state": state, **injection.said(), **where, "in_flight": self.in_flight(client)})
        self._noted.set()

    async def end_faults(self, client: str | None = None, since: int = 0) -> None:
        """All faults end, of all clients or of one, from this number on."""
        for gate in self.gates.values() if client is None else [self.gate(client)]:
            gate.end_faults(since)

    async def struck(self, since: int, within: float) -> None:
        """Waits until every fault from this number on has struck as often as it was to, but no longer than this."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                while any(one.number >= since and not one.is_done for one in self.asked):
                    self._noted.clear()
                    await self._noted.wait()

    async def close(self, clients: set[str] | None = None) -> None:
        """Closes the gates of these clients, or all."""
        closing = [self.gates.pop(client) for client in list(self.gates) if clients is None or client in clients]
        await asyncio.gather(*(gate.close() for gate in closing))
