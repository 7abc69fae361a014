"""Gate: who may open a connection at all."""

from __future__ import annotations

from http import HTTPStatus
from typing import NamedTuple

from websockets.http11 import Request

from .port import Port


class Refusal(NamedTuple):
    """An HTTP answer in place of the upgrade; the reason goes into a JSON body ``{"error": reason}``."""

    status: HTTPStatus
    reason: str


class Farewell(NamedTuple):
    """A close frame right after the upgrade."""

    code: int
    reason: str


class Gate(Port):
    """Decides on a handshake before the token is looked at, and on a connection right after it."""

    path = "/ws"

    async def check(self, request: Request) -> Refusal | None:
        """Gets a well-formed WebSocket request; returns None to let it pass. May wait."""
        if request.path.partition("?")[0] != self.path:
            return Refusal(HTTPStatus.NOT_FOUND, f"there is no WebSocket here, it is at {self.path}")
        return None

    def crowded(self) -> Farewell | None:
        """Asked after the token was accepted; a farewell closes the connection before any application frame."""
        if len(self.host.connections) >= self.host.config.max_connections:
            return Farewell(1013, f"all {self.host.config.max_connections} connections are taken, try again later")
        return None

    @property
    def handshake_time(self) -> float:
        """Seconds after which a connection that has not finished its handshake is dropped."""
        return self.host.config.connection_timeout
