"""Asking for a session that may be somebody else's: what the target says, without a client of this test being changed by it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..checks.events import Event, Kind
from ..targets import Target
from .account import Account
from .client import Client
from .handshake import Refused
from .outcomes import Disconnected
from .sending import HANG_GUARD
from .session import SessionState

if TYPE_CHECKING:
    from .engine import Engine

HISTORY = "conversation_history"


@dataclass(frozen=True, slots=True)
class ResumeAttempt:
    """What somebody asked for and what came of it."""

    client: str
    """Alias under which the journal keeps what happened."""
    user: str
    asked: Mapping[str, object]
    """Session, epoch and offset."""
    since: int
    """Index of the journal from which on it happened."""
    connected: bool
    refusal: str
    """How the connection was refused, in words; empty where it was not."""
    session: str
    epoch: object
    recovered: bool
    reason: str
    told: Mapping[str, Any]
    """Everything that the greeting said of the session."""
    received: int
    """Numbered events that came by themselves before the fence."""
    history: Mapping[str, Any] | None
    """What the conversation history of the session says; None where that is not offered or was refused."""

    @property
    def same_session(self) -> bool:
        """The target let this user into the session that was asked for."""
        return self.connected and self.session == self.asked["session"]


async def try_to_resume(engine: Engine, account: Account, target: Target, asked: Mapping[str, object], *, fence: str | None) -> ResumeAttempt:
    """Connects as a user of its own, behind no client's back, and closes again."""
    since, alias = engine.journal.cursor, f"{account.role} (trying)"
    client = Client(alias, account)
    client.begin(account, None, resumable=True, source=None)
    client.session = SessionState(str(asked["session"]), asked["epoch"], int(str(asked["offset"])))
    try:
        connection = await engine.open(client, target)
    except Refused as refusal:
        return ResumeAttempt(alias, account.user, asked, since, connected=False, refusal=str(refusal), session="", epoch=None, recovered=False,
                             reason="", told={}, received=0, history=None)
    try:
        if fence is not None:
            await client.pending(fence, HANG_GUARD)
        history = await _history(client) if target.offers(HISTORY) else None
    finally:
        await asyncio.shield(connection.close())
    session, events = client.session, engine.journal.slice(since, {alias})
    told = (connection.hello.details if connection.hello else None) or {}
    received = sum(event.offset is not None and event.kind not in {Kind.CONNECTED, Kind.ANSWER} for event in events)
    return ResumeAttempt(alias, account.user, asked, since, connected=True, refusal="", session=session.id, epoch=session.epoch,
                         recovered=session.recovered, reason=str(told.get("reason", "")), told=told, received=received,
                         history=_fields(history) if history is not None else None)


async def _history(client: Client) -> Event | None:
    try:
        return await client.ask(HISTORY, HANG_GUARD)
    except (Disconnected, TimeoutError):
        return None


def _fields(answer: Event) -> Mapping[str, Any]:
    return (answer.details or {}).get("fields") or {}
