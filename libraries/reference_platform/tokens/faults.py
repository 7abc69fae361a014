"""Why a token is refused, for the audit trail; whoever showed it is told less."""

from __future__ import annotations

import base64
import json
from enum import StrEnum
from typing import Any


class TokenFault(StrEnum):
    """What is wrong with a token."""

    EXPIRED = "expired"
    NOT_YET = "not_yet"
    SIGNATURE = "signature"
    MALFORMED = "malformed"
    ALGORITHM = "algorithm"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    MISSING = "missing"
    REVOKED = "revoked"


class TokenRefusedError(Exception):
    """The token is not good enough; the text is sent to the client (HTTP 401), the fault only kept."""

    def __init__(self, text: str, fault: TokenFault = TokenFault.MALFORMED) -> None:
        super().__init__(text)
        self.fault = fault


def claims_in(token: str) -> dict[str, Any]:
    """What a token claims, true or not, well formed or not; nothing where it cannot be read."""
    _, _, rest = token.partition(".")
    part = rest.partition(".")[0]
    try:
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}
