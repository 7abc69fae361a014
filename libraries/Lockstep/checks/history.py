"""One slice of what happened, arranged once so that every check can read it in one pass."""

from __future__ import annotations

from collections.abc import Sequence

from .events import Event, LedgerRow


class Message:
    """Everything that happened to one message of one user: its attempts and what became of them.

    A million events must stay cheap, so the usual case (one attempt, one acceptance, one reply) takes three fields and no list.
    """

    __slots__ = ("accepted", "reply", "rest", "send")

    def __init__(self, send: Event | None = None) -> None:
        self.send = send
        """The first attempt; None when this user never sent the message."""
        self.accepted: Event | None = None
        """The first acceptance."""
        self.reply: Event | None = None
        """The first reply."""
        self.rest: list[Event] | None = None
        """Every further event of this message, in order of arrival; None in the usual case."""

    @property
    def sends(self) -> list[Event]:
        """All attempts, in order of sending."""
        raise NotImplementedError

    @property
    def replies(self) -> list[Event]:
        """All replies, in order of arrival."""
        raise NotImplementedError

    @property
    def duplicates(self) -> list[Event]:
        """All answers that call an attempt a duplicate."""
        raise NotImplementedError

    @property
    def refusals(self) -> list[Event]:
        """All refusals."""
        raise NotImplementedError

    @property
    def unknowns(self) -> list[Event]:
        """Attempts whose answer can no longer arrive."""
        raise NotImplementedError


class History:
    """A slice of the journal, in index order, and the ledger rows that belong to it. Projections are made once, when first asked for."""

    def __init__(self, events: Sequence[Event], ledger: Sequence[LedgerRow] = ()) -> None:
        self.events = events
        self.ledger = ledger

    @property
    def messages(self) -> Sequence[Message]:
        """All messages that were sent, in order of first sending."""
        raise NotImplementedError

    @property
    def answered(self) -> Sequence[Message]:
        """All messages with a reply, in order of first reply (a reply that nobody asked for is among them)."""
        raise NotImplementedError

    def message(self, user: str, message_id: str | None) -> Message | None:
        """What happened to this message, or None when nothing did."""
        raise NotImplementedError

