"""A session: what a user has open with the platform, and the numbering of what is pushed into it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from .retained import Retained

if TYPE_CHECKING:
    from reference_platform.connections.connection import Connection
    from reference_platform.outbound.queue import OutboundQueue

    from .context import SessionContext


class Nobody:
    """Stands in for the connection that an absent session has not."""

    is_open = False
    is_ending = True
    is_stalled = False
    is_broken = False


NOBODY = cast("Connection", Nobody())


class Wish(NamedTuple):
    """What a handshake says about sessions."""

    resumable: bool = False
    """The client wants to come back to its session, or does so now; only then anything is kept for it."""
    session_id: str | None = None
    """The session that it comes back to."""
    epoch: int = 0
    offset: int = 0
    """Number of the last frame that it has received in this epoch."""
    place: str = ""
    """Where it calls from and with what, as a digest."""


@dataclass(slots=True, eq=False)
class Kept:
    """What is kept of a resumable session. The pipeline writes all but ``retained`` and ``told`` to the store."""

    place: str
    """Of its newest connection."""
    left: float | None = None
    """Platform time since which nobody is there; None while a connection is."""
    connections: int = 1
    """So many it has had."""
    renumbered: bool = False
    """The process that numbered its last epoch is gone; the present epoch was told to nobody yet."""
    retained: Retained = field(default_factory=Retained)
    told: dict[str, Any] = field(default_factory=dict)
    """What its newest connection is told about the resume, for the greeting."""
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while a connection takes the session, so that there is never more than one."""


@dataclass(slots=True, eq=False)
class Session:
    """Belongs to one user. It lives as long as its connection, and if it is resumable (``kept``) on until the user comes back or stays
    away for too long; there is one object for all its connections.
    """

    id: str
    user: str
    epoch: int
    connection: Connection
    """The one that is there, or ``NOBODY``."""
    connection_id: str
    """Of its newest connection."""
    origin: int = 0
    offset: int = 0
    """Number of the last frame that the Outbox sent in this epoch."""
    context: SessionContext | None = None
    """What it remembers; None for a session that cannot come back, and for one that has ended."""
    created: float = 0.0
    """Platform time."""
    kept: Kept | None = None
    """None: not resumable, or over. Nothing is kept for it."""
    outbound: OutboundQueue | None = None
    """What agents have said in it of their own accord; None until one does."""

    @property
    def is_live(self) -> bool:
        """It has a connection, which may be a dead one that nobody has noticed."""
        return self.connection is not NOBODY
