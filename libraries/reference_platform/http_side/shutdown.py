"""How control asks the platform to end."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from aiohttp import web

from reference_platform.shutdown import STOPPING, Shutdown

from .input import bad, body_of, number_in

if TYPE_CHECKING:
    from reference_platform.host import Host

LONGEST_REASON = 200
"""Characters of why a platform ends, which all clients are told."""


class HttpShutdown:
    """Two routes; the platform answers before it ends."""

    def __init__(self, host: Host, routes: web.UrlDispatcher, base: str) -> None:
        self._host = host
        routes.add_post(f"{base}/shutdown", self.shutdown)
        routes.add_post(f"{base}/hand_over", self.hand_over)

    async def shutdown(self, request: web.Request) -> web.Response:
        """The platform ends as on SIGTERM; its clients are told why, and when somebody will serve again if ``estimate`` says so."""
        body = await body_of(request)
        estimate = None if body.get("estimate") is None else number_in(body, "estimate")
        return self._ends(Shutdown(_reason(body, "shutdown"), estimate))

    async def hand_over(self, request: web.Request) -> web.Response:
        """The platform ends and gives the store free for one that stands by, which serves at once."""
        return self._ends(Shutdown(_reason(await body_of(request), "deployment"), 0.0, hands_over=True))

    def _ends(self, shutdown: Shutdown) -> web.Response:
        self._host.stop(shutdown)
        return web.json_response({"stage": STOPPING, "reason": shutdown.reason, "estimate": shutdown.estimate, "pid": os.getpid()})


def _reason(body: dict[str, Any], default: str) -> str:
    reason = body.get("reason")
    if reason is None:
        return default
    if type(reason) is not str or not 0 < len(reason) <= LONGEST_REASON:
        raise bad(f"reason must be a text of 1 to {LONGEST_REASON} characters")
    return reason
