"""Gate: who may open a connection at all."""

from __future__ import annotations

from collections.abc import Collection
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

from websockets.http11 import Request

from reference_platform.connections.credentials import SUBPROTOCOLS, Unread, spoken
from reference_platform.connections.hesitant import Hesitant
from reference_platform.connections.message_rate import MessageRate
from reference_platform.shutdown import STOPPING, Shutdown
from reference_platform.tokens.refusal_limit import RefusalLimit

from .port import Port

if TYPE_CHECKING:
    from reference_platform.host import Host
    from reference_platform.messages import Decode


class Refusal(NamedTuple):
    """An HTTP answer in place of the upgrade; the reason goes into a JSON body ``{"error": reason}``."""

    status: HTTPStatus
    reason: str
    retry_after: int | None = None
    """Seconds after which another try is worth while."""
    unread: Unread | None = None
    """Whose token has made the request too large to be read."""


class Farewell(NamedTuple):
    """A close frame right after the upgrade."""

    code: int
    reason: str


class Gate(Port):
    """Decides on a handshake before the token is looked at, and on a connection right after it."""

    path = "/ws"

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.origins: Collection[str] | None = host.config.allowed_origins
        """Pages from here may open a connection; None: from anywhere. Control may change it; connections that are open stay."""

        self.message_rate = host.config.message_rate
        """Messages a second of a connection that is opened from now on; None: no bound. Control may change it."""
        self.hesitant = Hesitant(host.clock, lambda: self.handshake_time)
        """Connections that have not finished their handshake; they take nobody's place."""
        self._refusals = RefusalLimit(host.clock, host.config.refusal_limit)

    async def check(self, request: Request) -> Refusal | None:
        """Gets a well-formed WebSocket request; returns None to let it pass. May wait."""
        if request.path.partition("?")[0] != self.path:
            return Refusal(HTTPStatus.NOT_FOUND, f"there is no WebSocket here, it is at {self.path}")
        if self.host.stage == STOPPING:
            return Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "the platform is going away")
        return self.check_origin(request.headers.get_all("Origin"))

    def check_origin(self, origins: list[str]) -> Refusal | None:
        """Gets the Origin headers of a handshake, which every browser sends and no page can change; a program of its own has none."""
        strange = [] if self.origins is None else [origin for origin in origins if origin not in self.origins]
        return Refusal(HTTPStatus.FORBIDDEN, f"pages from {strange[0]} may not connect") if strange else None

    def refusal(self, reason: str, address: str) -> Refusal | Farewell:
        """How a token is refused to somebody at this address: too many bad ones are told to wait; good ones are not asked about."""
        refusal, way = self.unauthorized(reason, address), self.host.config.token_refusal
        if refusal.retry_after is not None or way == "http_401":
            return refusal
        return Farewell(int(way.removeprefix("close_")), reason)

    def unauthorized(self, reason: str, address: str) -> Refusal:
        """The same over HTTP, where there is one way only."""
        wait = self._refusals.count(address)
        if wait is not None:
            return Refusal(HTTPStatus.TOO_MANY_REQUESTS, "too many tokens were refused", wait)
        return Refusal(HTTPStatus.UNAUTHORIZED, reason)

    def speaks(self, offered: list[str]) -> Farewell | None:
        """Asked after the token was accepted: a client that names sub-protocols must name one that is spoken here."""
        return None if not offered or spoken(offered) else Farewell(1003, f"none of these sub-protocols is spoken here, but {SUBPROTOCOLS[0]} is")

    def crowded(self) -> Farewell | None:
        """Asked after the token was accepted; a farewell closes the connection before any application frame."""
        if len(self.host.connections) >= self.host.config.max_connections:
            return Farewell(1013, f"all {self.host.config.max_connections} connections are taken, try again later")
        return None

    def paced(self, decode: Decode) -> Decode:
        """How the messages of a new connection are decoded, within its rate."""
        return decode if self.message_rate is None else MessageRate(self.message_rate, decode).decode

    def farewell(self, shutdown: Shutdown) -> Farewell:
        """How connections are closed when the platform ends: 1012 where somebody will serve again soon, else 1001."""
        if shutdown.comes_back:
            return Farewell(1012, "the platform restarts")
        return Farewell(1001, "the platform is going away")

    @property
    def handshake_time(self) -> float:
        """Seconds after which a connection that has not finished its handshake is dropped."""
        return self.host.config.handshake_time
