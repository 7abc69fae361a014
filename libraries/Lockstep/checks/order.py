"""Answers and effects keep the order in which messages were sent."""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Sequence
from itertools import compress, repeat
from operator import ne
from typing import Literal

from . import wording
from .columns import entries
from .events import Event, LedgerRow
from .history import History
from .messages import NEVER, Message, attempts_meant
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
    _judge(history, verdict, scope, history.journal.origins.positions, history.journal.replies)
    return verdict.concluded()


def processed_in_send_order(history: History, scope: Scope = "connection") -> Verdict:
    """Within the scope, the ledger's *processed* rows stand in the order in which the messages were sent (*reordered*).

    A row belongs to an attempt as a reply does; rows of messages not sent belong to another check.
    O(n). Source: nonmonotonic poll of Jepsen's kafka checker, applied to the server's own account.
    """
    verdict = Verdict("processed in send order")
    rows = history.processed.rows
    sends = array("I", entries(history.journal.sent, rows.entries(history.ledger.messages)))
    sent = bytes(map(ne, sends, repeat(NEVER)))
    _judge(history, verdict, scope, array("I", compress(sends, sent)), history.ledger.at(array("I", compress(rows.positions, sent))))
    return verdict.concluded()


def _judge(history: History, verdict: Verdict, scope: Scope, sends: Sequence[int], effects: Sequence[Effect]) -> None:
    """`sends` are the positions of the first attempts of the messages whose `effects` are judged, one by one in the order of the effects."""
    verdict.exercised, inversions = len(sends), 0
    events = history.events
    repeated = {message.send.index: message for message in history.journal.unusual()}
    urgent = set(entries(events.indexes, compress(sends, entries(events.details, sends))))
    scopes: list[Hashable] = [source.connection if scope == "connection" else source.user for source in events.names.sources]
    newest: dict[Hashable, int] = {}
    for place, (index, usual) in enumerate(zip(entries(events.indexes, sends), entries(scopes, entries(events.sources, sends)), strict=True)):
        earliest, latest, key = index, index, usual
        if index in repeated or index in urgent:
            effect, send = effects[place], events.indexed(index)
            attempts = _attempts(history, repeated[index], effect) if index in repeated else [send]
            if not attempts or (scope == "connection" and len({attempt.connection for attempt in attempts}) > 1):
                verdict.exercised -= 1  # refused, or sent on two connections: no order is promised between them
                continue
            earliest, latest = attempts[0].index, attempts[-1].index
            key = _key(scope, attempts[0])
        before = newest.get(key, -1)
        if earliest > before:
            newest[key] = earliest
        elif latest < before and scope != "none":
            inversions += 1
            _report(history, verdict, effects[place], events.indexed(latest), events.indexed(before))
    verdict.measured("order_violations", inversions, "messages", verdict.exercised)


def _key(scope: Scope, send: Event) -> Hashable:
    """What this sending keeps its order with; priority classes keep an order each."""
    key = send.connection if scope == "connection" else send.user
    priority = (send.details or {}).get("priority", "normal")
    return key if priority == "normal" else (key, priority)


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
