"""Malformed input: told by hand, and against a plain reading of each connection."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from random_histories import against_oracle, choices, codes, expect
from told_histories import Story

from Lockstep.checks import Kind
from Lockstep.checks.malformed import (
    INTERNALS,
    effects_counted,
    handshakes_ended,
    malformed_refused,
    nobody_else_harmed,
    rate_kept,
)

ALICE = "alice-client"


def malformed(story: Story, *ways: str, connection: int = 1, name: str = "bare_key") -> None:
    story.add(Kind.MARK, connection=connection, details={"malformed": name, "ways": list(ways or ("error invalid_json",))})


def error(story: Story, reason: str = "invalid_json", text: str = "the message is not valid JSON", **fields: object) -> None:
    story.add(Kind.ERROR, details={"reason": reason, "text": text}, **fields)


def close(story: Story, code: int = 1007, by: str = "target", user: str = "alice", reason: str = "", connection: int | None = None) -> None:
    more = {} if connection is None else {"connection": connection}
    story.add(Kind.CLOSE, user, details={"by": by, "code": code, "reason": reason}, **more)


def begun(*users: str) -> Story:
    story = Story()
    for user in users or ("alice", "bob"):
        story.connected(user)
    return story


def said(check, story: Story) -> list[tuple[str, str]]:
    return [(str(violation.code), violation.sentence) for violation in check(story.history, ALICE).violations]


def test_input_that_is_refused_as_promised_is_well() -> None:
    story = begun()
    error(story, "of before", "File x.py is none of our business")
    malformed(story)
    error(story)
    malformed(story, "error invalid_message")
    story.refused("x1", details={"reason": "invalid_message", "text": "attempt must be a whole number from 1"})
    story.exchange("m")
    malformed(story, "close 1007", connection=7)
    close(story, connection=7)
    assert said(malformed_refused, story) == []
    verdict = malformed_refused(story.history, ALICE)
    assert [(figure.name, figure.value, figure.unit, figure.samples) for figure in verdict.measurements] == [("malformed_refused", 100.0, "%", 3)]


def test_a_refusal_of_a_good_message_is_not_taken_for_that_of_a_malformed_one() -> None:
    story = begun()
    story.send("m")
    malformed(story)
    story.refused("m", details={"reason": "queue_full"})
    assert said(malformed_refused, story) == [("not_refused", "alice-client's input 'bare_key' at +0.300 s was not refused, where error invalid_json is promised")]


def test_input_that_is_refused_in_another_way_is_named() -> None:
    story = begun()
    malformed(story, "error invalid_json", "close 1003")
    error(story, "unknown_type")
    malformed(story)
    close(story, 1001)
    assert said(malformed_refused, story) == [
        ("wrong_close", "alice-client's input 'bare_key' at +0.200 s was refused by error unknown_type, where error invalid_json or close 1003 is promised"),
        ("wrong_close", "alice-client's input 'bare_key' at +0.400 s was refused by close 1001, where error invalid_json is promised"),
    ]


def test_input_that_is_processed_is_named() -> None:
    story = begun()
    malformed(story)
    error(story)
    story.reply("{}")
    story.reply("elsewhere", connection=7)
    assert said(malformed_refused, story) == [("not_refused", "alice-client's malformed message '{}' was processed, as its answer at +0.400 s says")]


@pytest.mark.parametrize("told", ["JSONDecodeError: line 1", "see /usr/lib/x", "Traceback (most", "codec.py went wrong", "by orjson"])
def test_a_refusal_that_tells_of_the_inside_is_named(told: str) -> None:
    story = begun()
    malformed(story, "error invalid_json", "close 1007")
    error(story, text=told)
    malformed(story, "close 1007")
    close(story, reason=told)
    assert [code for code, _ in said(malformed_refused, story)] == ["not_isolated", "not_isolated"]


@pytest.mark.parametrize("told", ["a message has at most 5,000,000 bytes", "message_id must be a string of 1 to 256 characters", "there is no message type 'x'"])
def test_what_helps_a_client_may_be_told(told: str) -> None:
    assert INTERNALS.search(told) is None


def test_without_malformed_input_nothing_is_shown() -> None:
    story = begun().exchange("m")
    for check in (malformed_refused, nobody_else_harmed, effects_counted):
        assert check(story.history, ALICE).counts == {"vacuous": 1}


def test_who_is_served_behind_the_input_was_not_harmed() -> None:
    story = begun("alice", "bob", "carol")
    malformed(story)
    error(story)
    story.exchange("a").exchange("b", user="bob").exchange("c", user="carol")
    verdict = nobody_else_harmed(story.history, ALICE)
    assert (verdict.exercised, verdict.counts) == (2, {})


def test_a_sender_whose_connection_ended_needs_no_answer_and_others_may_leave() -> None:
    story = begun()
    malformed(story)
    close(story)
    close(story, 1000, "us", "bob")
    assert nobody_else_harmed(story.history, ALICE).counts == {}


def test_without_a_bystander_nothing_is_shown() -> None:
    story = begun("alice")
    malformed(story)
    assert nobody_else_harmed(story.exchange("a").history, ALICE).counts == {"vacuous": 1}


def test_a_bystander_that_is_closed_or_not_served_is_named() -> None:
    story = begun("alice", "bob", "carol")
    malformed(story)
    close(story, 1008, user="bob")
    story.send("a")
    story.exchange("old", user="carol")
    malformed(story)
    story.send("c", "carol")
    assert said(nobody_else_harmed, story) == [
        ("not_isolated", "alice-client was served no more behind alice-client's input 'bare_key': the next good message was not answered"),
        ("not_isolated", "bob-client's connection was closed at +0.400 s, behind alice-client's input 'bare_key', with which bob-client has nothing to do"),
        ("not_isolated", "carol-client was served no more behind alice-client's input 'bare_key': the next good message was not answered"),
    ]


@pytest.mark.parametrize(("told", "found"), [(2, {}), (3, {"miscounted": 1})])
def test_the_agent_counts_what_was_processed(told: int, found: dict[str, int]) -> None:
    story = begun().exchange("m", "n")
    malformed(story)
    error(story)
    story.snapshot("q", {"message_count": told})
    assert effects_counted(story.history, ALICE).counts == found


def hesitant(story: Story, **said: int) -> None:
    story.add(Kind.MARK, details=said)


def test_handshakes_that_are_never_finished_are_ended() -> None:
    story = Story()
    for number in (1, 2, 3):
        hesitant(story, unfinished=number)
    hesitant(story, ended=2)
    verdict = handshakes_ended(story.history)
    assert [(str(violation.code), violation.sentence) for violation in verdict.violations] == [
        ("not_isolated", "2 of 3 handshakes that were never finished are still open: whoever says nothing holds the door"),
    ]
    hesitant(story, ended=1)
    hesitant(story, ended=3)
    assert handshakes_ended(story.history).counts == {}
    assert handshakes_ended(begun().history).counts == {"vacuous": 1}


def poured(*reasons: str) -> Story:
    """An input and its refusal, for each reason, a tenth of a second apart."""
    story = begun()
    for reason in reasons:
        malformed(story)
        error(story, reason)
    return story


@pytest.mark.parametrize(
    ("reasons", "found"),
    [
        (["invalid_json"] * 3 + ["rate_limited"] * 3, {}),
        (["invalid_json"] * 4 + ["rate_limited"] * 2, {"no_backpressure": 1}),
        (["rate_limited"] * 6, {}),
        ([], {"vacuous": 1}),
    ],
)
def test_no_more_is_looked_at_than_the_rate_allows(reasons: list[str], found: dict[str, int]) -> None:
    story = poured(*reasons)
    error(story, "of bob", user="bob")
    verdict = rate_kept(story.history, ALICE, 1, ["error rate_limited"])  # 1 s for the bucket, 1.1 s from the first input to the last refusal, and one more
    assert verdict.counts == found
    if "no_backpressure" in found:
        assert verdict.violations[0].sentence == "4 of alice-client's 6 inputs were looked at within 1.100 s, where 3 are allowed (1 msg/s)"


@st.composite
def garbled(draw: st.DrawFn) -> Story:
    count, made = draw(choices(1, 9, 4))
    story = begun()
    for _ in range(count):
        what, connection = made.pick("bad", "bad", "error", "error", "busy", "close", "reply", "good", "bob closed", "bob asks", "bob is answered"), made.pick(1, 1, 7)
        if what == "bad":
            malformed(story, "error invalid_json", "close 1003", connection=connection)
        elif what in {"error", "busy"}:
            error(story, "invalid_json" if what == "error" else what, connection=connection)
        elif what == "close":
            close(story, 1003, made.pick("us", "target"), connection=connection)
        elif what == "bob closed":
            close(story, 1003, made.pick("us", "target"), "bob")
        elif what.startswith("bob"):
            (story.send if what == "bob asks" else story.reply)("b", "bob")
        else:
            (story.reply if what == "reply" else story.send)("m", connection=connection)
    return story


@against_oracle(garbled(), number=250)
def test_each_input_finds_its_own_refusal(story: Story) -> None:
    exercised, wrong = 0, []
    sent = {event.message_id for event in story.events if event.kind is Kind.SEND and event.user == "alice"}
    for connection in (1, 7):
        mine = [event for event in story.events if event.connection == connection]
        inputs = [event for event in mine if event.kind is Kind.MARK]
        exercised += len(inputs)
        errors = [event for event in mine if event.kind is Kind.ERROR and inputs and event.index > inputs[0].index]
        ends = [event for event in mine if event.kind is Kind.CLOSE and inputs and event.index > inputs[0].index]
        wrong += ["not_refused"] * sum(event.kind is Kind.REPLY and event.message_id not in sent for event in mine if inputs)
        for number, _ in enumerate(inputs):
            by = errors[number] if number < len(errors) else ends[0] if ends else None
            if by is None or (by.kind is Kind.CLOSE and by.details["by"] == "us"):
                wrong.append("not_refused")
            elif by.kind is Kind.ERROR and by.details["reason"] == "busy":
                wrong.append("wrong_close")
    verdict = malformed_refused(story.history, ALICE)
    assert (verdict.exercised, codes(verdict)) == (exercised, expect(*wrong))


@against_oracle(garbled(), number=250)
def test_everybody_else_is_served(story: Story) -> None:
    inputs = [event for event in story.events if event.kind is Kind.MARK]
    wrong = []
    for user in ("alice", "bob") if inputs else ():
        mine = [event for event in story.events if event.user == user]
        ends = [event for event in mine if event.kind is Kind.CLOSE and event.index > inputs[0].index]
        asked = any(event.kind is Kind.SEND and event.index > inputs[-1].index for event in mine)
        answered = any(event.kind is Kind.REPLY for event in mine)
        if ends:
            wrong += ["not_isolated"] * (user == "bob" and ends[-1].details["by"] != "us")
        elif not (asked and answered):
            wrong.append("not_isolated")
    verdict = nobody_else_harmed(story.history, ALICE)
    assert (verdict.exercised, codes(verdict)) == (bool(inputs), expect(*wrong))
