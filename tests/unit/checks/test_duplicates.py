"""Duplicates: each check against its oracle."""

from __future__ import annotations

import itertools
from collections import Counter

from hypothesis import strategies as st
from random_histories import IDS, against_oracle, codes, expect, first_sends, histories, rows_of, told
from told_histories import Story

from Lockstep.checks import History, Kind
from Lockstep.checks.duplicates import Answer, duplicates_accounted, processed_once_in_ledger, processed_so_often

answers = st.sampled_from(("reject", "silent", "replay"))


@against_oracle(histories(honest_echo=True), answers, st.none() | st.sets(st.sampled_from(IDS)))
def test_replies_and_duplicate_answers_are_one_of_the_allowed_counts(history: History, answer: Answer, only: set[str] | None) -> None:
    exercised, found = 0, []
    for first in first_sends(history):
        if only is not None and first.message_id not in only:
            continue
        told_of = {kind: told(history, kind, first) for kind in Kind}
        sends, replies, duplicates = told_of[Kind.SEND], told_of[Kind.REPLY], told_of[Kind.DUPLICATE]
        if len(sends) < 2:
            continue
        exercised += 1
        attempts, unknown = max(len(sends) - len(told_of[Kind.REFUSED]), 0), len(told_of[Kind.SEND_UNKNOWN])
        promised = {"reject": (min(attempts, 1), max(attempts - 1, 0)), "silent": (min(attempts, 1), 0), "replay": (attempts, 0)}[answer]
        allowed = {
            (promised[0] - a, promised[1] - b)
            for a, b in itertools.product(range(promised[0] + 1), range(promised[1] + 1)) if a + b <= min(unknown, attempts)
        }
        wrong = (len(replies), len(duplicates)) not in allowed
        wrong |= answer == "replay" and len({reply.digest for reply in replies}) > 1
        settled = [*replies, *duplicates, *told_of[Kind.REFUSED]]
        if answer != "silent" and all(event.attempt is not None for event in settled):
            for number in {event.attempt for event in [*sends, *settled]}:
                here = [sum(event.attempt == number for event in events) for events in (sends, settled, told_of[Kind.SEND_UNKNOWN])]
                wrong |= here[1] > here[0] or here[1] + here[2] < here[0]
        found += ["miscounted_duplicates"] * wrong
    verdict = duplicates_accounted(history, answer, only)
    assert (verdict.exercised, codes(verdict)) == (exercised, expect(*found))


@against_oracle(histories())
def test_the_ledger_has_one_processed_row_for_each_message_that_was_promised(history: History) -> None:
    counts = Counter((row.user, row.message_id) for row in history.ledger if row.what == "processed")
    users = {first.user for first in first_sends(history)}
    found = ["duplicated" for (user, _), count in counts.items() if count > 1 and user in users]
    found += [
        "lost" for first in first_sends(history)
        if not rows_of(history, first) and (told(history, Kind.REPLY, first) or told(history, Kind.ACCEPTED, first))
    ]
    assert codes(processed_once_in_ledger(history)) == expect(*found)



def test_an_attempt_without_an_answer_is_named() -> None:
    story = Story()
    for attempt in (1, 2, 3):
        story.send("m1", attempt=attempt)
    story.reply("m1", attempt=1)
    story.duplicate("m1", attempt=2)
    assert duplicates_accounted(story.history).violations[0].sentence == (
        "alice's message m1 was sent 3 times, first at +0.000 s: expected 1 reply and 2 duplicate answers, but got 1 and 1; "
        "no answer to attempt 3"
    )


def test_replayed_replies_are_equal() -> None:
    story = Story()
    for attempt in (1, 2):
        story.send("m1", attempt=attempt)
        story.reply("m1", attempt=attempt, digest=f"d-{attempt}")
    verdict = duplicates_accounted(story.history, answer="replay")
    assert verdict.violations[0].sentence.endswith("the replies should be equal, but have 2 different contents")


def test_an_attempt_answered_twice_is_named() -> None:
    story = Story()
    story.send("m1", attempt=1)
    story.send("m1", attempt=2)
    story.reply("m1", attempt=1)
    story.duplicate("m1", attempt=1)
    assert duplicates_accounted(story.history).violations[0].sentence.endswith(
        "no answer to attempt 2; 2 answers to attempt 1, which was sent 1 time"
    )


@against_oracle(histories(), st.integers(0, 2))
def test_a_message_is_processed_as_often_as_it_has_replies(history: History, times: int) -> None:
    sends, replies = ([e for e in history.events if (e.kind, e.message_id) == (kind, "m1")] for kind in (Kind.SEND, Kind.REPLY))
    verdict = processed_so_often(history, "m1", times)
    assert (verdict.exercised, codes(verdict)) == (len(sends), expect(*["miscounted_duplicates"] * bool(sends and len(replies) != times)))


def test_an_attempt_of_unknown_fate_may_go_without_an_answer() -> None:
    story = Story()
    story.send("m1", attempt=1)
    story.unknown("m1", attempt=1)
    story.send("m1", attempt=2)
    story.reply("m1", attempt=2)
    assert codes(duplicates_accounted(story.history)) == {}
