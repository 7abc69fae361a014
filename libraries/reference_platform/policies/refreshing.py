"""The part of the port Tokens that renews and revokes: by refresh token over HTTP, and in band for a connection that is there."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from math import ceil, floor
from typing import TYPE_CHECKING, Any, NamedTuple

from reference_platform.tokens.faults import TokenFault, TokenRefusedError, claims_in
from reference_platform.tokens.memory import TokenMemory
from reference_platform.tokens.table import Account, Grant, digest_of, token_id

from .gate import Farewell

if TYPE_CHECKING:
    from reference_platform.connections.connection import Connection
    from reference_platform.host import Host

    from .tokens import Identity

RETRY_WITHIN = 60.0
"""Seconds within which the same request for a renewal gets the same answer."""


class RefreshRefusedError(Exception):
    """There is no new token. The text may be told; the reason is for the audit trail."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(text)
        self.reason = reason


class Granted(NamedTuple):
    """What somebody gets who renews."""

    user: str
    token: str
    refresh_token: str
    expires_in: float
    refresh_expires_in: float


@dataclass(slots=True, eq=False)
class Bearer:
    """Whose token a connection has now."""

    identity: Identity
    refreshes: int = 0


class Refreshing:
    """Rotation: each renewal kills the access token and the refresh token before it. What is decided here is decided at once, so that a race
    has one winner.
    """

    host: Host
    secret: str

    def __init__(self, host: Host) -> None:
        super().__init__(host)  # type: ignore[call-arg]  # the port behind this part of it
        self.memory = TokenMemory(host)
        self.bearers: dict[Connection, Bearer] = {}

    async def verify(self, token: str | None) -> Identity:
        """See Tokens."""
        raise NotImplementedError

    def issue(self, email: str, ttl: float, claims: dict[str, Any]) -> str:
        """See Tokens."""
        raise NotImplementedError

    def user_of(self, email: str) -> str:
        """See Tokens."""
        raise NotImplementedError

    def moved(self, connection: Connection, identity: Identity) -> None:
        """The token of a connection ends at another time from now on."""
        raise NotImplementedError

    # by refresh token

    def grant(self, account: Account) -> Granted:
        """A first token and its refresh token, for an account."""
        return self._granted(account, secrets.token_urlsafe(32), {})

    def refresh(self, refresh_token: str, user: str | None, request_id: str | None) -> Granted:
        """A new token for a refresh token, of this ``user`` if one is named; RefreshRefusedError otherwise."""
        found, now = self.memory.find(refresh_token), self.host.clock.now()
        if found is None:
            raise RefreshRefusedError("the refresh token is not valid", "unknown")
        if user not in {None, found.user}:
            raise RefreshRefusedError("the refresh token is not valid", "other_user")
        if self.is_over(found.expires):
            raise RefreshRefusedError("the refresh token has expired", "expired")
        if found.used is None:
            self._use(found, request_id or secrets.token_urlsafe(16), now)
        elif not (request_id and request_id == found.request_id and found.used <= now <= found.used + RETRY_WITHIN):
            raise RefreshRefusedError("the refresh token is not valid", "used")
        return self._successor(refresh_token, found)

    def is_over(self, expires: float) -> bool:
        """Whether a refresh token has expired."""
        return expires <= self.host.clock.now()

    def _use(self, grant: Grant, request_id: str, now: float) -> None:
        grant.request_id, grant.used = request_id, now
        self.memory.keep(grant)
        self.retire(grant.token_id, grant.token_expires)

    def retire(self, token: str, expires: float) -> None:
        """Another token has taken the place of this one: nobody comes in with it any more. Who is in may stay."""
        self.memory.revoke(token, expires)

    def _successor(self, refresh_token: str, grant: Grant) -> Granted:
        """What follows from a refresh token is computed from it and the request, so that a repeated request gets the same and no secret is stored."""
        used = grant.used or 0.0
        told = {"jti": self._derived(refresh_token, grant.request_id, "token"), "iat": floor(used), "exp": ceil(used + grant.account.lifetime)}
        return self._granted(grant.account, self._derived(refresh_token, grant.request_id, "refresh"), told)

    def _derived(self, refresh_token: str, request_id: str | None, use: str) -> str:
        return hmac.new(self.secret.encode(), "\0".join((use, refresh_token, request_id or "")).encode(), "sha256").hexdigest()

    def _granted(self, account: Account, refresh_token: str, told: dict[str, Any]) -> Granted:
        token, now, user = self.issue(account.email, account.lifetime, {**account.claims, **told}), self.host.clock.now(), self.user_of(account.email)
        if self.memory.find(refresh_token) is None:
            self.memory.keep(Grant(
                digest_of(refresh_token), user, account, token_id(claims_in(token)), now + account.lifetime, now + account.refresh_lifetime,
            ))  # fmt: skip
        return Granted(user, token, refresh_token, account.lifetime, account.refresh_lifetime)

    # in band

    async def renew(self, connection: Connection, token: str) -> Bearer:
        """The connection goes on with this token; RefreshRefusedError where it may not, and then everything stays as it was."""
        try:
            identity = await self.verify(token)
        except TokenRefusedError as error:
            raise RefreshRefusedError(str(error), error.fault) from error
        bearer = self.bearers.get(connection)
        if bearer is None or bearer.identity.user != identity.user:
            raise RefreshRefusedError("the token is not valid", "other_user")
        old, new = token_id(bearer.identity.claims), token_id(identity.claims)
        if old == new:
            raise RefreshRefusedError("the token is the one that is in use", "same_token")
        self.retire(old, bearer.identity.claims["exp"])
        bearer.identity = identity
        bearer.refreshes += 1
        self.moved(connection, identity)
        return bearer

    # revoking

    def check_revoked(self, claims: dict[str, Any]) -> None:
        """Nobody comes in with a token that is dead before its time."""
        if self.memory.is_revoked(claims):
            raise TokenRefusedError("the token is not valid", TokenFault.REVOKED)

    def revoke(self, token: str, expires: float) -> None:
        """The token of this id is dead, with its refresh token and its connections."""
        self.memory.revoke(token, expires)
        for grant in self.memory.of(token):
            if grant.used is None:
                grant.used = self.host.clock.now()
                self.memory.keep(grant)
        self.revoked(token)

    def revoked(self, token: str) -> None:
        """Who is in with it is in no longer."""
        farewell = Farewell(4401, "the token was revoked")
        for connection in [one for one, bearer in self.bearers.items() if token_id(bearer.identity.claims) == token]:
            connection.close(*farewell)
