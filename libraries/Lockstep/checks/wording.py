"""The words in which checks name messages, moments and attempts, so that all sentences read alike."""

from __future__ import annotations

from collections.abc import Sequence

from .events import Event
from .history import History
from .snapshots import Snapshot


def owner(event: Event) -> str:
    """Whose event it is: the user, or the client where no user is known."""
    return event.user or event.client


def message(event: Event) -> str:
    """The message an event is about: ``alice's message r-7``."""
    return f"{owner(event)}'s message {event.message_id}"


def sent(history: History, event: Event, *, urgent: bool) -> str:
    """A message by its sending: ``alice's urgent message r-7 (sent at +1.302 s)``."""
    return f"{owner(event)}'s {'urgent message' if urgent else 'message'} {event.message_id} (sent {at(history, event)})"


def snapshot(history: History, taken: Snapshot) -> str:
    """An answer about a state: ``alice's queue state at +1.302 s``."""
    question = str((taken.answer.details or {}).get("question", "state")).replace("_", " ")
    return f"{owner(taken.answer)}'s {question} {at(history, taken.answer)}"


def at(history: History, event: Event) -> str:
    """When, seen from the first event: ``at +1.302 s``."""
    return f"at {event.time - history.start:+.3f} s"


def listed(numbers: Sequence[object], most: int = 10) -> str:
    """The first few of a list and how many more there are: ``3, 5, 7 and 12 more``."""
    shown = ", ".join(str(number) for number in numbers[:most])
    return f"{shown} and {len(numbers) - most} more" if len(numbers) > most else shown


def counted(number: int, noun: str) -> str:
    """A number with its noun: ``1 reply``, ``2 replies``."""
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun[:-1]}ies" if noun.endswith("y") else f"{number} {noun}s"
