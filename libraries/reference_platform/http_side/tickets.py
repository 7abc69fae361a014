"""``POST /auth/ticket``: a ticket for whoever shows a good token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from aiohttp import web

from reference_platform.tokens.faults import TokenRefusedError
from reference_platform.tokens.tickets import LIFETIME

if TYPE_CHECKING:
    from reference_platform.host import Host


def giving(host: Host) -> Callable[[web.Request], Awaitable[web.Response]]:
    """What answers the request."""

    async def answer(request: web.Request) -> web.Response:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        policies, headers = host.policies, request.headers
        who = policies.audit.caller(request.remote or "", headers.getall("X-Forwarded-For", []), headers.getall("User-Agent", []))
        try:
            identity = await policies.tokens.verify(token.strip() if scheme.lower() == "bearer" else None)
        except TokenRefusedError as error:
            await policies.audit.refused(error.fault, token, who)
            refusal = policies.gate.unauthorized(str(error), who.address)
            headers_back = {} if refusal.retry_after is None else {"Retry-After": str(refusal.retry_after)}
            return web.json_response({"error": refusal.reason}, status=refusal.status, headers=headers_back)
        return web.json_response({"ticket": policies.tokens.tickets.issue(identity), "expires_in": LIFETIME})

    return answer
