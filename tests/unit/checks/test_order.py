"""Order: each check against the obvious quadratic version."""

from __future__ import annotations

from hypothesis import strategies as st
from random_histories import against_oracle, codes, expect, first_sends, histories, meant, open_attempts, rows_of, told
from told_histories import Story

from Lockstep.checks import Event, History, Kind, LedgerRow
from Lockstep.checks.order import Scope, processed_in_send_order, replies_in_send_order

scopes = st.sampled_from(("connection", "user", "none"))


def judged(effects: list[tuple[Event | LedgerRow, list[Event]]], scope: Scope) -> tuple[int, dict[str, int]]:
    """Effects with the attempts they may come from, in order of effect: how many count, and which are overtaken for certain."""
    effects = [(e, a) for e, a in effects if a and (scope != "connection" or len({s.connection for s in a}) == 1)]

    def lane(attempt: Event) -> object:
        return (attempt.connection if scope == "connection" else attempt.user, (attempt.details or {}).get("priority", "normal"))

    overtaken = [
        late for position, (late, attempts) in enumerate(effects)
        if any(lane(before[0]) == lane(attempts[0]) and before[0].index > attempts[-1].index for _, before in effects[:position])
    ]
    return len(effects), expect(*["reordered"] * len(overtaken)) if scope != "none" else {}


@against_oracle(histories(honest_echo=True, size=30), scopes)
def test_a_reply_is_reordered_when_a_message_surely_sent_later_was_answered_before(history: History, scope: Scope) -> None:
    effects = [
        (reply, meant(reply, [s for s in open_attempts(history, first) if s.index < reply.index]))
        for first in first_sends(history) for reply in told(history, Kind.REPLY, first)[:1]
    ]
    effects.sort(key=lambda effect: effect[0].index)
    verdict = replies_in_send_order(history, scope)
    assert (verdict.exercised, codes(verdict)) == judged(effects, scope)


@against_oracle(histories(honest_echo=True, size=30), scopes)
def test_a_row_is_reordered_when_a_message_surely_sent_later_was_processed_before(history: History, scope: Scope) -> None:
    effects = [(row, meant(row, open_attempts(history, first))) for first in first_sends(history) for row in rows_of(history, first)[:1]]
    effects.sort(key=lambda effect: effect[0].index)
    verdict = processed_in_send_order(history, scope)
    assert (verdict.exercised, codes(verdict)) == judged(effects, scope)



def test_two_clients_of_a_user_that_count_from_one_are_told_apart_by_the_session_of_the_row() -> None:
    story = Story()
    story.connected(session="s-1", connection=1)
    story.connected(session="s-2", connection=2)
    story.send("a", connection=1)
    story.send("b", connection=2)
    story.send("a", connection=2)
    story.row("a", session="s-2")
    story.row("b", session="s-2")
    assert codes(processed_in_send_order(story.history)) == {"reordered": 1}
    story.rows.clear()
    story.row("a", session="s-1")
    story.row("b", session="s-2")
    assert codes(processed_in_send_order(story.history)) == {}


def test_the_sentence_names_both_messages_and_the_evidence_shows_them() -> None:
    story = Story()
    sends = [story.send(m) for m in ("m1", "m2")]
    replies = [story.reply(m) for m in ("m2", "m1")]
    violation = replies_in_send_order(story.history).violations[0]
    assert violation.sentence == (
        "alice's replies are out of send order: message m1 was answered after message m2, which was sent later "
        "(2 replies in all, at +0.300 s)"
    )
    assert violation.evidence == (replies[1].index, replies[0].index, sends[0].index, sends[1].index)
