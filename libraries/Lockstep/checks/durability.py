"""Through faults and restarts every message keeps its one effect and its one end."""

from __future__ import annotations

from array import array
from collections.abc import Collection

from . import bulk, wording
from .bulk import NEVER
from .events import Event, Kind
from .history import History
from .messages import Message
from .struck import faults, kind_of
from .verdict import Verdict
from .violations import Code

KILLS = frozenset({"kill"})
"""Faults that end the server's process without a chance to write anything down."""


def every_message_has_one_end(history: History, answer: str = "reject") -> Verdict:
    """Behind the barrier each message was answered; or every attempt was refused; or a later one was called a duplicate after the answer
    had been lost for good; or its fate is unknown and may be (*lost* otherwise).

    For good is lost what was under way when a session was not recovered: with a recovered one the answer comes after all. Unknown may
    be what was sent on a connection that died, unless the ledger, where there is one, shows it processed for a session that lives on.
    `answer`: what the target promises to duplicates; where it is *silent*, a later attempt of what was lost for good has no answer either,
    if the ledger shows an effect.
    Measures *delivered*, the share of messages that came to a good end among those neither refused nor unknown. O(n). Source:
    total-queue checker of Jepsen with its third outcome, info.
    """
    verdict = Verdict("every message has one end", exercised=len(history.journal.sends))
    lives = _Lives(history)
    open_fates = lost = 0
    for position, total, message in history.journal.unanswered():
        if not message.not_refused and not message.promised:
            open_fates += 1
        elif wrong := _wrong_end(history, message, lives, silent=answer == "silent"):
            lost += 1
            verdict.violated(
                Code.LOST, f"{wording.message(message.send)} {wrong} (message {position} of {total}, sent {wording.at(history, message.send)})", *message.events,
            )
        elif not message.duplicates:
            open_fates += 1
    due = verdict.exercised - open_fates
    if due:
        verdict.measured("delivered", 100 * (due - lost) / due, "%", due)
    verdict.measured("lost", lost, "messages", verdict.exercised)
    return verdict.concluded()


def _wrong_end(history: History, message: Message, lives: _Lives, *, silent: bool) -> str:
    """Why a message without a reply should have one; empty where it may have none."""
    last = message.sends[-1]
    ends = [event for event in message.events if event.index > last.index and event.kind is not Kind.ACCEPTED and event.attempt in (None, last.attempt)]
    rows = history.processed.of(message.send)
    is_silent_copy = silent and len(message.sends) > 1 and not lives.on(message.send) and (rows or not history.ledger)
    if not ends and not message.duplicates and not is_silent_copy:
        return "was accepted but never answered" if message.promised else "was never answered"
    if not lives.on(message.send):
        return ""
    if message.duplicates:
        return "was called a duplicate and never answered, although the session lives on and nothing of it was given up"
    return f"was processed (ledger row {rows[0].index}) and never answered, although the session lives on and nothing of it was given up" if rows else ""


class _Lives:
    """Whether all that a client was to get after some moment must have come."""

    def __init__(self, history: History) -> None:
        self._broken: dict[str, int] = {}
        self._current: dict[str, int] = {}
        """Client -> its connection; 0 where it has none any more."""
        for event in history.events.of(Kind.CONNECTED, Kind.CLOSE):
            if event.kind is Kind.CONNECTED:
                self._current[event.client] = event.connection
                if (event.details or {}).get("recovered") is not True:
                    self._broken[event.client] = event.index
            elif self._current.get(event.client, event.connection) == event.connection:
                self._current[event.client] = 0

    def on(self, send: Event) -> bool:
        """Whether the client is connected at the end, and was never told since this sending that its session was not recovered."""
        return self._current.get(send.client, 1) != 0 and self._broken.get(send.client, -1) < send.index


def confirmed_survives_kills(history: History, kills: Collection[str] = KILLS) -> Verdict:
    """What was confirmed before the process was killed has its one effect behind the restart, also if it is sent again (*not_durable*).

    Confirmed is what was accepted or answered. Needs the ledger. O(n). Source: lost write of Jepsen; duplicates that
    a restart forgets.
    """
    verdict = Verdict("what was confirmed survives a kill")
    events, journal = history.events, history.journal
    deaths = [events.position(fault) for fault in faults(history, "done") if kind_of(fault) in kills]
    if deaths:
        numbers = bulk.taken(events.messages, journal.sends.positions)
        confirmed = bulk.least(bulk.taken(journal.accepted, numbers), bulk.taken(journal.replied, numbers))
        before = bulk.chosen(numbers, bulk.less(confirmed, array("i", [deaths[-1]]) * len(confirmed)))
        verdict.exercised = len(before)
        for number in bulk.chosen(before, bulk.equal(bulk.taken(history.processed.first, before), NEVER)):
            message = journal.numbered(number)
            verdict.violated(
                Code.NOT_DURABLE, f"{wording.message(message.send)} was confirmed before the process was killed, and the ledger never processed it", *message.events[:2],
            )
        for message in journal.unusual():
            if again := _processed_again(history, message, deaths):
                verdict.violated(Code.NOT_DURABLE, f"{wording.message(message.send)} {again}", *message.events)
    return verdict.concluded()


def _processed_again(history: History, message: Message, deaths: list[int]) -> str:
    """Says so if a message was answered, the process killed, and the message answered or processed once more when it was sent again."""
    if message.reply is None:
        return ""
    confirmed = history.events.position(message.reply)
    death = next((position for position in deaths if position > confirmed), None)
    if death is None:
        return ""
    killed = history.events[death]
    sent, replies = ([event for event in found if event.index > killed.index] for found in (message.sends, message.replies))
    processed = len(history.processed.of(message.send))
    if sent and (replies or processed > 1):
        return (
            f"was answered {wording.at(history, message.reply)}, the process was killed {wording.at(history, killed)}, and sent again "
            f"{wording.at(history, sent[0])} it was {'answered once more' if replies else f'processed {processed} times in all'}"
        )
    return ""
