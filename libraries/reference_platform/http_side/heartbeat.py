"""What control may say about the heartbeat: how often connections are pinged, and how long an answer may take."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from aiohttp import web

from .input import bad, body_of, number_in

if TYPE_CHECKING:
    from reference_platform.host import Host


def setting(host: Host) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Sets both for all connections, also those that are open; what is not said stays as it was."""

    async def beat(request: web.Request) -> web.Response:
        body, heartbeat = await body_of(request), host.policies.heartbeat
        interval = number_in(body, "interval", default=heartbeat.every)
        timeout = number_in(body, "timeout", default=heartbeat.timeout)
        if not interval or not timeout:
            raise bad("interval and timeout must be more than 0")
        heartbeat.set(interval, timeout)
        return web.json_response({"interval": interval, "timeout": timeout})

    return beat
