"""Argument types of the keywords about access."""

from __future__ import annotations

from enum import Enum
from typing import Any

from .arguments import converter, member_of


class SessionExpiry(Enum):
    """What becomes of a connection whose token expires: ``allow`` (it goes on) or ``close``."""

    allow = "allow"
    close = "close"


class Refused(Enum):
    """What a client is refused for: the target is ``crowded``, its token is ``expired`` or ``revoked``, or its ``origin`` is not allowed."""

    crowded = "crowded"
    expired = "expired"
    revoked = "revoked"
    origin = "origin"

    @property
    def why(self) -> str:
        """In words."""
        return {
            "crowded": "all places are taken", "expired": "its token has expired", "revoked": "its token was revoked", "origin": "its origin is not allowed",
        }[self.value]  # fmt: skip


class Shut(Enum):
    """Why somebody is not let in at all: the ``token`` is bad, or no ``subprotocol`` is named that is spoken there."""

    token = "token"  # noqa: S105 - no secret
    subprotocol = "subprotocol"


CONVERTERS: dict[type, Any] = {kind: converter(kind, member_of(kind)) for kind in (SessionExpiry, Refused, Shut)}
