"""Answers and effects keep the order in which messages were sent."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Literal

from . import wording
from .events import Event, LedgerRow
from .history import History
from .messages import Message, attempts_meant
from .verdict import Verdict
from .violations import Code

Scope = Literal["connection", "user", "none"]
"""Where order is promised: among the messages of one connection, of one user, or not at all."""

Effect = Event | LedgerRow
"""What is judged: a first reply, or the ledger's row that says the message was processed."""


def replies_in_send_order(history: History, scope: Scope = "connection") -> Verdict:
    """Within the scope, first replies arrive in the order in which their messages were sent (*reordered*).

    A reply is reordered when a message that was certainly sent after its own was answered before it. Which attempt was
    answered is what the reply names; where it names none, each attempt that was not refused may be meant, and only what is
    wrong for all of them is reported. Priority classes (details "priority" of the sending) keep an order each. Under "none"
    replies are counted and nothing is judged. O(n). Source: nonmonotonic poll of Jepsen's kafka checker.
    """
    verdict = Verdict("replies in send order")
    _judge(history, verdict, scope, history.journal.origins, history.journal.replies)
    return verdict.concluded()


def processed_in_send_order(history: History, scope: Scope = "connection") -> Verdict:
    """Within the scope, the ledger's *processed* rows stand in the order in which the messages were sent (*reordered*).

    A row belongs to an attempt as a reply does; rows of messages not sent belong to another check.
    O(n). Source: nonmonotonic poll of Jepsen's kafka checker, applied to the server's own account.
    """
    verdict = Verdict("processed in send order")
    sends: list[Event] = []
    effects: list[LedgerRow] = []
    by_user, origins = history.journal.by_user, history.journal.origins
    for row in history.processed.rows:
        entry = by_user[row.user].get(row.message_id)
        if entry is not None:
            sends.append(origins[entry] if isinstance(entry, int) else entry)
            effects.append(row)
    _judge(history, verdict, scope, sends, effects)
    return verdict.concluded()


def _judge(history: History, verdict: Verdict, scope: Scope, sends: Sequence[Event], effects: Sequence[Effect]) -> None:
    """`sends` are the first attempts of the messages whose `effects` are judged, one by one in the order of the effects."""
    repeated = {message.send.index: message for message in history.journal.unusual()}
    newest: dict[Hashable, Event] = {}
    exercised = inversions = 0
    by_connection, unordered = scope == "connection", scope == "none"
    for send, effect in zip(sends, effects, strict=True):
        earliest = latest = send
        index = send.index
        if index in repeated:
            attempts = _attempts(history, repeated[index], effect)
            if not attempts or (by_connection and len({attempt.connection for attempt in attempts}) > 1):
                continue  # refused, or sent on two connections: no order is promised between them
            earliest, latest = attempts[0], attempts[-1]
            index = earliest.index
        exercised += 1
        if unordered:
            continue
        key: Hashable = earliest.connection if by_connection else earliest.user
        priority = earliest.details.get("priority", "normal") if earliest.details else "normal"
        if priority != "normal":
            key = (key, priority)
        before = newest.get(key)
        if before is None or index > before.index:
            newest[key] = earliest
        elif latest.index < before.index:
            inversions += 1
            _report(history, verdict, effect, latest, before)
    verdict.exercised = exercised
    verdict.measured("order_violations", inversions, "messages", exercised)


def _attempts(history: History, message: Message, effect: Effect) -> list[Event]:
    """The attempts of a message that an effect may come from, in order of sending."""
    if isinstance(effect, Event):
        return attempts_meant(effect, [send for send in message.not_refused if send.index < effect.index])
    attempts = attempts_meant(effect, message.not_refused)
    near = [attempt for attempt in attempts if history.session(attempt.connection) == effect.session]
    return near or attempts


def _report(history: History, verdict: Verdict, effect: Effect, send: Event, before: Event) -> None:
    later = f"message {before.message_id}, which was sent later"
    if isinstance(effect, Event):
        verdict.violated(
            Code.REORDERED,
            f"{wording.owner(send)}'s replies are out of send order: message {send.message_id} was answered after {later} "
            f"({wording.counted(len(history.journal.replies), 'reply')} in all, {wording.at(history, effect)})",
            effect, history.journal.message(before).reply, send, before,
        )
    else:
        verdict.violated(
            Code.REORDERED,
            f"{wording.owner(send)}'s messages were processed out of send order: message {send.message_id} was processed "
            f"after {later} (ledger row {effect.index} of {len(history.ledger)})",
            effect, history.processed.of(before)[0], send, before,
        )
