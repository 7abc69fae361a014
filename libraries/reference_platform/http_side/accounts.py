"""Accounts and tokens over HTTP: the first token, its renewal, and its end."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NoReturn

from aiohttp import web

from reference_platform.policies.gate import Refusal
from reference_platform.policies.refreshing import RefreshRefusedError
from reference_platform.tokens.callers import Caller
from reference_platform.tokens.faults import TokenFault, TokenRefusedError
from reference_platform.tokens.table import Account, token_id

from .input import bad, body_of, number_in
from .tickets import giving

if TYPE_CHECKING:
    from reference_platform.host import Host


@dataclass(slots=True)
class Trouble:
    """What control makes the refresh service suffer from."""

    fail: int = 0
    """So many next renewals are answered with"""
    status: int = HTTPStatus.SERVICE_UNAVAILABLE
    delay: float = 0.0
    """Seconds by which the answer to a renewal that was done is late."""


class Auth:
    """Requests about tokens."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._trouble = Trouble()

    def add_to(self, routes: web.UrlDispatcher) -> None:
        """The requests that everybody may make."""
        routes.add_post("/auth/test-user", self.test_user)
        routes.add_post("/auth/refresh", self.refresh)
        routes.add_post("/auth/revoke", self.revoke)
        routes.add_post("/auth/ticket", giving(self._host))
        routes.add_get("/.well-known/jwks.json", self.public_keys)

    async def test_user(self, request: web.Request) -> web.Response:
        """An account for an e-mail address, and tokens for it."""
        body, config = await body_of(request), self._host.config
        email, claims = _text_in(body, "email"), body.get("claims") or {}
        lifetime = number_in(body, "ttl", default=config.token_ttl)
        refresh_lifetime = number_in(body, "refresh_ttl", default=config.refresh_ttl)
        if not email:
            raise bad("email must be a string")
        if type(claims) is not dict:
            raise bad("claims must be an object")
        granted = self._host.policies.tokens.grant(Account(email, lifetime, refresh_lifetime, claims))
        await self._host.transactions.committed()
        return web.json_response({
            "user_id": granted.user, "token": granted.token, "email": email, "expires_in": lifetime, "refresh_token": granted.refresh_token,
            "refresh_expires_in": refresh_lifetime,
        })  # fmt: skip

    async def refresh(self, request: web.Request) -> web.Response:
        """New tokens for a refresh token; the old ones are dead when this is answered."""
        body, policies, trouble = await body_of(request), self._host.policies, self._trouble
        refresh_token, user, request_id = (_text_in(body, name) for name in ("refresh_token", "user_id", "request_id"))
        if trouble.fail > 0:
            trouble.fail -= 1
            raise _answer(HTTPStatus(trouble.status), "the refresh service has an error")
        who = self._caller(request)
        if not refresh_token:
            await self._refuse("a refresh_token is needed", "missing", "", "", who)
        try:
            granted = policies.tokens.refresh(refresh_token, user or None, request_id or None)
        except RefreshRefusedError as refusal:
            found = policies.tokens.memory.find(refresh_token)
            await self._refuse(str(refusal), refusal.reason, found.user if found else "", refresh_token, who)
        policies.audit.note("refresh_succeeded", "INFO", granted.user, who, granted.token, reason="http")
        await self._host.transactions.committed()
        if trouble.delay:
            await asyncio.sleep(trouble.delay)
        return web.json_response({
            "user_id": granted.user, "token": granted.token, "refresh_token": granted.refresh_token, "expires_in": granted.expires_in,
            "refresh_expires_in": granted.refresh_expires_in,
        })  # fmt: skip

    async def revoke(self, request: web.Request) -> web.Response:
        """Ends a token with its refresh token, by either of them; connections that have it are closed. What is dead already stays dead."""
        body, policies = await body_of(request), self._host.policies
        token, refresh_token, who = _text_in(body, "token"), _text_in(body, "refresh_token"), self._caller(request)
        if bool(token) == bool(refresh_token):
            raise bad("either token or refresh_token must be told")
        if token:
            try:
                identity = await policies.tokens.verify(token)
            except TokenRefusedError as error:
                if error.fault in {TokenFault.EXPIRED, TokenFault.REVOKED}:
                    return web.json_response({"revoked": False})
                await policies.audit.refused(error.fault, token, who)
                raise _refusal(policies.gate.unauthorized(str(error), who.address)) from error
            user, dead, expires = identity.user, token_id(identity.claims), identity.claims["exp"]
        else:
            grant = policies.tokens.memory.find(refresh_token)
            if grant is None:
                await self._refuse("the refresh token is not valid", "unknown", "", refresh_token, who)
            user, dead, expires = grant.user, grant.token_id, grant.token_expires
        policies.tokens.revoke(dead, expires)
        policies.audit.note("revocation", "INFO", user, who, token or refresh_token)
        await self._host.transactions.committed()
        return web.json_response({"revoked": True})

    async def public_keys(self, _: web.Request) -> web.Response:
        """The keys of those who sign with RS256 (RFC 7517); no secret is among them."""
        return web.json_response({"keys": await self._host.policies.tokens.keys.published()})

    async def control(self, request: web.Request) -> web.Response:
        """Makes the refresh service answer errors or late; what is not said ends."""
        body = await body_of(request)
        fail, delay, status = (number_in(body, name, default=value) for name, value in (("fail", 0.0), ("delay", 0.0), ("status", 503.0)))
        if not fail.is_integer() or status not in set(HTTPStatus):
            raise bad("fail must be a whole number, and status one of HTTP")
        self._trouble = Trouble(int(fail), int(status), delay)
        return web.json_response({"fail": self._trouble.fail, "status": self._trouble.status, "delay": delay})

    async def _refuse(self, text: str, reason: str, user: str, refresh_token: str, who: Caller) -> NoReturn:
        self._host.policies.audit.note("refresh_failed", "HIGH", user, who, refresh_token, reason=reason)
        await self._host.transactions.committed()
        raise _refusal(self._host.policies.gate.unauthorized(text, who.address))

    def _caller(self, request: web.Request) -> Caller:
        headers = request.headers
        return self._host.policies.audit.caller(request.remote or "", headers.getall("X-Forwarded-For", []), headers.getall("User-Agent", []))


def _text_in(body: dict[str, Any], name: str) -> str:
    """A text of a body; empty where it is not there."""
    value = body.get(name)
    if value is not None and type(value) is not str:
        raise bad(f"{name} must be a string")
    if value and not value.isprintable():
        raise bad(f"{name} must be a string of printable characters")
    return value or ""


def _refusal(refusal: Refusal) -> web.HTTPException:
    wait = refusal.retry_after
    return _answer(refusal.status, refusal.reason, {} if wait is None else {"Retry-After": str(wait)})


def _answer(status: HTTPStatus, reason: str, headers: dict[str, str] | None = None) -> web.HTTPException:
    """An error of any status."""
    kind = type("Refused", (web.HTTPError,), {"status_code": status.value})
    error: web.HTTPException = kind(text=reason, headers=headers, reason=status.phrase)
    return error
