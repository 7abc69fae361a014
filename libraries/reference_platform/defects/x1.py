"""X1: a reconnection preserves the context. Whoever comes back finds nothing, something older, or somebody else's."""

from __future__ import annotations

from collections import deque
from copy import copy
from typing import TYPE_CHECKING

from reference_platform.policies import Sessions, Store
from reference_platform.policies.tokens import Identity
from reference_platform.registry import defect
from reference_platform.sessions.context import SessionContext
from reference_platform.sessions.session import Session, Wish

if TYPE_CHECKING:
    from reference_platform.host import Host
    from reference_platform.storage.batch import Batch


@defect("x1_context_lost")
class EmptyAfterReturn(Store):
    """Whoever comes back is welcomed as known, and finds an empty conversation and an agent that remembers nothing."""

    def context(self, session_id: str) -> SessionContext:
        """A new one at each return."""
        return SessionContext(session_id)


@defect("x1_context_of_other_user")
class AnybodysSession(Sessions):
    """Whoever names a session gets it, with all that was said in it, also when it belongs to another user."""

    def asked(self, identity: Identity, wish: Wish) -> Session | None:
        """The token is good, and nobody compares its user with the owner."""
        own, named = super().asked(identity, wish), self.open_sessions.get(wish.session_id or "")
        return own or (named if named is not None and named.kept is not None else None)


@defect("x1_context_rolled_back")
class LastChangeLost(Store):
    """Whoever comes back finds everything but the last change, although that was confirmed: an older copy is brought back."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.copies: dict[str, tuple[SessionContext, SessionContext]] = {}
        """By session: what it remembered before its last change, and since then."""

    def commit_now(self, batch: Batch) -> None:
        """Copies what was written."""
        super().commit_now(batch)
        for context in batch.contexts:
            _, newest = self.copies.get(context.session_id, (None, SessionContext(context.session_id)))
            if (newest.version, newest.count) != (context.version, context.count):
                self.copies[context.session_id] = newest, _copied(context)

    def context(self, session_id: str) -> SessionContext:
        """The copy from before."""
        if session_id not in self.copies:
            return super().context(session_id)
        before, _ = self.copies[session_id]
        self.copies[session_id] = before, before
        return _copied(before)


def _copied(context: SessionContext) -> SessionContext:
    copied = copy(context)
    copied.entries = deque(context.entries)
    return copied


@defect("x1_guessable_session")
class CountedSessions(Sessions):
    """Sessions are numbered one after the other: who has seen one id knows those of all others."""

    minted = 0

    def mint(self) -> str:
        """The next number."""
        self.minted += 1
        return f"session-{self.minted:06d}"
