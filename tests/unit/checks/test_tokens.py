"""Tokens: told by hand, and against a plain reading of each attempt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import strategies as st
from random_histories import against_oracle, choices, codes, expect
from told_histories import Story

from Lockstep.checks import Kind, Verdict
from Lockstep.checks.tokens import (
    attempts_of_all,
    boundary_where_declared,
    nobody_got_in,
    tokens_judged_rightly,
)

WAYS = ("http 401", "close 4401")


def shows(story: Story, connection: int, *, valid: bool = False, **said: Any) -> None:
    story.add(Kind.CONNECT, connection=connection, details={"token": "a token", "valid": valid, **said})


def refused(story: Story, connection: int, way: str = "http 401", **said: Any) -> None:
    story.add(Kind.CONNECT_FAILED, connection=connection, details={"reason": "no", **({"way": way} if way else {}), **said})


def let_in(story: Story, connection: int) -> None:
    story.connected(connection=connection)
    story.add(Kind.CLOSE, connection=connection, details={"by": "us", "code": 1000})


def judged(story: Story, *, all_bad: bool = False) -> Verdict:
    return tokens_judged_rightly(story.history, WAYS, all_bad=all_bad)


def told(verdict: Verdict) -> list[tuple[str, str]]:
    return [(str(violation.code), violation.sentence) for violation in verdict.violations]


def figures(verdict: Verdict) -> Mapping[str, tuple[float, int]]:
    return {figure.name: (figure.value, figure.samples) for figure in verdict.measurements}


def test_bad_ones_stay_outside_and_good_ones_get_in() -> None:
    story = Story().exchange("m")
    shows(story, 11)
    refused(story, 11)
    shows(story, 12, valid=True)
    let_in(story, 12)
    assert (judged(story).ok, judged(story).exercised) == (True, 2)
    assert figures(judged(story)) == {"tokens_refused": (100.0, 1), "tokens_admitted": (100.0, 1)}


def test_a_bad_one_that_gets_in_is_named() -> None:
    story = Story()
    shows(story, 11)
    let_in(story, 11)
    assert told(judged(story)) == [("not_refused", "alice-client with a token was let in, where http 401 or close 4401 is promised")]
    assert figures(judged(story)) == {"tokens_refused": (0.0, 1)}


def test_a_good_one_that_stays_outside_is_named_unless_none_is_good_any_more() -> None:
    story = Story()
    shows(story, 11, valid=True)
    refused(story, 11)
    assert told(judged(story)) == [("token_window", "alice-client with a token was refused by http 401, and should have been let in")]
    assert judged(story, all_bad=True).ok


@pytest.mark.parametrize(("way", "named"), [("http 500", "http 500"), ("", "no word")])
def test_another_way_is_named(way: str, named: str) -> None:
    story = Story()
    shows(story, 11)
    refused(story, 11, way)
    assert told(judged(story)) == [("wrong_close", f"alice-client with a token was refused by {named}, where http 401 or close 4401 is promised")]


def test_whoever_is_greeted_first_was_told_something() -> None:
    story = Story()
    shows(story, 11)
    story.connected(connection=11)
    story.add(Kind.OTHER, connection=11)
    story.add(Kind.CLOSE, connection=11, details={"by": "target", "code": 4401})
    assert told(judged(story)) == [("data_before_auth", "alice-client with a token was told something at +0.100 s, before it was refused")]


def test_nobody_has_tried() -> None:
    assert judged(Story().exchange("m")).counts == {"vacuous": 1}
    assert boundary_where_declared(Story().exchange("m").history, 0).counts == {"vacuous": 1}


def test_attempts_are_counted() -> None:
    story = Story()
    for connection in (11, 12):
        shows(story, connection)
        refused(story, connection)
    assert tokens_judged_rightly(story.history, WAYS, count=2).ok
    assert told(tokens_judged_rightly(story.history, WAYS, count=3)) == [("miscounted", "2 attempts to get in were seen, where 3 were to be made")]


def test_the_attempts_of_all_shares_are_counted_and_refused() -> None:
    story = Story()
    for connection in (11, 12):
        shows(story, connection)
        refused(story, connection, "in any way")
    verdict = attempts_of_all(story.history, 2)
    assert (verdict.ok, figures(verdict)) == (True, {"tokens_refused": (100.0, 2), "attempts_spread": (pytest.approx(200), 2)})
    shows(story, 13)
    let_in(story, 13)
    assert told(attempts_of_all(story.history, 4)) == [
        ("not_refused", "alice-client with a token was let in"), ("miscounted", "3 attempts to get in were seen, where 4 were to be made"),
    ]
    assert attempts_of_all(Story().history, 0).counts == {"vacuous": 1}


ENDS = ("let in", "refused", "refused late", "nothing")


@st.composite
def attempted(draw: st.DrawFn) -> tuple[Story, list[tuple[bool, str]]]:
    count, made = draw(choices(1, 6, 4))
    story, tries = Story(), list[tuple[bool, str]]()
    for number in range(count):
        valid, end = made.pick(True, False, False), made.pick(*ENDS, "refused")
        shows(story, 20 + number, valid=valid)
        if end == "let in":
            let_in(story, 20 + number)
        elif end == "refused":
            refused(story, 20 + number, made.pick("http 401", "http 401", "http 500"))
            end += "" if story.events[-1].details["way"] == "http 401" else " otherwise"
        elif end == "refused late":
            story.connected(connection=20 + number)
            story.add(Kind.CLOSE, connection=20 + number, details={"by": "target", "code": 4401})
        tries.append((valid, end))
    return story, tries


@against_oracle(attempted(), number=250)
def test_each_attempt_is_read_plainly(drawn: tuple[Story, list[tuple[bool, str]]]) -> None:
    story, tries = drawn
    wrong = []
    for valid, end in tries:
        if valid:
            wrong += ["token_window"] * end.startswith("refused")
        else:
            wrong += ["not_refused"] * (end in {"let in", "nothing"}) + ["wrong_close"] * (end == "refused otherwise")
            wrong += ["data_before_auth"] * (end == "refused late")
    verdict = judged(story)
    assert (verdict.exercised, codes(verdict)) == (len(tries), expect(*wrong))


# the line between good and over


def at(story: Story, connection: int, before: float, after: float | None, *, enters: bool, **times: int) -> None:
    shows(story, connection, clock=before, **times)
    (let_in if enters else refused)(story, connection)
    if after is not None:
        story.add(Kind.MARK, connection=connection, details={"clock": after})


def both_sides() -> Story:
    story = Story()
    at(story, 11, 90.0, 90.1, enters=True, expires=100)
    at(story, 12, 100.0, 100.1, enters=False, expires=100)
    return story


def test_the_line_is_where_the_token_says() -> None:
    story = both_sides()
    at(story, 13, 99.9, 100.0, enters=False, expires=100)
    at(story, 14, 99.9, 100.1, enters=True, expires=100)
    at(story, 15, 100.0, None, enters=True, expires=100)
    shows(story, 16, clock=1.0)
    refused(story, 16)
    story.add(Kind.MARK, connection=16, details={"clock": 1.1})
    verdict = boundary_where_declared(story.history, 0)
    assert (verdict.ok, verdict.exercised) == (True, 2), "what lay between two looks at the clock, or has no end, is not judged"


def test_one_side_alone_shows_nothing() -> None:
    story = Story()
    at(story, 11, 90.0, 90.1, enters=True, expires=100)
    assert boundary_where_declared(story.history, 0).counts == {"vacuous": 1}


def test_what_is_over_or_not_yet_good_and_gets_in_is_named_and_so_is_the_contrary() -> None:
    story = both_sides()
    at(story, 13, 100.5, 100.6, enters=True, expires=100)
    at(story, 14, 80.0, 80.25, enters=True, expires=100, begins=81)
    at(story, 15, 95.0, 95.5, enters=False, expires=100, begins=95)
    assert told(boundary_where_declared(story.history, 0)) == [
        ("token_window", "alice-client with a token was let in 0.500 s late, with a leeway of 0 s"),
        ("token_window", "alice-client with a token was let in 0.750 s early, with a leeway of 0 s"),
        ("token_window", "alice-client with a token was refused by http 401, although it was good for 4.500 s more"),
    ]
    at(story, 16, 102.0, 102.1, enters=False, expires=100)
    assert boundary_where_declared(story.history, 1).counts == {"token_window": 2}, "with a second of leeway, that which is refused at 100 is wrong"


@st.composite
def around(draw: st.DrawFn) -> tuple[Story, list[tuple[float, float, bool]]]:
    count, made = draw(choices(2, 8, 4))
    story, tries = Story(), list[tuple[float, float, bool]]()
    for number in range(count):
        before = made.pick(98.0, 99.0, 99.9, 100.0, 101.0, 102.5)
        after, enters = before + made.pick(0.05, 0.2, 1.0), made.pick(True, False, before < 101)
        at(story, 20 + number, before, after, enters=enters, expires=100)
        tries.append((before, after, enters))
    return story, tries


@against_oracle(around(), number=250)
def test_an_attempt_is_wrong_only_if_no_moment_explains_it(drawn: tuple[Story, list[tuple[float, float, bool]]]) -> None:
    story, tries = drawn
    moments = [[before, (before + after) / 2, after] for before, after, _ in tries]
    right = [{moment < 101 for moment in three} for three in moments]  # the end and a second of leeway
    clear = [(found == {True}, enters) for found, (_, _, enters) in zip(right, tries, strict=True) if len(found) == 1]
    verdict = boundary_where_declared(story.history, 1)
    if {good for good, _ in clear} == {True, False}:
        assert (verdict.exercised, codes(verdict)) == (len(clear), expect(*["token_window" for good, enters in clear if good != enters]))
    else:
        assert "vacuous" in verdict.counts


# what is left


def test_whoever_was_refused_has_nothing_there() -> None:
    users, others = {"u-1": "mallory"}, [{"user": "u-2", "session": "s-2"}]
    assert nobody_got_in(users, others, [{"user": "u-2", "connection": "c-2"}]).ok
    verdict = nobody_got_in(users, [*others, {"user": "u-1", "session": "s-1"}], [{"user": "u-1", "connection": "c-1"}])
    assert told(verdict) == [
        ("ghost_session", "mallory was refused, and has the session s-1 all the same"),
        ("ghost_session", "mallory was refused, and has the connection c-1 all the same"),
    ]
    assert nobody_got_in({}, others, []).counts == {"vacuous": 1}
