"""The ledger: each check against its oracle."""

from __future__ import annotations

import pytest
from random_histories import against_oracle, codes, expect, first_sends, histories, meant, open_attempts, rows_of, told
from told_histories import Story

from Lockstep.checks import Event, History, Kind
from Lockstep.checks.ledger import everything_sent_was_processed, ledger_agrees_with_journal, nothing_acknowledged_was_lost


@against_oracle(histories())
def test_each_reply_has_its_row_and_no_row_is_of_a_message_never_sent(history: History) -> None:
    firsts = first_sends(history)
    found = []
    for first in firsts:
        for reply in told(history, Kind.REPLY, first)[:1]:
            rows, digest = rows_of(history, first), reply.digest or first.digest
            if not rows:
                found.append("disagreement")
            elif digest and rows[0].digest and digest not in [row.digest for row in rows]:
                found.append("corrupted")
    processed = {(row.user, row.message_id) for row in history.ledger if row.what == "processed"}
    senders = {first.user for first in firsts}
    found += ["phantom" for user, _ in processed - {(f.user, f.message_id) for f in firsts} if user in senders]
    verdict = ledger_agrees_with_journal(history)
    answered = sum(bool(told(history, Kind.REPLY, first)) for first in firsts)
    assert codes(verdict) == expect(*found)
    assert verdict.exercised == answered + sum(user in senders for user, _ in processed)


def is_due(history: History, first: Event) -> bool:
    """Some attempt may be processed; and if the last one surely is not, one before it was heard of, or may still be."""
    attempts = open_attempts(history, first)
    if not attempts or told(history, Kind.SEND, first)[-1] in attempts:
        return bool(attempts)
    if any(told(history, kind, first) for kind in (Kind.ACCEPTED, Kind.REPLY, Kind.DUPLICATE)):
        return True
    ended = [meant(unknown, told(history, Kind.SEND, first)) for unknown in told(history, Kind.SEND_UNKNOWN, first)]
    return any(attempt not in [one for ones in ended for one in ones] for attempt in attempts)


def test_what_was_refused_when_it_was_sent_again_over_a_new_connection_is_not_due() -> None:
    story = Story().exchange("b")
    story.send("a")
    story.add(Kind.CLOSE)
    story.unknown("a")
    story.send("a", attempt=2, connection=7)
    assert everything_sent_was_processed(story.history).counts == {"lost": 1}
    story.refused("a", attempt=2, connection=7)
    assert everything_sent_was_processed(story.history).counts == {}


@pytest.mark.parametrize("word", ["accepted", "reply", "duplicate"])
def test_what_was_refused_at_last_is_due_if_an_attempt_before_was_heard_of(word: str) -> None:
    story = Story().exchange("b")
    story.send("a")
    getattr(story, word)("a", attempt=1)
    story.add(Kind.CLOSE)
    story.unknown("a")
    story.send("a", attempt=2, connection=7)
    story.refused("a", attempt=2, connection=7)
    assert everything_sent_was_processed(story.history).counts == {"lost": 1}


def test_what_was_refused_when_it_was_sent_again_over_the_same_connection_is_due() -> None:
    story = Story().exchange("b")
    story.send("a")
    story.send("a", attempt=2)
    story.refused("a", attempt=2)
    assert everything_sent_was_processed(story.history).counts == {"lost": 1}


@against_oracle(histories())
def test_everything_sent_and_not_refused_has_a_row(history: History) -> None:
    processed = [bool(rows_of(history, first)) for first in first_sends(history)]
    lost = [first for first in first_sends(history) if not rows_of(history, first) and is_due(history, first)]
    verdict = everything_sent_was_processed(history)
    assert (verdict.exercised, codes(verdict)) == (sum(processed) + len(lost), expect(*["lost"] * len(lost)))


@against_oracle(histories())
def test_everything_acknowledged_has_a_row(history: History) -> None:
    acknowledged = [
        first for first in first_sends(history)
        if any(told(history, kind, first) for kind in (Kind.ACCEPTED, Kind.REPLY, Kind.DUPLICATE))
    ]
    lost = [first for first in acknowledged if not rows_of(history, first)]
    assert codes(nothing_acknowledged_was_lost(history)) == expect(*["not_durable"] * len(lost))


def test_who_says_that_the_agent_failed_takes_the_acceptance_back() -> None:
    for reason, expected in (("processing_failed", {}), ("evicted", {"not_durable": 1})):
        story = Story()
        story.send("a")
        story.accepted("a")
        story.refused("a", details={"reason": reason})
        story.exchange("b")
        assert codes(nothing_acknowledged_was_lost(story.history)) == expected
        story.send("a", attempt=2)
        story.accepted("a", attempt=2)
        assert codes(nothing_acknowledged_was_lost(story.history)) == {"not_durable": 1}, "what was accepted anew stands"
