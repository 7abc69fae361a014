"""Renewed tokens: told by hand, and against a plain reading of all renewals."""

from __future__ import annotations

from hypothesis import strategies as st
from random_histories import against_oracle, choices, codes, expect
from told_histories import Story

from Lockstep.checks import Kind
from Lockstep.checks.refresh import (
    old_tokens_dead,
    one_winner,
    renewals_judged_rightly,
    renewals_within,
    stayed_with_the_new_token,
)

WAYS = ("http 401", "error token_refused")
USUAL = {
    "what": "her refresh token", "by": "http", "valid": True, "accepted": True, "way": "", "troubled": False, "took": 0.01, "expires": None, "counted": None,
    "race": None,
}  # fmt: skip


def renewal(story: Story, connection: int = 1, **told: object) -> Story:
    story.add(Kind.MARK, connection=connection, details={"renewal": {**USUAL, **told}})
    return story


def refused(story: Story, way: str = "http 401", **told: object) -> Story:
    return renewal(story, accepted=False, way=way, **told)


def in_band(story: Story, connection: int = 1, **told: object) -> Story:
    return renewal(story, connection, **{"by": "in_band", "expires": 1000.0, **told})


def said(verdict) -> list[tuple[str, str]]:
    return [(str(violation.code), violation.sentence) for violation in verdict.violations]


def test_who_is_due_a_new_token_gets_it_and_nobody_else() -> None:
    good = in_band(refused(renewal(Story()), valid=False), counted=1)
    assert renewals_judged_rightly(good.history, WAYS).ok
    bad = refused(renewal(refused(Story()), valid=False, what="a used one"), "close 1011", valid=False)
    assert said(renewals_judged_rightly(bad.history, WAYS)) == [
        ("token_window", "alice's renewal by her refresh token at +0.000 s was refused by http 401, and should have been granted"),
        ("not_refused", "alice's renewal by a used one at +0.100 s was granted, where http 401 or error token_refused is promised"),
        ("wrong_close", "alice's renewal by her refresh token at +0.200 s was refused by close 1011, where http 401 or error token_refused is promised"),
    ]


def test_new_tokens_are_new_and_of_the_same_user() -> None:
    story = renewal(renewal(Story(), flaw="of another user"), flaw="the old ones")
    assert said(renewals_judged_rightly(story.history, WAYS)) == [
        ("leaked_to_other_user", "alice's renewal by her refresh token at +0.000 s brought tokens that are of another user"),
        ("token_window", "alice's renewal by her refresh token at +0.100 s brought tokens that are the old ones"),
    ]  # fmt: skip


def test_renewals_of_a_connection_are_counted() -> None:
    story = in_band(in_band(in_band(Story(), counted=1), counted=3), 2, counted=1)
    assert said(renewals_judged_rightly(story.history, WAYS)) == [
        ("miscounted", "alice's renewal by her refresh token at +0.100 s was number 2 on its connection, and was called 3"),
    ]


def test_a_service_in_trouble_judges_nothing_and_of_races_another_check_speaks() -> None:
    story = renewal(refused(Story(), "http 503", troubled=True), race=7)
    story.add(Kind.MARK, details={"reads": False})
    story.add(Kind.MARK)
    assert renewals_judged_rightly(story.history, WAYS).counts == {"vacuous": 1}


def test_a_race_has_one_winner() -> None:
    story = refused(refused(renewal(Story(), race=7), race=7), race=7)
    assert one_winner(story.history).ok
    assert one_winner(story.history).exercised == 3
    renewal(story, race=7)
    refused(refused(story, race=8), race=8)
    assert said(one_winner(story.history)) == [
        ("duplicated", "of 4 renewals of one token at once, 2 of them succeeded"), ("lost", "of 2 renewals of one token at once, nobody succeeded"),
    ]  # fmt: skip
    assert one_winner(renewal(Story()).history).counts == {"vacuous": 1}


def test_half_of_the_renewals_are_fast() -> None:
    story = Story()
    for took in (0.4, 0.01, 0.02, 0.03, 0.5):
        renewal(story, took=took)
    refused(story, took=9.0)
    assert [(one.name, round(one.value), one.samples) for one in renewals_within(story.history, 0.1).measurements] == [
        ("refresh_median", 30, 5), ("refresh_p95", 500, 5), ("refresh_max", 500, 5),
    ]  # fmt: skip
    assert said(renewals_within(story.history, 0.03)) == [("too_slow", "half of 5 renewals took 30.0 ms or more, where 30 ms are agreed")]
    assert said(renewals_within(story.history, 1, 0.5)) == [("too_slow", "the slowest twentieth of 5 renewals took 500.0 ms or more, where 500 ms are agreed")]
    assert renewals_within(renewal(Story()).history, 1).counts == {"vacuous": 1}


def closed(story: Story, code: int, by: str = "target", connection: int = 1) -> Story:
    story.add(Kind.CLOSE, connection=connection, details={"by": by, "code": code})
    return story


def test_a_connection_goes_on_until_its_new_token_is_over() -> None:
    ways = ("close 4401",)
    assert stayed_with_the_new_token(closed(in_band(Story()), 1000, "us").history, 900, ways).ok
    assert stayed_with_the_new_token(closed(in_band(Story()), 4401).history, 1000, ways).ok
    assert said(stayed_with_the_new_token(closed(in_band(Story()), 4401).history, 900, ways)) == [
        ("token_window", "alice's connection 1 was ended by close 4401, although its new token is good for 100 s more"),
    ]
    assert said(stayed_with_the_new_token(closed(in_band(Story(), expires=None), 1000).history, 900, ways)) == [
        ("wrong_close", "alice's connection 1 was ended by close 1000"),
    ]


def test_where_a_fault_was_done_or_nothing_renewed_nothing_is_judged() -> None:
    story = in_band(Story())
    story.add(Kind.FAULT, connection=1)
    closed(story, 1006)
    closed(renewal(refused(story, by="in_band")), 1006)
    assert stayed_with_the_new_token(story.history, 0, ()).counts == {"vacuous": 1}
    assert stayed_with_the_new_token(in_band(Story()).history, 0, ()).ok


def test_nobody_gets_in_with_an_old_token() -> None:
    story = Story()
    for connection in (1, 2, 3, 4):
        story.add(Kind.CONNECT, connection=connection, details={"retired": connection < 4})
    story.add(Kind.CONNECT_FAILED, connection=1)
    closed(closed(story, 4401, connection=2), 1000, "us", connection=3)
    assert said(old_tokens_dead(story.history)) == [("token_window", "alice got in at +0.200 s with a token that had been replaced or revoked")]
    assert old_tokens_dead(story.history).exercised == 3
    assert old_tokens_dead(Story().history).counts == {"vacuous": 1}


@st.composite
def stories(draw: st.DrawFn) -> Story:
    count, made = draw(choices(1, 8, 7))
    story = Story()
    for _ in range(count):
        told = {"valid": made.pick(True, False), "race": made.pick(None, None, 1, 2), "took": made.pick(0.01, 0.2), "troubled": made.pick(False, False, True)}
        if made.pick(True, False):
            in_band(story, made.pick(1, 2), counted=made.pick(1, 2, None), **told)
        else:
            refused(story, made.pick("http 401", "close 1011"), **told)
    return story


@against_oracle(stories(), number=250)
def test_renewals_are_read_plainly(story: Story) -> None:
    all_of_them = [(event.connection, event.details["renewal"]) for event in story.events]
    alone = [(connection, one) for connection, one in all_of_them if one["race"] is None and not one["troubled"]]
    wrong = ["token_window" for _, one in alone if one["valid"] and not one["accepted"]]
    wrong += ["not_refused" for _, one in alone if one["accepted"] and not one["valid"]]
    wrong += ["wrong_close" for _, one in alone if not one["accepted"] and not one["valid"] and one["way"] not in WAYS]
    for connection in (1, 2):
        told = [one["counted"] for number, one in alone if number == connection and one["counted"]]
        wrong += ["miscounted" for place, count in enumerate(told, 1) if count != place]
    verdict = renewals_judged_rightly(story.history, WAYS)
    assert (verdict.exercised, codes(verdict)) == (len(alone), expect(*wrong))


@against_oracle(stories(), number=250)
def test_races_are_counted_plainly(story: Story) -> None:
    marks = [event.details["renewal"] for event in story.events]
    wrong = []
    for race in (1, 2):
        won = [one["accepted"] for one in marks if one["race"] == race]
        wrong += ["lost"] * (bool(won) and sum(won) == 0) + ["duplicated"] * (sum(won) > 1)
    verdict = one_winner(story.history)
    assert (verdict.exercised, codes(verdict)) == (sum(one["race"] is not None for one in marks), expect(*wrong))
