"""What control may say about streams: how much those of a session may take."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from aiohttp import web

from reference_platform.streaming.flow import Limits

from .input import bad, body_of, user_in, whole_in

if TYPE_CHECKING:
    from reference_platform.host import Host


def limiting(host: Host) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Sets limits for the sessions of one user, or of all who have none of their own; what is not said stays as it was."""

    async def limit(request: web.Request) -> web.Response:
        body = await body_of(request)
        streams, user = host.policies.streams, user_in(body)
        before = streams.limits(user)
        overflow = body.get("overflow", before.overflow)
        if overflow not in ("stop", "drop_oldest"):
            raise bad("overflow must be stop or drop_oldest")
        limits = Limits(whole_in(body, "bytes", before.most_bytes), overflow, whole_in(body, "slots", before.slots))
        streams.limit(user, limits)
        return web.json_response({"user": user, "bytes": limits.most_bytes, "overflow": limits.overflow, "slots": limits.slots})

    return limit
