"""Answers: each check against its oracle."""

from __future__ import annotations

from hypothesis import given
from random_histories import (
    ANSWERS,
    against_oracle,
    codes,
    examples,
    expect,
    first_sends,
    histories,
    meant,
    open_attempts,
    rows_of,
    told,
)
from told_histories import Story

from Lockstep.checks import Event, History, Kind
from Lockstep.checks.answers import (
    contents_intact,
    no_phantom_replies,
    nothing_answered_twice,
    nothing_lost,
    nothing_refused_was_processed,
)


@against_oracle(histories())
def test_lost_is_what_has_no_reply_no_refusal_and_a_known_fate(history: History) -> None:
    for silent in (False, True):
        verdict = nothing_lost(history, silent=silent)
        assert codes(verdict) == expect(*["lost" for s in first_sends(history) if is_lost(history, s, silent=silent)])
        assert verdict.exercised == len(first_sends(history))


def is_lost(history: History, send: Event, *, silent: bool) -> bool:
    unknown, sends = told(history, Kind.SEND_UNKNOWN, send), told(history, Kind.SEND, send)
    ended = [attempt for event in unknown for attempt in meant(event, sends)]
    waits = [attempt for attempt in open_attempts(history, send) if attempt not in ended]
    spared = unknown and (silent or told(history, Kind.DUPLICATE, send))
    return bool(waits) and not told(history, Kind.REPLY, send) and not spared


@against_oracle(histories())
def test_answered_twice_is_what_has_two_replies(history: History) -> None:
    replies = [len(told(history, Kind.REPLY, s)) for s in first_sends(history)]
    verdict = nothing_answered_twice(history)
    assert codes(verdict) == expect(*["duplicated" for count in replies if count > 1])
    assert verdict.exercised == sum(count > 0 for count in replies)


@against_oracle(histories())
def test_a_phantom_names_what_was_not_sent(history: History) -> None:
    found = []
    answers = [e for e in history.events if e.kind in ANSWERS]
    for answer in answers:
        sends = [e for e in history.events if e.kind is Kind.SEND and e.message_id == answer.message_id]
        mine = [s for s in sends if s.user == answer.user and s.index < answer.index]
        if not mine:
            found.append("leaked_to_other_user" if any(s.user != answer.user for s in sends) else "phantom")
        elif not any(s.sequence_id is None or answer.sequence_id in (None, s.sequence_id) for s in meant(answer, mine)):
            found.append("phantom")
    verdict = no_phantom_replies(history)
    assert codes(verdict) == expect(*found)
    assert verdict.exercised == len(answers)


@against_oracle(histories())
def test_corrupted_is_a_digest_that_was_not_sent(history: History) -> None:
    exercised, corrupted = 0, 0
    for first in first_sends(history):
        sent = [s.digest for s in told(history, Kind.SEND, first)]
        for reply in told(history, Kind.REPLY, first):
            if reply.digest is not None and first.digest is not None:
                exercised += 1
                corrupted += None not in sent and reply.digest not in sent
    verdict = contents_intact(history)
    assert (verdict.exercised, codes(verdict)) == (exercised, expect(*["corrupted"] * corrupted))


@against_oracle(histories())
def test_an_effect_of_nothing_but_refused_attempts_is_aborted(history: History) -> None:
    exercised, aborted = 0, 0
    for first in first_sends(history):
        refusals = told(history, Kind.REFUSED, first)
        exercised += len(refusals)
        for effect in [*told(history, Kind.REPLY, first), *rows_of(history, first)] if refusals else []:
            aborted += bool(meant(effect, told(history, Kind.SEND, first))) and not meant(effect, open_attempts(history, first))
    verdict = nothing_refused_was_processed(history)
    assert (verdict.exercised, codes(verdict)) == (exercised, expect(*["aborted_effect"] * aborted))


@examples(100)
@given(histories())
def test_a_message_knows_which_attempts_may_have_been_processed(history: History) -> None:
    for message in history.messages:
        assert message.not_refused == open_attempts(history, message.send)


def test_as_many_refusals_as_attempts_leave_none_open() -> None:
    story = Story()
    for attempt in (1, 2):
        story.send("m1", attempt=attempt)
    story.refused("m1")
    assert len(story.history.messages[0].not_refused) == 2
    story.refused("m1")
    assert story.history.messages[0].not_refused == []
    retried = story.send("m1", attempt=3)
    assert story.history.messages[0].not_refused == [retried]


def test_of_two_clients_that_count_from_one_the_connection_tells_which_was_refused() -> None:
    story = Story()
    story.send("m1", attempt=1, connection=1)
    other = story.send("m1", attempt=1, connection=2)
    story.refused("m1", attempt=1, connection=1)
    assert story.history.messages[0].not_refused == [other]
