"""Tokens: who somebody is."""

from __future__ import annotations

import hashlib
import os
import secrets
from typing import TYPE_CHECKING, Any, NamedTuple

import jwt

from reference_platform.configuration import InSession
from reference_platform.errors import PlatformError
from reference_platform.token_expiry import TokenExpiry
from reference_platform.token_faults import TokenFault, TokenRefusedError, fault_of

from .gate import Farewell
from .port import Port

if TYPE_CHECKING:
    from reference_platform.connection import Connection
    from reference_platform.host import Host


class Identity(NamedTuple):
    """What a valid token says."""

    user: str
    claims: dict[str, Any]


class Tokens(Port):
    """Issues and verifies JWTs (HS256). Expiry is exact on the platform's clock: at ``exp`` the token is over, no leeway."""

    issuer = "reference-platform"
    algorithm = "HS256"

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.secret = self._secret()
        self.in_session: InSession = host.config.session_expiry
        """Control may change it, for tokens that expire from then on."""
        self._expiry = TokenExpiry(host.clock, self._over)

    async def verify(self, token: str | None) -> Identity:
        """Returns the identity in the token or raises :class:`TokenRefusedError`. May wait."""
        if not token:
            raise TokenRefusedError("a token is needed: ?token=... or Authorization: Bearer ...", TokenFault.MISSING)
        try:
            claims = jwt.decode(
                token, self.secret, algorithms=[self.algorithm], issuer=self.issuer, audience=self.issuer,
                options={"require": ["exp", "sub", "iss", "aud"], "verify_exp": False, "verify_nbf": False, "verify_iat": False},
            )  # fmt: skip
        except (jwt.PyJWTError, ValueError) as error:
            raise TokenRefusedError("the token is not valid", fault_of(error)) from error
        self.check_times(claims)
        return Identity(claims["sub"], claims)

    def check_times(self, claims: dict[str, Any]) -> None:
        """Raises :class:`TokenRefusedError` when the platform's clock is outside [nbf, exp)."""
        now = self.host.clock.now()
        expires, begins = claims["exp"], claims.get("nbf", 0)
        if not (_is_time(expires) and _is_time(begins)):
            raise TokenRefusedError("the token is not valid")
        if expires <= now:
            raise TokenRefusedError("the token has expired", TokenFault.EXPIRED)
        if begins > now:
            raise TokenRefusedError("the token is not valid yet", TokenFault.NOT_YET)

    def opened(self, connection: Connection, identity: Identity) -> None:
        """A connection was greeted."""
        self._expiry.begin(connection, identity.claims["exp"])

    def closed(self, connection: Connection) -> None:
        """Nothing more comes from this connection."""
        self._expiry.end(connection)

    def expired(self) -> Farewell | None:
        """Asked when the token of an open connection is over; a farewell closes it: nothing is taken or sent any more."""
        return Farewell(4401, "the token has expired") if self.in_session == "close" else None

    def _over(self, connection: Connection) -> None:
        if (farewell := self.expired()) is not None:
            connection.close(*farewell)

    def user_of(self, email: str) -> str:
        """The user id of an account; the same for the same address, on every platform and after every restart."""
        return "user-" + hashlib.sha256(email.strip().lower().encode()).hexdigest()[:16]

    def issue(self, email: str, ttl: float, claims: dict[str, Any]) -> str:
        """A signed token; ``claims`` replace or add to the usual ones, None removes one."""
        now = self.host.clock.now()
        usual = {"sub": self.user_of(email), "email": email, "iss": self.issuer, "aud": self.issuer, "iat": now, "exp": now + ttl}
        wanted = {name: value for name, value in {**usual, **claims}.items() if value is not None}
        return jwt.encode(wanted, self.secret, algorithm=self.algorithm)

    def _secret(self) -> str:
        name = self.host.config.token_secret_from
        if name is None:
            return secrets.token_urlsafe(48)
        secret = os.environ.get(name, "")
        if len(secret) < 32:
            raise PlatformError(f"token_secret_from names the environment variable {name}, which must hold 32 characters or more")
        return secret


def _is_time(value: object) -> bool:
    """A finite number; JSON has room for others."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15
