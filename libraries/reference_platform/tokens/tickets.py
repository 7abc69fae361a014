"""Tickets: what gets somebody in once, in place of a token, where a token would stand in addresses and logs."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from .faults import TokenFault, TokenRefusedError
from .text import INVALID

if TYPE_CHECKING:
    from reference_platform.clock import Clock
    from reference_platform.policies.tokens import Identity

LIFETIME = 30
"""Seconds."""
MOST = 10_000
"""Tickets that are remembered; of more, the oldest are over before their time."""


class Tickets:
    """In memory: they are over soon anyway."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[str, tuple[float, Identity | None]] = {}
        """When it is over, and whose it is; nobody's once it was used."""

    def issue(self, identity: Identity) -> str:
        """A ticket for somebody who has shown a good token."""
        if len(self._known) >= MOST:
            del self._known[next(iter(self._known))]
        ticket = secrets.token_urlsafe(32)
        self._known[ticket] = self._clock.now() + LIFETIME, identity
        return ticket

    def redeem(self, ticket: str) -> Identity:
        """Whose ticket it was; from now on it is nobody's."""
        over, identity = self._known.get(ticket, (0.0, None))
        if not over:
            raise TokenRefusedError(INVALID, TokenFault.SIGNATURE)
        if identity is None:
            raise TokenRefusedError(INVALID, TokenFault.REVOKED)
        self._known[ticket] = over, None
        if over <= self._clock.now():
            raise TokenRefusedError(INVALID, TokenFault.EXPIRED)
        return identity
