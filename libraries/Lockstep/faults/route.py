"""The way of a client to the target: to its own address, or through something that stands between them."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass

from . import sockets


@dataclass(frozen=True, slots=True)
class Route:
    """A TCP address in place of the target's own; URL, Host header and TLS name stay as they are."""

    host: str
    port: int
    made: sockets.Made | None = None
    """Makes the socket that connects there, where that is in another network than this process."""

    async def opened(self, source: str | None = None) -> socket.socket:
        """A connection there, from a source address where one is given."""
        return await sockets.connected((self.host, self.port), source, self.made)


Way = Callable[[str, int], Route | None]
"""Told the alias of a client and the number of the connection that it is about to open (as in the journal)."""


class Routes:
    """Which clients do not go to the target directly; asked before each connection, in the loop thread."""

    def __init__(self) -> None:
        self.way: Way | None = None

    def of(self, client: str, connection: int) -> Route | None:
        """Where this connection goes; None: to the target's own address."""
        return self.way(client, connection) if self.way is not None else None
