"""How clients came back: what they tried after a connection had ended, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from .columns import Events
from .events import Event, Kind


class Reconnection(NamedTuple):
    """The tries of one client from the end of a connection to the next that is ready, or to the last that failed."""

    lost: Event | None
    """The end of the connection before; None where this history does not show it, or it came later."""
    tries: tuple[Event, ...]
    """Each try, as it began."""
    connected: Event | None
    """The greeting; None where no try succeeded."""

    @property
    def first(self) -> Event:
        """The first try."""
        return self.tries[0]

    @property
    def asked(self) -> Mapping[str, Any]:
        """What the last try asked for: session, epoch and offset; empty where it asked for no session."""
        said = self.tries[-1].details or {}
        return said if said.get("session") is not None else {}

    @property
    def told(self) -> Mapping[str, Any]:
        """What the greeting says."""
        return (self.connected.details if self.connected else None) or {}


class _Client:
    """Where a client stands."""

    def __init__(self) -> None:
        self._connection: int | None = None
        self._was_here = False
        self._lost: Event | None = None
        self._tries: list[Event] = []

    def tried(self, connect: Event) -> None:
        self._tries.append(connect)

    def ended(self, close: Event) -> None:
        """Notes the end of the connection that the client has, not that of one it left behind or that was never ready."""
        if close.connection == self._connection or not (self._was_here or self._tries):
            self._connection, self._was_here, self._lost = None, True, close

    def over(self, connected: Event | None) -> Reconnection | None:
        """What the tries came to, if they were a reconnection; the next begins anew."""
        made = Reconnection(self._lost, tuple(self._tries), connected) if self._tries else None
        again = self._was_here or (made is not None and bool(made.asked))
        if connected is not None:
            self._connection, self._was_here, self._lost, self._tries = connected.connection, True, None, []
        return made if again else None


def reconnections(events: Events) -> list[Reconnection]:
    """Every reconnection, in the order in which they were over.

    The first connection of a client is none, unless it asks for a session of earlier. O(n).
    """
    clients: dict[str, _Client] = {}
    found: list[Reconnection | None] = []
    for event in events.of(Kind.CONNECT, Kind.CONNECTED, Kind.CLOSE):
        client = clients.setdefault(event.client, _Client())
        if event.kind is Kind.CONNECT:
            client.tried(event)
        elif event.kind is Kind.CONNECTED:
            found.append(client.over(event))
        else:
            client.ended(event)
    found += [client.over(None) for client in clients.values()]
    return [one for one in found if one is not None]
