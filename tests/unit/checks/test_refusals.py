"""Refusals: told by hand, and against a plain reading of the last connection."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from random_histories import against_oracle, choices, codes, expect
from told_histories import Story

from Lockstep.checks import Kind
from Lockstep.checks.refusals import broken_texts_refused, refused_as_promised

CLIENT, WHY = "alice-client", "its origin is not allowed"


def judged(story: Story, *ways: str):
    return refused_as_promised(story.history, ways, client=CLIENT, why=WHY)


def tried(story: Story, connection: int = 7, **details: object) -> Story:
    story.add(Kind.CONNECT, connection=connection)
    story.add(Kind.CONNECT_FAILED, connection=connection, details=details)
    return story


def told(story: Story, *ways: str) -> list[tuple[str, str]]:
    return [(str(violation.code), violation.sentence) for violation in judged(story, *ways).violations]


def closed(by: str, code: int, story: Story | None = None) -> Story:
    story = story or Story()
    story.add(Kind.CONNECT)
    story.connected()
    story.reply("m", offset=1)
    story.add(Kind.CLOSE, details={"by": by, "code": code})
    return story


def test_whoever_is_refused_as_promised_has_nothing_to_complain_of() -> None:
    assert judged(tried(Story(), way="http 403"), "http 403", "http 404").ok
    assert judged(closed("target", 4401), "close 4401").ok


def test_another_way_is_named() -> None:
    assert told(tried(Story(), way="http 401"), "http 403") == [
        ("wrong_close", "alice-client was turned away by http 401 (its origin is not allowed), where http 403 is promised"),
    ]
    assert told(closed("target", 1006), "close 4401", "close 1008") == [
        ("wrong_close", "alice-client was turned away by close 1006 (its origin is not allowed), where close 4401 or close 1008 is promised"),
    ]
    assert told(tried(Story(), reason="it hung up", way=""), "http 403")[0][1].startswith("alice-client was turned away by no word (")


@pytest.mark.parametrize("story", [closed("us", 1000), Story().exchange("m")])
def test_whoever_is_let_in_or_stays_was_not_refused(story: Story) -> None:
    story.add(Kind.CONNECT)
    story.connected()
    assert told(story, "http 403") == [("not_refused", "alice-client was not turned away (its origin is not allowed), where http 403 is promised")]
    story.add(Kind.CLOSE, details={"by": "us", "code": 4401})
    assert judged(story, "close 4401").counts == {"not_refused": 1}


def test_whoever_is_refused_is_told_nothing() -> None:
    story = Story()
    story.add(Kind.CONNECT, connection=7)
    story.add(Kind.OTHER, connection=7)
    story.reply("m", connection=7)
    story.add(Kind.CLOSE, connection=7, details={"by": "target", "code": 4401})
    story.add(Kind.CONNECT_FAILED, connection=7, details={"way": "close 4401"})
    assert told(story, "close 4401") == [
        ("data_before_auth", "alice-client was told something at +0.100 s on a connection that was refused"),
        ("data_before_auth", "alice-client was told something at +0.200 s on a connection that was refused"),
    ]


def test_the_newest_connection_counts_and_no_other_client() -> None:
    story = tried(closed("target", 4401), way="http 403")
    story.connected("bob")
    story.add(Kind.CLOSE, details={"by": "target", "code": 1001})
    assert judged(story, "http 403").ok, "the end of an earlier connection may be noticed later"


def test_nothing_to_look_at_is_vacuous() -> None:
    story = Story()
    story.connected("bob")
    assert judged(story, "http 403").counts == {"vacuous": 1}


KINDS = (Kind.CONNECT, Kind.CONNECTED, Kind.CONNECT_FAILED, Kind.CLOSE, Kind.REPLY, Kind.PONG)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    count, made = draw(choices(1, 8, 5))
    story = Story()
    for _ in range(count):
        kind, user, connection = made.pick(*KINDS, Kind.CONNECT_FAILED, Kind.CLOSE), made.pick("alice", "alice", "bob"), made.pick(1, 2)
        details = {"way": made.pick("http 403", "http 401", "")} if kind is Kind.CONNECT_FAILED else {"by": made.pick("us", "target"), "code": 4401}
        story.add(kind, user, connection=connection + 10 * (user == "bob"), details=details if kind in {Kind.CONNECT_FAILED, Kind.CLOSE} else None)
    return story


@against_oracle(stories(), number=250)
def test_the_last_connection_is_read_plainly(story: Story) -> None:
    verdict = judged(story, "http 403", "close 4401")
    mine = [event for event in story.events if event.client == CLIENT]
    opened = [event.connection for event in mine if event.kind in (Kind.CONNECT, Kind.CONNECTED)]
    last = [event for event in mine if opened and event.connection == max(opened)]
    wrong = []
    if last:
        failed, ended = ([event for event in last if event.kind is kind] for kind in (Kind.CONNECT_FAILED, Kind.CLOSE))
        if failed:
            wrong += ["wrong_close"] * (failed[-1].details["way"] != "http 403")
        elif not ended or ended[-1].details["by"] == "us":
            wrong.append("not_refused")
        if last[-1].kind is Kind.CONNECT_FAILED:
            wrong += ["data_before_auth" for event in last if event.kind in (Kind.REPLY, Kind.CONNECTED)]
    assert (verdict.exercised, codes(verdict)) == (int(bool(last)), expect(*wrong))


# texts that are no message


def broken(story: Story, text: str = "{", connection: int = 1) -> None:
    story.add(Kind.MARK, connection=connection, details={"broken": text})


def error(story: Story, reason: str = "invalid_json", connection: int = 1, **fields: object) -> None:
    story.add(Kind.ERROR, connection=connection, details={"reason": reason}, **fields)


def of_texts(story: Story, *ways: str) -> list[tuple[str, str]]:
    return [(str(violation.code), violation.sentence) for violation in broken_texts_refused(story.history, ways or ("error invalid_json",)).violations]


def test_each_broken_text_has_its_refusal() -> None:
    story = Story()
    error(story, "of before")
    broken(story)
    broken(story, "nul")
    error(story, "of a question", message_id="q1")
    error(story)
    story.exchange("m")
    error(story)
    assert of_texts(story) == []
    assert broken_texts_refused(story.history, ["error invalid_json"]).exercised == 2


def test_a_broken_text_that_nobody_refuses_is_named() -> None:
    story = Story()
    broken(story)
    error(story)
    broken(story, "nul")
    story.add(Kind.CLOSE, details={"by": "us", "code": 1000})
    assert of_texts(story) == [("not_refused", "alice sent 'nul' at +0.200 s, and it was not refused, where error invalid_json is promised")]


def test_a_broken_text_that_is_refused_in_another_way_is_named() -> None:
    story = Story()
    broken(story)
    error(story, "unknown_type")
    broken(story, "nul")
    story.add(Kind.CLOSE, details={"by": "target", "code": 1003})
    assert of_texts(story) == [
        ("wrong_close", "alice sent '{' at +0.000 s, and it was refused by error unknown_type, where error invalid_json is promised"),
        ("wrong_close", "alice sent 'nul' at +0.200 s, and it was refused by close 1003, where error invalid_json is promised"),
    ]
    assert of_texts(story, "close 1003", "error unknown_type") == []


def test_a_connection_that_broke_excuses_what_came_after_it() -> None:
    story = Story()
    broken(story)
    broken(story)
    error(story)
    story.add(Kind.FAULT)
    story.add(Kind.CLOSE, details={"by": "target", "code": 1006})
    broken(story, connection=7)
    error(story, connection=7)
    verdict = broken_texts_refused(story.history, ["error invalid_json"])
    assert (verdict.exercised, verdict.counts) == (2, {})


def test_without_a_broken_text_nothing_is_shown() -> None:
    assert broken_texts_refused(Story().exchange("m").history, ["close 1003"]).counts == {"vacuous": 1}


@st.composite
def garbled(draw: st.DrawFn) -> Story:
    count, made = draw(choices(1, 8, 4))
    story = Story()
    for _ in range(count):
        kind, connection = made.pick("broken", "broken", "error", "error", "other error", "close", "fault", "of a question"), made.pick(1, 1, 7)
        if kind == "broken":
            broken(story, connection=connection)
        elif "error" in kind:
            error(story, "invalid_json" if kind == "error" else "busy", connection=connection)
        elif kind == "of a question":
            error(story, connection=connection, message_id="q")
        else:
            story.add(Kind.CLOSE if kind == "close" else Kind.FAULT, connection=connection, details={"by": made.pick("us", "target"), "code": 1003})
    return story


@against_oracle(garbled(), number=250)
def test_each_broken_text_finds_its_own_refusal(story: Story) -> None:
    exercised, wrong = 0, []
    for connection in (1, 7):
        mine = [event for event in story.events if event.connection == connection]
        texts = [event for event in mine if event.kind is Kind.MARK]
        errors = [event for event in mine if event.kind is Kind.ERROR and event.message_id is None and texts and event.index > texts[0].index]
        ends = [event for event in mine if event.kind in (Kind.CLOSE, Kind.FAULT)]
        for number, _ in enumerate(texts):
            by = errors[number] if number < len(errors) else ends[0] if ends else None
            exercised += by is None or by.kind is not Kind.FAULT
            if by is None or (by.kind is Kind.CLOSE and by.details["by"] == "us"):
                wrong.append("not_refused")
            elif by.kind is Kind.ERROR and by.details["reason"] == "busy":
                wrong.append("wrong_close")
    verdict = broken_texts_refused(story.history, ["error invalid_json", "close 1003"])
    assert (verdict.exercised, codes(verdict)) == (exercised, expect(*wrong))
