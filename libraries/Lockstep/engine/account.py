"""A user of the target within one test: numbers messages and counts attempts, over all clients of the user."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Account:
    """``role`` is the name in the suite; ``login`` is unique per run and test, so nothing of earlier runs collides."""

    role: str
    login: str
    user: str = ""                     # the target's own id of this account
    prepared: dict[str, str] | None = None
    """What the target said when the account was prepared for its first connection; None before that."""
    token_lifetime: float | None = None
    """s for which its tokens shall be valid; None: as long as the target likes."""
    spared: int = 0
    """Messages that were asked for and not sent, since the target does not take so many."""
    next_sequence: int = 0
    attempts: Counter[str] = field(default_factory=Counter)
    sent: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Sequence id and text of each message, so that a later attempt repeats the message and not only its id."""
    said: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """What a message said beside its text, where it said anything; a later attempt says it too."""
    agents: tuple[str, ...] = ()
    """The team that this user was given in this test."""

    @property
    def canary(self) -> str:
        """A word that stands in every text of this user and must never reach another one."""
        return f"canary-{self.login}"

    def new_id(self) -> str:
        """The id that the next message of this user gets."""
        return f"{self.login}.{self.next_sequence}"

    def message(self, message_id: str, content: str) -> tuple[int, str]:
        """Sequence id and text of a message: those of its first attempt, or the next number and this text."""
        if message_id not in self.sent:
            self.sent[message_id] = (self.next_sequence, content)
            self.next_sequence += 1
        return self.sent[message_id]

    def attempt(self, message_id: str) -> int:
        """The number of the next sending of a message, from 1."""
        self.attempts[message_id] += 1
        return self.attempts[message_id]
