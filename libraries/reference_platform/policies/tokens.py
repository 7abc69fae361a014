"""Tokens: who somebody is."""

from __future__ import annotations

import hashlib
import json
import math
import os
import secrets
from typing import TYPE_CHECKING, Any, NamedTuple

import jwt

from reference_platform.configuration import InSession
from reference_platform.errors import PlatformError
from reference_platform.tokens.expiry import TokenExpiry
from reference_platform.tokens.faults import TokenFault, TokenRefusedError
from reference_platform.tokens.signing_keys import SigningKeys
from reference_platform.tokens.text import INVALID, Parts, parts_of, text_in, time_in
from reference_platform.tokens.tickets import Tickets

from .gate import Farewell
from .port import Port
from .refreshing import Bearer, Refreshing

if TYPE_CHECKING:
    from reference_platform.connections.connection import Connection
    from reference_platform.host import Host


class Identity(NamedTuple):
    """What a valid token says."""

    user: str
    claims: dict[str, Any]


class Tokens(Refreshing, Port):
    """Issues and verifies JWTs of a fixed list of algorithms.

    Expiry is exact on the platform's clock: at ``exp``, and the declared leeway behind it, the token is over. Times are whole numbers of
    seconds; a claim that stands there twice, or of another type, is no claim.
    """

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        config = host.config
        self.algorithms = tuple(config.token_algorithms)
        self.issuer, self.audience = config.token_issuer, config.token_audience
        self.leeway = config.token_leeway
        self.secret = self._secret()
        self.in_session: InSession = config.session_expiry
        """Control may change it, for tokens that expire from then on."""
        self.keys = SigningKeys(config)
        self.tickets = Tickets(host.clock)
        self._signed = jwt.PyJWS()
        self._expiry = TokenExpiry(host.clock, self._over)

    # verifying

    async def verify(self, token: str | None) -> Identity:
        """Returns the identity in the token or raises :class:`TokenRefusedError`. May wait."""
        parts = parts_of(token)
        await self.check_signature(str(token), parts)
        self.check_addressee(parts.claims)
        self.check_times(parts.claims)
        self.check_revoked(parts.claims)
        return Identity(text_in(parts.claims, "sub"), parts.claims)

    def redeem(self, ticket: str) -> Identity:
        """The identity of whoever was given this ticket, if the token for which it was given is still good."""
        identity = self.tickets.redeem(ticket)
        self.check_times(identity.claims)
        self.check_revoked(identity.claims)
        return identity

    async def check_signature(self, token: str, parts: Parts) -> None:
        """The algorithm is one of the list, never what the token would like, and each algorithm has keys of its own kind."""
        algorithm = parts.header.get("alg")
        if algorithm not in self.algorithms:
            raise TokenRefusedError(INVALID, TokenFault.ALGORITHM)
        if "crit" in parts.header:  # something must be understood that nobody here knows (RFC 7515, 4.1.11)
            raise TokenRefusedError(INVALID)
        key = await self.key_of(algorithm, parts.header)
        try:
            self._signed.decode(token, key, algorithms=[algorithm])
        except jwt.InvalidSignatureError:
            raise TokenRefusedError(INVALID, TokenFault.SIGNATURE) from None
        except (jwt.PyJWTError, ValueError):
            raise TokenRefusedError(INVALID) from None

    async def key_of(self, algorithm: str, header: dict[str, Any]) -> Any:
        """The key with which a token must be signed that has this algorithm."""
        return self.secret if algorithm == "HS256" else await self.keys.key(header.get("kid"))

    def check_addressee(self, claims: dict[str, Any]) -> None:
        """The token comes from the issuer whom this platform trusts, and is meant for this platform."""
        if claims.get("iss") != self.issuer:
            raise TokenRefusedError(INVALID, TokenFault.ISSUER)
        audience = claims.get("aud")
        if audience != self.audience and not (isinstance(audience, list) and self.audience in audience):
            raise TokenRefusedError(INVALID, TokenFault.AUDIENCE)

    def check_times(self, claims: dict[str, Any]) -> None:
        """The platform's clock is within [nbf, exp), but for the leeway."""
        now, expires, begins = self.now(), time_in(claims, "exp"), time_in(claims, "nbf")
        time_in(claims, "iat")
        if expires is None:
            raise TokenRefusedError(INVALID)
        if expires + self.leeway <= now:
            raise TokenRefusedError("the token has expired", TokenFault.EXPIRED)
        if begins is not None and begins - self.leeway > now:
            raise TokenRefusedError(INVALID, TokenFault.NOT_YET)

    def now(self) -> float:
        """The time by which tokens are judged (s since 1970)."""
        return self.host.clock.now()

    # in a session

    def opened(self, connection: Connection, identity: Identity) -> None:
        """A connection was greeted."""
        self.bearers[connection] = Bearer(identity)
        self._expiry.begin(connection, identity.claims["exp"] + self.leeway)

    def closed(self, connection: Connection) -> None:
        """Nothing more comes from this connection."""
        self.bearers.pop(connection, None)
        self._expiry.end(connection)

    def moved(self, connection: Connection, identity: Identity) -> None:
        """The token of a connection ends at another time from now on."""
        self._expiry.begin(connection, identity.claims["exp"] + self.leeway)

    def expired(self) -> Farewell | None:
        """Asked when the token of an open connection is over; a farewell closes it: nothing is taken or sent any more."""
        return Farewell(4401, "the token has expired") if self.in_session == "close" else None

    def _over(self, connection: Connection) -> None:
        if (farewell := self.expired()) is not None:
            connection.close(*farewell)

    # issuing

    def user_of(self, email: str) -> str:
        """The user id of an account; the same for the same address, on every platform and after every restart."""
        return "user-" + hashlib.sha256(email.strip().lower().encode()).hexdigest()[:16]

    def issue(self, email: str, ttl: float, claims: dict[str, Any]) -> str:
        """A signed token that is valid for ``ttl`` s and, since its end is a whole number, up to a second more (0: it is over already).

        ``claims`` replace or add to the usual ones, None removes one.
        """
        now = self.host.clock.now()
        usual = {
            "sub": self.user_of(email), "email": email, "iss": self.issuer, "aud": self.audience, "jti": secrets.token_urlsafe(16),
            "iat": math.floor(now), "exp": math.ceil(now + ttl) if ttl else math.floor(now),
        }  # fmt: skip
        wanted = {name: value for name, value in {**usual, **claims}.items() if value is not None}
        return self._signed.encode(json.dumps(wanted).encode(), self.secret, algorithm="HS256", headers={"typ": "JWT"})

    def _secret(self) -> str:
        name = self.host.config.token_secret_from
        if name is None:
            return secrets.token_urlsafe(48)
        secret = os.environ.get(name, "")
        if len(secret) < 32:
            raise PlatformError(f"token_secret_from names the environment variable {name}, which must hold 32 characters or more")
        return secret
