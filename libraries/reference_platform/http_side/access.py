"""Control of who may come in: allowed origins, and what becomes of connections whose token expires."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web
from pydantic import ValidationError

from reference_platform.configuration import Configuration, allowed

from .input import bad, body_of

if TYPE_CHECKING:
    from reference_platform.host import Host


class AccessControl:
    """Changes at run time what the configuration says at first."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def add_to(self, routes: web.UrlDispatcher, base: str) -> None:
        """The requests that this answers."""
        routes.add_post(f"{base}/origins", self.origins)
        routes.add_post(f"{base}/session_expiry", self.session_expiry)
        routes.add_post(f"{base}/message_rate", self.message_rate)

    async def origins(self, request: web.Request) -> web.Response:
        """From which pages a browser may connect from now on; none says: from any."""
        gate = self._host.policies.gate
        gate.origins = _value("allowed_origins", (await body_of(request)).get("allowed"), "allowed")
        return web.json_response({"allowed": gate.origins})

    async def session_expiry(self, request: web.Request) -> web.Response:
        """What becomes of a connection whose token expires from now on."""
        tokens = self._host.policies.tokens
        tokens.in_session = _value("session_expiry", (await body_of(request)).get("policy"), "policy")
        return web.json_response({"policy": tokens.in_session})

    async def message_rate(self, request: web.Request) -> web.Response:
        """How many messages a second a connection may send that is opened from now on; none says: as many as it can."""
        gate = self._host.policies.gate
        gate.message_rate = _value("message_rate", (await body_of(request)).get("rate"), "rate")
        return web.json_response({"rate": gate.message_rate})


def _value(key: str, value: object, name: str) -> Any:
    """A value that the configuration would take under this key."""
    try:
        return getattr(Configuration.model_validate({key: value}), key)
    except ValidationError as error:
        mistake = error.errors()[0]
        raise bad(f"{name} is {mistake['input']!r}; allowed: {allowed(mistake)}") from error
