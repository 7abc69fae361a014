"""A session: what a user has open with the platform, and the numbering of what is pushed into it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .connection import Connection
    from .session_context import SessionContext


@dataclass(slots=True, eq=False)
class Session:
    """Belongs to one user. In this first form it lives as long as its connection."""

    id: str
    user: str
    epoch: int
    connection: Connection
    connection_id: str
    origin: int = 0
    offset: int = 0
    """Number of the last frame that the Outbox sent in this epoch."""
    context: SessionContext | None = None
    """What it remembers; None for a session that cannot come back, and for one that has ended."""
