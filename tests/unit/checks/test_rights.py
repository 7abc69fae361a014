"""Rights to sessions: told by hand, and against the obvious questions about each greeting."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st
from random_histories import against_oracle, choices, codes, expect
from test_sessions import greetings, movings
from told_histories import Story

from Lockstep.checks import History, Kind
from Lockstep.checks.rights import resume_refused, session_kept, session_replaced, sessions_stay_with_their_user


def test_another_users_session_is_not_for_whoever_asks() -> None:
    story = Story()
    story.connected()
    story.add(Kind.CONNECT, "bob", details={"session": "s-1"})
    story.connected("bob")
    verdict = sessions_stay_with_their_user(story.history)
    assert (verdict.exercised, verdict.counts) == (1, {"leaked_to_other_user": 1})
    assert verdict.violations[0].sentence == "bob asked for session s-1 of alice and got it at +0.200 s"


def test_another_session_is_a_refusal_and_the_owner_may_come_back() -> None:
    story = Story()
    story.connected()
    for user, session, connection in (("bob", "s-2", 4), ("alice", "s-1", 5)):
        story.add(Kind.CONNECT, user, details={"session": "s-1"}, connection=connection)
        story.connected(user, session=session, connection=connection)
    verdict = sessions_stay_with_their_user(story.history)
    assert (verdict.exercised, verdict.counts) == (2, {})
    assert sessions_stay_with_their_user(Story().exchange("a").history).counts == {"vacuous": 1}


def resumed(told: dict[str, Any], asked: dict[str, Any] | None = None) -> History:
    story = Story()
    story.connected()
    story.add(Kind.CLOSE)
    story.add(Kind.CONNECT, connection=7, details={"session": "s-1"} if asked is None else asked)
    story.add(Kind.CONNECTED, connection=7, details=told)
    return story.history


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"session": "s-1", "recovered": True}, ""),
        ({"session": "s-1", "recovered": False, "reason": "too_far_behind"}, ""),
        ({"session": "s-2", "reason": "session_expired"}, "alice came back to session s-1 at +0.200 s and got session s-2 instead (session_expired)"),
        ({}, "alice came back to session s-1 at +0.200 s and got session None instead (no reason given)"),
        ({"session": "s-1", "context_available": False}, "alice came back to session s-1 at +0.200 s, and its context is no longer there (no reason given)"),
    ],
)
def test_a_session_is_kept_with_its_context(told: dict[str, Any], words: str) -> None:
    verdict = session_kept(resumed(told))
    assert (verdict.exercised, verdict.counts) == (1, {"context_lost": 1} if words else {})
    assert [violation.sentence for violation in verdict.violations] == ([words] if words else [])
    assert session_kept(resumed(told, asked={})).counts == {"vacuous": 1}


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"session": "s-2", "recovered": False, "reason": "session_expired"}, ""),
        ({"session": "s-1", "recovered": False, "reason": "late"}, "and was let into it (session s-1)"),
        ({"session": "s-2", "recovered": True, "reason": "late"}, "and was told that it is recovered"),
        ({"session": "s-2", "recovered": False}, "and was not told why it is over"),
        ({"session": "s-1", "recovered": True}, "was let into it (session s-1) and was told that it is recovered and was not told why it is over"),
    ],
)
def test_a_session_that_ended_is_replaced_by_another(told: dict[str, Any], words: str) -> None:
    verdict = session_replaced(resumed(told))
    assert (verdict.exercised, verdict.counts) == (1, {"unsound_resume": 1} if words else {})
    assert all(violation.sentence.startswith("alice came back to session s-1, which had ended, and ") for violation in verdict.violations)
    assert all(words in violation.sentence for violation in verdict.violations)
    assert session_replaced(resumed(told, asked={})).counts == {"vacuous": 1}


NEW = {"session": "s-9", "recovered": False, "reason": "unknown_session"}


@pytest.mark.parametrize(
    ("told", "more", "code", "words"),
    [
        (None, {}, "", ""),
        (NEW, {}, "", ""),
        (NEW, {"reason": "unknown_session"}, "", ""),
        (NEW | {"session": "s-1", "reason": "stale_epoch"}, {"own": True, "remembered": 5}, "", ""),
        (NEW | {"session": "s-1"}, {}, "not_refused", "mallory asked for session s-1 without the right to it and was let into it"),
        (NEW | {"recovered": True}, {}, "not_refused", "was told that it is recovered"),
        (NEW | {"session": "s-1", "recovered": True}, {"own": True}, "not_refused", "was told that it is recovered"),
        (NEW, {"remembered": 5}, "leaked_to_other_user", "mallory asked for session s-1, was refused, and found 5 entries of a conversation all the same"),
        (NEW | {"context_available": True}, {}, "leaked_to_other_user", "found a context of a conversation"),
        (NEW | {"reason": None}, {}, "unsound_resume", "was refused with no reason, where a reason is due"),
        (NEW, {"reason": "stale_epoch"}, "unsound_resume", "was refused with unknown_session, where stale_epoch is due"),
    ],
)
def test_who_has_no_right_gets_nothing(told: dict[str, Any] | None, more: dict[str, Any], code: str, words: str) -> None:
    verdict = resume_refused("mallory", "s-1", told, **{"own": False, **more})
    assert (verdict.exercised, verdict.counts) == (1, {code: 1} if code else {})
    assert all(words in violation.sentence for violation in verdict.violations)


# oracles ----------------------------------------------------------------------------------------------------------------------


@against_oracle(movings(), number=200)
def test_every_question_for_a_session_is_compared_with_its_first_owner(history: History) -> None:
    found, both = [], greetings(history)
    for invoke, greeting in both:
        session = greeting.details["session"]
        owner = next(g.user for _, g in both if g.details["session"] == session)
        if invoke.details and invoke.details["session"] == session and owner != greeting.user:
            found.append("leaked_to_other_user")
    verdict = sessions_stay_with_their_user(history)
    assert (verdict.exercised, codes(verdict)) == (sum(bool(invoke.details) for invoke, _ in both), expect(*found))


@against_oracle(movings(), number=150)
def test_every_answer_to_a_question_for_a_session_is_looked_at(history: History) -> None:
    both = [(invoke, greeting) for invoke, greeting in greetings(history) if invoke.details]
    kept = ["context_lost" for invoke, greeting in both if greeting.details["session"] != invoke.details["session"]]
    verdict = session_kept(history)
    assert (verdict.exercised, codes(verdict)) == (len(both), expect(*kept))
    last = both[-1:]
    replaced = ["unsound_resume" for _ in last]  # nobody is told why here
    verdict = session_replaced(history)
    assert (verdict.exercised, codes(verdict)) == (len(last), expect(*replaced))


@st.composite
def greeted(draw: st.DrawFn) -> dict[str, Any] | None:
    _, made = draw(choices(1, 1, 8))
    told = {"session": made.pick("s-1", "s-2"), "recovered": made.pick(True, False, False), "reason": made.pick(None, "a", "b"), "context_available": made.pick(None, True, False)}
    return made.pick(None, told, told, told)


@against_oracle(greeted(), st.booleans(), st.integers(0, 1), st.sampled_from([None, "a"]))
def test_a_refusal_is_one_in_every_respect(told: dict[str, Any] | None, own: bool, remembered: int, reason: str | None) -> None:
    verdict = resume_refused("mallory", "s-1", told, own=own, remembered=remembered, reason=reason)
    found = ""
    if told:
        if not told["reason"] or reason not in (None, told["reason"]):
            found = "unsound_resume"
        if not own and (remembered or told["context_available"]):
            found = "leaked_to_other_user"
        if told["recovered"] or (not own and told["session"] == "s-1"):
            found = "not_refused"
    assert codes(verdict) == expect(*[found] * bool(found))
