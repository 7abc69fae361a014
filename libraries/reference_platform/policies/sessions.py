"""Sessions: what a user has open, and what survives a connection."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from reference_platform.messages import Fields
from reference_platform.sessions.absences import Absences
from reference_platform.sessions.session import NOBODY, Kept, Session, Wish

from .port import Port
from .tokens import Identity

if TYPE_CHECKING:
    from reference_platform.connections.connection import Connection
    from reference_platform.host import Host

REASONS = {"session_window": "session_expired", "session_lifetime": "session_too_old"}
"""What a client is told that asks for a session which this rule has ended."""
NOTED = 64
"""So many characters of an unknown id are noted."""
REMEMBERED = 10_000
"""Of so many sessions that are over it is known why."""


class Over(NamedTuple):
    """A session that nobody can come back to."""

    user: str
    rule: str
    left: float


class Sessions(Port):
    """Mints sessions and decides who comes back to which.

    Without a wish to come back a session ends with its connection. A resumable one is kept while its user is away, for
    ``session_window`` s of the platform's clock; older than ``session_lifetime`` s it is kept no more. It never has two connections.
    """

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.open_sessions: dict[str, Session] = {}
        """Those with a connection, and resumable ones without."""
        self.over: dict[str, Over] = {}
        """Resumable sessions that have ended, the last :data:`REMEMBERED`."""
        self._absences = Absences(host.clock, self.expire)

    # From a connection

    async def open(self, identity: Identity, connection: Connection) -> Session:
        """Gets a verified identity; returns the session of this connection, which has no other from now on. May wait; nothing was sent to
        the client yet. ``connection.wish`` says which session it wants.
        """
        wish = connection.wish
        if wish.session_id is None:
            return self.begin(identity, connection)
        asked = self.asked(identity, wish)
        if asked is not None and asked.kept is not None:
            async with asked.kept.turn:
                await self.take_over(asked)
                if asked.kept is not None:
                    self.resume(asked, connection)
                    return asked
        return self.refuse(identity, connection, wish.session_id)

    async def close(self, session: Session) -> None:
        """The connection is gone and everything it had sent is in the inbox or answered. May wait."""
        kept, now = session.kept, self.host.clock.now()
        self.host.events.note("taken_over" if session.connection.is_evicted else "left", session.user, session.id, session.connection_id)
        if kept is None:
            del self.open_sessions[session.id]
            return
        kept.left = now
        session.connection = NOBODY
        if now > session.created + self.host.config.session_lifetime:
            self.expire(session)
        else:
            self.host.transactions.session_changed(session)
            self._absences.begin(session, self.ends(session))

    def replaces(self, identity: Identity, wish: Wish) -> bool:
        """Whether a connection with this wish takes the place of one that is there, so that it needs no other."""
        asked = self.asked(identity, wish)
        return asked is not None and asked.is_live

    # Decisions

    def mint(self) -> str:
        """A new id; nobody can guess it."""
        return f"session-{secrets.token_hex(16)}"

    def asked(self, identity: Identity, wish: Wish) -> Session | None:
        """The session that a client wants, if there is one that this user may come back to."""
        self._absences.look()
        session = self.open_sessions.get(wish.session_id or "")
        return session if session is not None and session.kept is not None and session.user == identity.user else None

    async def take_over(self, session: Session) -> None:
        """Ends the connection that is there, however dead; returns when what it had sent is in the inbox or answered. May wait."""
        if session.is_live:
            before = session.connection
            before.evict()
            await before.released.wait()

    def unrecovered(self, session: Session, wish: Wish) -> str | None:
        """Why not everything can follow that came after the offset which the client names; None if it can."""
        if session.kept is not None and session.kept.renumbered:
            return "restarted" if wish.epoch == session.epoch - 1 else "stale_epoch"
        if wish.epoch != session.epoch or wish.offset > session.offset:
            return "stale_epoch"
        return "too_far_behind" if self.host.policies.outbox.missed(session, wish.offset) is None else None

    def ends(self, session: Session) -> float:
        """Until when (platform time) the user of this absent session may come back."""
        config = self.host.config
        left = session.kept.left if session.kept is not None else None
        return min((left or 0.0) + config.session_window, session.created + config.session_lifetime)

    def greeting(self, session: Session) -> Fields:
        """The first frame on a connection, ``connection_established``, complete."""
        greeting: Fields = {
            "type": "connection_established",
            "user_id": session.user,
            "session_id": session.id,
            "connection_id": session.connection_id,
            "epoch": session.epoch,
            "offset": session.offset,
            "resumable": False,
            "recovered": False,
            "server_time": self.host.clock.now(),
            "limits": self.host.config.limits(),
        }
        if session.kept is not None:
            greeting |= {"resumable": True, "head": session.offset, "waiting": self.host.policies.outbox.depth(session), **session.kept.told}
        return greeting

    # What follows from them

    def begin(self, identity: Identity, connection: Connection, told: Fields | None = None) -> Session:
        """A new session; its user may be told why it is not the one that was asked for."""
        session = Session(self.mint(), identity.user, 1, connection, connection.id, created=self.host.clock.now())
        self.open_sessions[session.id] = session
        if connection.wish.resumable:
            session.context = self.host.policies.store.context(session.id)
            session.kept = Kept(connection.wish.place, told={"offset": 0, "context_available": False, "location_changed": False, **(told or {})})
            self.host.transactions.session_changed(session)
        self.host.events.note("opened", session.user, session.id, session.connection_id)
        return session

    def refuse(self, identity: Identity, connection: Connection, asked: str) -> Session:
        """A new session in place of one that is over, somebody else's, or never was: only who owned it is told which."""
        told: Fields = {"reason": "unknown_session"}
        over = self.over.get(asked)
        if over is not None and over.user == identity.user:
            told = {"reason": REASONS[over.rule], "policy": over.rule, **self.absence(over.left)}
        self.host.events.note("refused_resume", identity.user, asked[:NOTED], "", told["reason"])
        return self.begin(identity, connection, told)

    def resume(self, session: Session, connection: Connection) -> None:
        """Gives the session to this connection; what it has missed follows behind its greeting, or a new epoch begins."""
        kept, wish = session.kept, connection.wish
        if kept is None:
            return
        reason = self.unrecovered(session, wish)
        self.host.policies.outbox.returned(session, wish, recovered=reason is None)
        if reason is not None and not (kept.renumbered and self.host.policies.outbox.missed(session, 0) is not None):
            self.renumber(session)
        kept.told = {
            "recovered": reason is None,
            "offset": wish.offset if reason is None else 0,
            **({"reason": reason} if reason is not None else {}),
            "context_available": True,
            "location_changed": kept.place != wish.place,
            **self.absence(kept.left),
        }
        session.connection, session.connection_id = connection, connection.id
        session.context = self.host.policies.store.context(session.id)
        kept.left, kept.place, kept.renumbered = None, wish.place, False
        kept.connections += 1
        self.host.transactions.session_changed(session)
        self.host.events.note("resumed", session.user, session.id, session.connection_id, reason or "")

    def renumber(self, session: Session) -> None:
        """The next epoch begins; what was pushed in the one before is no longer promised."""
        session.epoch += 1
        session.offset = 0
        if session.kept is not None:
            session.kept.retained.clear()

    def absence(self, left: float | None) -> Fields:
        """How long somebody was away, in words too."""
        config, now = self.host.config, self.host.clock.now()
        seconds = round(now - left, 3) if left is not None else 0.0
        if seconds > config.session_window:
            return {"absence": seconds, "absence_class": "extended"}
        if seconds < config.brief_absence:
            return {"absence": seconds, "absence_class": "brief"}
        warning = f"you were away for {seconds:.0f} s; after {config.session_window:g} s the session would have been over"
        return {"absence": seconds, "absence_class": "medium", "warning": warning}

    def expire(self, session: Session) -> None:
        """Nobody can come back to this session any more: it leaves memory and store."""
        if session.kept is None:
            return
        left, config = session.kept.left or 0.0, self.host.config
        rule = "session_window" if left + config.session_window <= session.created + config.session_lifetime else "session_lifetime"
        self.over[session.id] = Over(session.user, rule, left)
        if len(self.over) > REMEMBERED:
            del self.over[next(iter(self.over))]
        self.host.policies.outbox.ended(session)
        session.kept = session.context = None
        self.open_sessions.pop(session.id, None)
        self.host.policies.streams.over(session)
        self.host.transactions.session_ended(session)
        self.host.events.note("expired", session.user, session.id, session.connection_id, rule)

    def recovered(self, sessions: Mapping[str, Session]) -> None:
        """Called once at the start with the sessions of earlier processes."""
        self.open_sessions.update(sessions)
        for session in sessions.values():
            self._absences.begin(session, self.ends(session))
        self._absences.look()

