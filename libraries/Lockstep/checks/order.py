"""Answers and effects keep the order in which messages were sent."""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Iterator, Sequence
from itertools import compress
from typing import Literal

from . import bulk, wording
from .bulk import NEVER
from .events import Event, LedgerRow
from .history import History
from .messages import Message, attempts_meant
from .names import Source
from .picked import entries
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
    rows = history.processed.rows.positions
    sends = bulk.taken(history.journal.sent, bulk.taken(history.ledger.messages, rows))
    sent = bulk.negated(bulk.equal(sends, NEVER))
    _judge(history, verdict, scope, bulk.chosen(sends, sent), history.ledger.at(bulk.chosen(rows, sent)))
    return verdict.concluded()


def _judge(history: History, verdict: Verdict, scope: Scope, sends: array[int], effects: Sequence[Effect]) -> None:
    """`sends` are the positions of the first attempts of the messages whose `effects` are judged, one by one in the order of the effects."""
    events, inversions = history.events, 0
    judged = _Judged(history, scope, sends)
    repeated = {events.position(message.send): message for message in history.journal.unusual()}
    special = bytearray(len(events))
    for position in (*repeated, *compress(sends, entries(events.details, sends))):
        special[position] = 1
    for place in bulk.places(bulk.taken(special, sends)):
        message = repeated.get(sends[place])
        judged.settle(place, _attempts(history, message, effects[place]) if message else [events[sends[place]]])
    verdict.exercised = judged.kept.count(1)
    for place, latest, before in judged.inversions() if scope != "none" else ():
        inversions += 1
        _report(history, verdict, effects[place], events[latest], events[before])
    verdict.measured("order_violations", inversions, "messages", verdict.exercised)


class _Judged:
    """The sendings whose effects are judged: a column each for what they keep their order with and for their position."""

    def __init__(self, history: History, scope: Scope, sends: array[int]) -> None:
        events = history.events
        self._events, self._scope = events, scope
        self._numbers: dict[Hashable, int] = {}
        of_source = array("I", (self._number(_scope(scope, source)) for source in events.names.sources))
        self._scopes = bulk.taken(of_source, bulk.taken(events.sources, sends))
        self._earliest = array(sends.typecode, sends)
        self._latest: dict[int, int] = {}
        self.kept = bytearray(b"\1" * len(sends))
        """0 where no order is promised."""

    def _number(self, scope: Hashable) -> int:
        return self._numbers.setdefault(scope, len(self._numbers))

    def settle(self, place: int, attempts: list[Event]) -> None:
        """Says which attempts an effect may come from."""
        if not attempts or (self._scope == "connection" and len({attempt.connection for attempt in attempts}) > 1):
            self.kept[place] = 0  # refused, or sent on two connections: no order is promised between them
            return
        first = attempts[0]
        self._earliest[place], self._latest[place] = self._events.position(first), self._events.position(attempts[-1])
        scope, priority = _scope(self._scope, first), (first.details or {}).get("priority", "normal")
        self._scopes[place] = self._number(scope if priority == "normal" else (scope, priority))  # each class keeps an order of its own

    def inversions(self) -> Iterator[tuple[int, int, int]]:
        """Each place whose sending certainly came before one of an earlier place: the place, and both positions."""
        kept = bytes(self.kept)
        for places in bulk.grouped(bulk.chosen(self._scopes, kept), bulk.places(kept)).values():
            if bulk.rises(bulk.taken(self._earliest, places)):
                continue
            newest = -1
            for place in places:
                latest = self._latest.get(place, self._earliest[place])
                if latest < newest:
                    yield place, latest, newest
                newest = max(newest, self._earliest[place])


def _scope(scope: Scope, whence: Source | Event) -> Hashable:
    return whence.connection if scope == "connection" else whence.user


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
