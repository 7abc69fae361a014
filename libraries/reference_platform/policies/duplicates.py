"""Duplicates: whether a message was seen before."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

from reference_platform.messages import Fields, UserMessage

from .port import Port

if TYPE_CHECKING:
    from reference_platform.connections.connection import Connection
    from reference_platform.host import Host

SEEDS = 10_000
"""Users whose part of the hash is kept."""

Key = int
"""A short hash by which claims are stored; ids that share one are told apart by the ids themselves."""


class Known(NamedTuple):
    """An earlier claim of the same message."""

    at: float
    """Platform time of the claim, s."""
    user: str
    connection_id: str


class Claim(NamedTuple):
    """What to do with a message."""

    admit: bool
    """Goes on to the inbox."""
    answer: Fields | None = None
    """Sent to the client as it is (None: it is told nothing)."""
    reply: bool = True
    """If admitted: whether the agent's reply is sent."""


ADMITTED = Claim(admit=True)


class Duplicates(Port):
    """Remembers (user, message id) for ``window`` seconds of the platform's clock, through restarts.

    In memory are only claims that no commit has made durable yet; everything else is asked of the store.
    """

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.uncommitted: dict[tuple[str, str], UserMessage] = {}
        """Claims of the last moments, by scope and id."""
        self._is_whole = self.keeps("key", "find", "remember")
        self._scopes: dict[str, tuple[str, int]] = {}
        """By user: the scope, and its part of the hash."""

    @property
    def window(self) -> float:
        """How long a message id is remembered, s."""
        return self.host.config.duplicate_window

    async def claim(self, message: UserMessage, connection: Connection) -> Claim:
        """Gets each valid message once per attempt, in the order of its connection; other connections' calls may interleave
        wherever this waits. Returns what to do with it. An admitted message is known from this moment on.
        """
        return self.claim_now(message, connection)

    def claim_now(self, message: UserMessage, connection: Connection) -> Claim:
        """``claim`` without waiting; the pipeline calls it directly where ``claim`` is not replaced."""
        if self._is_whole:  # nearly every id is new, and that is seen soonest
            message_id = message.message_id
            scope, seed = self._scopes.get(message.user) or self._scoped(message.user)
            message.key = key = crc32(message_id.encode(), seed)
            place = scope, message_id
            if place not in self.uncommitted and not self.host.policies.store.claims(key, message_id):
                self.uncommitted[place] = message
                return ADMITTED
        else:
            message.key = self.key(message)
        known = self.find(message, connection)
        if known is not None and not self.is_over(known):
            return Claim(admit=False, answer=self.rejection(message))
        self.remember(message)
        return ADMITTED

    def release(self, message: UserMessage) -> None:
        """The message was admitted here, but the inbox refused it or its agent failed: its id may be tried again."""
        self.uncommitted.pop((self.scope(message.user), message.message_id), None)

    def committed(self, messages: list[UserMessage]) -> None:
        """These admitted messages are durable now and found in the store."""
        pop, user, scope = self.uncommitted.pop, None, ""
        for message in messages:
            if message.user != user:  # mostly it is the one before
                user = message.user
                scope = self.scope(user)
            pop((scope, message.message_id), None)

    def connection_closed(self, connection: Connection) -> None:
        """Nothing more comes from this connection; everything it had sent was claimed before."""

    def recovered(self) -> None:
        """Called once at the start, when the store can be asked for what earlier processes have claimed."""

    def scope(self, user: str) -> str:
        """Within which an id must be unique: the user."""
        return user

    def key(self, message: UserMessage) -> Key:
        """The hash of scope and id; the same after a restart."""
        _, seed = self._scopes.get(message.user) or self._scoped(message.user)
        return crc32(message.message_id.encode(), seed)

    def find(self, message: UserMessage, connection: Connection) -> Known | None:  # noqa: ARG002 - for subclasses
        """The newest claim of the same id in the same scope, however old, or None."""
        scope, _ = self._scopes.get(message.user) or self._scoped(message.user)
        claimed = self.uncommitted.get((scope, message.message_id))
        if claimed is not None:
            return Known(self.host.clock.now(), claimed.user, claimed.session.connection_id if claimed.session else "")
        for at, user, connection_id in self.host.policies.store.claims(message.key, message.message_id):
            if self.scope(user) == scope:
                return Known(at, user, connection_id)
        return None

    def is_over(self, known: Known) -> bool:
        """Whether the window of an earlier claim has passed."""
        return self.host.clock.now() - known.at > self.window

    def remember(self, message: UserMessage) -> None:
        """From now on the message is known."""
        scope, _ = self._scopes.get(message.user) or self._scoped(message.user)
        self.uncommitted[scope, message.message_id] = message

    def rejection(self, message: UserMessage) -> Fields:
        """The answer to a repeated message."""
        return {
            "type": "duplicate_rejected",
            "message_id": message.message_id,
            "attempt": message.attempt,
            "sequence_id": message.sequence_id,
        }

    def _scoped(self, user: str) -> tuple[str, int]:
        if len(self._scopes) >= SEEDS:
            self._scopes.clear()
        scope = self.scope(user)
        found = self._scopes[user] = scope, crc32(scope.encode())
        return found
