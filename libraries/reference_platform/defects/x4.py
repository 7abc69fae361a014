"""X4: tokens. Somebody gets in who should not, or stays out who should not, or is told too much on the way."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from reference_platform.policies import Gate, Tokens
from reference_platform.policies.gate import Farewell, Refusal
from reference_platform.policies.tokens import Identity
from reference_platform.registry import defect
from reference_platform.tokens.faults import TokenRefusedError
from reference_platform.tokens.text import Parts, parts_of

if TYPE_CHECKING:
    from reference_platform.connections.connection import Connection
    from reference_platform.host import Host


@defect("x4_accept_expired")
class NeverOver(Tokens):
    """The library that decodes tokens does not look at their end by itself, and nobody has told it to."""

    def check_times(self, claims: dict[str, Any]) -> None:
        """A token counts for ever."""


@defect("x4_one_second_past")
class OneSecondMore(Tokens):
    """A token still counts one second behind its end, which nobody has declared."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.leeway += 1.0


@defect("x4_alg_none")
class SignedByNobody(Tokens):
    """A token that says it needs no signature needs none."""

    async def check_signature(self, token: str, parts: Parts) -> None:
        """The token itself says how it is to be checked."""
        if str(parts.header.get("alg")).lower() != "none":
            await super().check_signature(token, parts)


@defect("x4_sig_not_checked")
class AnySignature(Tokens):
    """Tokens are decoded and not verified."""

    async def check_signature(self, token: str, parts: Parts) -> None:
        """It looks like a signature."""


@defect("x4_key_confusion")
class KeyOfTheOtherKind(Tokens):
    """The name of a key decides which key is taken, and the token how it is used: a public key becomes a secret that everybody knows."""

    async def check_signature(self, token: str, parts: Parts) -> None:
        """Whatever is published under this name is what HS256 is checked with."""
        signed, _, signature = token.rpartition(".")
        named = [one for one in await self.keys.published() if parts.header.get("kid") == one["kid"]]
        for one in named if parts.header.get("alg") == "HS256" else []:
            pem = jwt.PyJWK.from_dict(one).key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            if jwt.utils.base64url_encode(hmac.digest(pem, signed.encode(), "sha256")).decode() == signature:
                return
        await super().check_signature(token, parts)


@defect("x4_aud_iss_ignored")
class ForAnybody(Tokens):
    """Whoever has issued it and for whom: a well signed token is good everywhere."""

    def check_addressee(self, claims: dict[str, Any]) -> None:
        """The same key serves many."""


@defect("x4_refuse_valid")
class FiveSecondsAhead(Tokens):
    """The clock of this machine is five seconds ahead of all others: who has that much left is refused."""

    def now(self) -> float:
        """Wrong, and nobody knows."""
        return super().now() + 5.0


@defect("x4_wrong_close_code")
class InternalError(Gate):
    """A bad token is treated like a mistake of the platform's own: the connection is opened, and closed with 1011."""

    def refusal(self, reason: str, address: str) -> Refusal | Farewell:
        """As if something had gone wrong here."""
        super().refusal(reason, address)
        return Farewell(1011, "internal error")


@defect("x4_data_before_auth")
class GreetsFirst(Tokens):
    """Everybody who shows something like a token is greeted; the token is looked at behind that."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._doubtful: dict[int, TokenRefusedError] = {}

    async def verify(self, token: str | None) -> Identity:
        """Whoever the token says."""
        try:
            return await super().verify(token)
        except TokenRefusedError as error:
            claims = parts_of(token).claims
            identity = Identity(str(claims.get("sub")), {**claims, "exp": float("inf")})
            self._doubtful[id(identity.claims)] = error
            return identity

    def opened(self, connection: Connection, identity: Identity) -> None:
        """Now is the time to look at it."""
        super().opened(connection, identity)
        if (error := self._doubtful.pop(id(identity.claims), None)) is not None:
            connection.close(4401, str(error))
