"""Resumes: told by hand, and against the obvious questions about each."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st
from random_histories import against_oracle, choices, codes, expect
from told_histories import Story

from Lockstep.checks import Event, History, Kind, Verdict
from Lockstep.checks.offsets import offsets_without_gap
from Lockstep.checks.resume import resumes_are_sound

OLD = {"session": "s-1", "epoch": 1}


def away(offset: int = 2) -> Story:
    """Alice has received so many numbered messages when her connection breaks."""
    story = Story()
    story.add(Kind.CONNECT)
    story.connected()
    for number in range(1, offset + 1):
        story.add(Kind.OTHER, offset=number)
    story.add(Kind.CLOSE, details={"code": 1006})
    return story


def back(story: Story, told: dict[str, Any], *offsets: int, asked: dict[str, Any] | None = None, **fields: Any) -> Story:
    story.add(Kind.CONNECT, connection=7, details={**OLD, "offset": 2} if asked is None else asked)
    story.add(Kind.CONNECTED, connection=7, details=told)
    for offset in offsets:
        story.add(Kind.OTHER, offset=offset, connection=7, **fields)
    return story


RECOVERED = {**OLD, "offset": 2, "recovered": True, "head": 4}
REFUSED = {"session": "s-1", "epoch": 2, "offset": 0, "recovered": False, "reason": "too_far_behind"}


@pytest.mark.parametrize(
    ("told", "offsets"),
    [
        (RECOVERED, (3, 4)),
        (RECOVERED, (3, 4, 5)),
        ({**RECOVERED, "head": 2}, ()),
        (REFUSED, ()),
        (REFUSED, (1, 2)),
        ({**REFUSED, "session": "s-2", "epoch": 1}, (1,)),
        ({**OLD, "offset": 2}, (3, 4)),
        ({**OLD, "offset": 2}, ()),
        ({"session": "s-2", "epoch": 1}, (1,)),
        ({"session": "s-1", "epoch": "other"}, (1,)),
    ],
)
def test_a_resume_that_says_what_it_is_is_sound(told: dict[str, Any], offsets: tuple[int, ...]) -> None:
    verdict = resumes_are_sound(back(away(), told, *offsets).history)
    assert (verdict.exercised, verdict.counts) == (1, {}), verdict.violations


@pytest.mark.parametrize(
    ("told", "offsets", "code", "words"),
    [
        (RECOVERED, (3,), "unsound_resume", "all of it was recovered, but offset 4 never came"),
        (RECOVERED, (), "unsound_resume", "offset 3 to 4 never came"),
        (RECOVERED, (4, 5), "unsound_resume", "offset 3 never came"),
        (RECOVERED, (2, 3, 4), "unsound_resume", "offset 2 came at +0.700 s, when 2 had been there"),
        (RECOVERED, (3, 5, 4), "unsound_resume", "offset 4 came at +0.900 s, when 5 had been there"),
        (RECOVERED, (5, 3), "unsound_resume", "offset 4 never came and offset 3 came"),
        ({**RECOVERED, "epoch": 2}, (3, 4), "unsound_resume", "but it was session s-1, epoch 2"),
        ({**RECOVERED, "session": "s-9"}, (3, 4), "unsound_resume", "but it was session s-9, epoch 1"),
        ({**REFUSED, "reason": None}, (), "unsound_resume", "it was not recovered, but not why"),
        ({**REFUSED, "epoch": 1}, (3,), "unsound_resume", "it was session s-1, epoch 1, whose numbers had begun before"),
        (OLD, (4,), "gap", "nothing of a loss, but offset 3 never came"),
    ],
)
def test_a_resume_that_says_something_else_is_unsound(told: dict[str, Any], offsets: tuple[int, ...], code: str, words: str) -> None:
    verdict = resumes_are_sound(back(away(), told, *offsets).history)
    assert verdict.counts == {code: 1}
    sentence = verdict.violations[0].sentence
    assert sentence.startswith("alice came back to session s-1, epoch 1 at +0.500 s having offset 2 and was told ")
    assert words in sentence
    assert len(verdict.violations[0].evidence) == 2 + bool(offsets)


def test_nothing_of_the_old_epoch_may_follow_a_refusal() -> None:
    story = back(away(), REFUSED)
    story.add(Kind.OTHER, offset=3, connection=7, details=OLD)
    sentence = resumes_are_sound(story.history).violations[0].sentence
    assert sentence.endswith("but 1 message of that epoch came, first offset 3 at +0.700 s")


def test_what_a_connection_that_broke_again_could_not_bring_is_not_missing() -> None:
    story = back(away(), RECOVERED, 3)
    story.add(Kind.CLOSE, connection=7)
    assert resumes_are_sound(story.history).ok


def test_an_epoch_that_was_there_before_is_no_new_one() -> None:
    story = back(away(), REFUSED, 1)
    story.add(Kind.CLOSE, connection=7)
    story.add(Kind.CONNECT, connection=8, details={"session": "s-1", "epoch": 2, "offset": 1})
    story.add(Kind.CONNECTED, connection=8, details=OLD | {"offset": 0, "recovered": False, "reason": "restarted"})
    assert resumes_are_sound(story.history).counts == {"unsound_resume": 1}


def test_replayed_messages_may_come_before_the_greeting() -> None:
    story = away()
    story.add(Kind.CONNECT, connection=7, details={**OLD, "offset": 2})
    story.add(Kind.OTHER, offset=3, connection=7)
    story.add(Kind.CONNECTED, connection=7, details={**RECOVERED, "head": 3})
    story.add(Kind.OTHER, offset=4, connection=7)
    for check in (resumes_are_sound, offsets_without_gap):
        assert check(story.history).ok
    assert [figure.value for figure in resumes_are_sound(story.history).measurements] == [1, 1]


def test_without_offsets_only_session_and_epoch_are_judged() -> None:
    asked = {"session": "s-1"}
    assert resumes_are_sound(back(away(), {"session": "s-1", "recovered": True}, asked=asked).history).ok
    assert resumes_are_sound(back(away(), {"session": "s-1"}, asked=asked).history).ok
    assert resumes_are_sound(back(away(), {"session": "s-2", "recovered": True}, asked=asked).history).counts == {"unsound_resume": 1}


def test_what_was_under_way_on_the_old_connection_is_no_second_delivery() -> None:
    story = back(away(), RECOVERED, 3)
    story.add(Kind.OTHER, offset=3)
    story.add(Kind.OTHER, offset=4, connection=7)
    assert offsets_without_gap(story.history).ok
    story.add(Kind.OTHER, offset=4, connection=7)
    assert offsets_without_gap(story.history).counts == {"duplicated": 1}


def test_a_connection_that_did_not_ask_counts_from_where_it_begins() -> None:
    story = back(away(), RECOVERED, 3)
    story.connected(connection=8)
    story.add(Kind.OTHER, offset=4, connection=8)
    assert offsets_without_gap(story.history).ok
    story.add(Kind.OTHER, offset=6, connection=8)
    assert offsets_without_gap(story.history).counts == {"gap": 1}


def test_who_never_asked_to_resume_has_nothing_to_be_judged() -> None:
    assert resumes_are_sound(back(away(), REFUSED, asked={}).history).counts == {"vacuous": 1}


def test_a_reconnection_has_its_end_its_tries_and_its_greeting() -> None:
    story = away()
    failed = story.add(Kind.CONNECT, connection=6, details={"try": 1})
    story.add(Kind.CLOSE, connection=6)  # it opened and closed before it was ready
    story.add(Kind.CONNECT_FAILED, connection=6, details={"reason": "refused"})
    back(story, REFUSED)
    story.add(Kind.CLOSE, connection=1)  # late news of a connection that was left behind
    gave_up = story.add(Kind.CONNECT, connection=8, details={"session": "s-1"})
    lost, given_up = story.history.reconnections
    assert (lost.lost.kind, lost.first, len(lost.tries), lost.connected.connection) == (Kind.CLOSE, failed, 2, 7)
    assert (given_up.lost, given_up.tries, given_up.connected, given_up.told) == (None, (gave_up,), None, {})


def test_the_first_connection_of_a_client_is_no_reconnection() -> None:
    story = Story()
    story.add(Kind.CONNECT)
    story.connected()
    story.add(Kind.CLOSE, user="bob")  # bob was connected before this history begins
    story.add(Kind.CONNECT, user="bob")
    story.connected(user="bob")
    assert [one.first.user for one in story.history.reconnections] == ["bob"]


@st.composite
def comings_and_goings(draw: st.DrawFn) -> History:
    """A client that comes back again and again; the server says and sends what it should, mostly."""
    count, made = draw(choices(1, 5, 16))
    events: list[Event] = []

    def add(kind: Kind, connection: int, **fields: Any) -> None:
        events.append(Event(len(events) * 2 + 1, len(events) / 10, kind, "c", connection, "alice", **fields))

    session, epoch, offset = "s", 1, 0
    for connection in range(1, count + 1):
        asked = made.pick({"session": session, "epoch": epoch, "offset": offset}, {"session": session, "epoch": epoch, "offset": offset}, {})
        add(Kind.CONNECT, connection, details=asked or None)
        recovered = made.pick(True, True, False, None)
        told = {"session": made.pick(session, session, session, session, "t"), "epoch": epoch + made.pick(0, 0, 0, 1)}
        if recovered is False or not asked:
            told["epoch"] = epoch + made.pick(1, 1, 1, 0)
            epoch, start = told["epoch"], 0
        else:
            start = offset
        due = start + made.pick(0, 0, 0, 0, 1, -1)
        arriving = [due + step for step in range(1, made.pick(0, 1, 2, 3) + 1)]
        if made.pick(False, False, False, True):
            arriving.reverse()
        early = made.pick(0, 0, 1)
        for number in arriving[:early]:
            add(Kind.OTHER, connection, offset=number)
        head = made.pick(None, start, start + 1, start + 2) if recovered else None
        add(Kind.CONNECTED, connection, details={**told, "recovered": recovered, "reason": made.pick("why", "why", None), "head": head})
        for number in arriving[early:]:
            add(Kind.OTHER, connection, offset=number, details=made.pick(None, None, None, {"session": "s", "epoch": 1}))
        offset = max([start, *arriving])
        if made.pick(True, True, False):
            add(Kind.CLOSE, connection)
    return History(events)


def wrong(history: History, connect: Event) -> list[str]:
    """The obvious questions about one resume, asked of the whole history."""
    asked = connect.details or {}
    greeting = next(e for e in history.events if e.kind is Kind.CONNECTED and e.connection == connect.connection)
    told = greeting.details

    def stream(event: Event) -> tuple[object, object]:
        said = {**told, **(event.details or {})}
        return said["session"], said["epoch"]

    pushes = [e for e in history.events if e.kind is Kind.OTHER and e.connection == connect.connection]
    mine = [e.offset for e in pushes if stream(e) == (told["session"], told["epoch"])]
    old, now = (asked["session"], asked["epoch"]), (told["session"], told["epoch"])
    is_open = not any(e.kind is Kind.CLOSE and e.connection == connect.connection for e in history.events)
    end = max([*mine, (told["head"] or 0) if is_open and told["recovered"] else 0])
    missing = [offset for offset in range(asked["offset"] + 1, end + 1) if offset not in mine]
    falls = any(offset <= max([asked["offset"], *mine[:place]]) for place, offset in enumerate(mine))
    if told["recovered"] is True:
        return ["unsound_resume"] if old != now or missing or falls else []
    if told["recovered"] is False:
        told_before = any(e.kind is Kind.CONNECTED and stream_of(e) == now and e.index < greeting.index for e in history.events)
        mixed = any(stream(e) == old for e in pushes)
        return ["unsound_resume"] if not told["reason"] or now == old or told_before or mixed else []
    return ["gap"] if old == now and missing else []


def stream_of(greeting: Event) -> tuple[object, object]:
    return greeting.details["session"], greeting.details["epoch"]


@against_oracle(comings_and_goings(), number=200)
def test_each_resume_is_judged_by_what_it_asked_and_what_it_was_told(history: History) -> None:
    asked = [e for e in history.events if e.kind is Kind.CONNECT and e.details]
    verdict: Verdict = resumes_are_sound(history)
    assert (verdict.exercised, codes(verdict)) == (len(asked), expect(*[code for connect in asked for code in wrong(history, connect)]))
