"""The target's own pings, who does not answer them, and what answers for the dead; each against the obvious way to judge it."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_histories import examples
from told_histories import Story

from Lockstep.checks import Event, History, Kind, Verdict
from Lockstep.checks.heartbeats import no_zombies, only_the_silent_are_closed, pings_come_regularly, pings_were_answered

LOST: dict[str, Any] = {"by": "target", "code": 1011}


def codes(verdict: Verdict) -> dict[str, int]:
    """Also *vacuous*, which matters here."""
    return {str(code): count for code, count in verdict.counts.items()}


def told(*events: tuple[float, Kind, str | None, dict[str, Any]], connection: int = 1) -> list[Event]:
    """Events of one connection at these times."""
    return [Event(0, at, kind, "alice", connection, "alice", name, details=details) for at, kind, name, details in events]


def together(*parts: list[Event]) -> History:
    """In the order of time."""
    events = sorted((event for part in parts for event in part), key=lambda event: event.time)
    return History([event._replace(index=number) for number, event in enumerate(events)])


def pinged(*times: float, answered: bool = True, connection: int = 1) -> list[Event]:
    events = [(at, Kind.PINGED, f"p{number}", {}) for number, at in enumerate(times)]
    if answered:
        events += [(at + 0.01, Kind.PONGED, name, {}) for at, _, name, _ in events]
    return told((0.0, Kind.CONNECTED, None, {}), *events, connection=connection)


# the interval -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("times", "end", "expected"), [
    ((1, 2, 3), 3.5, {}), ((1, 2.24, 3.2), 3.5, {}), ((1, 2.26, 3.2), 3.5, {"too_slow": 1}), ((1, 1.7, 2.7), 3, {"too_slow": 1}),
    ((1, 2, 3), 4.3, {"too_slow": 1}), ((1, 2), 2.5, {"vacuous": 1}), ((), 9, {"vacuous": 1}),
])
def test_an_interval_may_be_off_by_a_quarter_of_a_second(times: tuple[float, ...], end: float, expected: dict[str, int]) -> None:
    history = together(pinged(*times), told((end, Kind.OTHER, None, {})))
    assert codes(pings_come_regularly(history, 1.0, least=2)) == expected


def test_or_by_a_tenth_on_the_targets_clock() -> None:
    moved = told(*((at, Kind.MARK, None, {"moved": 29.0}) for at in (0.5, 1.5, 2.5)))
    verdict = pings_come_regularly(together(pinged(1, 2, 3, 5.9), moved), 30.0, least=2)
    assert [violation.sentence for violation in verdict.violations] == [
        "alice's connection 1 was pinged at +5.900 s, 2.900 s after the ping before, where 30 s are promised (± 3 s)"
    ]
    assert [(figure.name, round(figure.value, 3), figure.unit) for figure in verdict.measurements] == [("ping_beyond_tolerance", 24.1, "s")]
    assert pings_come_regularly(together(pinged(1, 2, 3), told((3.5, Kind.OTHER, None, {}))), 1.0, least=2).measurements[0].value == 0


@examples(200)
@given(st.lists(st.floats(0.5, 1.5), max_size=8), st.floats(0.0, 2.0))
def test_intervals_as_the_oracle_sees_them(gaps: list[float], rest: float) -> None:
    times = [sum(gaps[:number]) for number in range(1, len(gaps) + 1)]
    end = (times[-1] if times else 0.0) + rest
    wrong = sum(abs(gap - 1.0) > 0.25 for gap in gaps[1:]) + (bool(times) and rest > 1.25)
    verdict = pings_come_regularly(together(pinged(*times, answered=False), told((end, Kind.OTHER, None, {}))), 1.0)
    assert abs(verdict.counts.get("too_slow", 0) - wrong) <= sum(abs(abs(gap - 1.0) - 0.25) < 1e-9 for gap in [*gaps, rest])
    assert verdict.exercised == max(0, len(times) - 1)


# answers ----------------------------------------------------------------------------------------------------------------------


def test_a_ping_that_is_not_answered_looks_dead_unless_that_is_meant() -> None:
    silent = told((0.5, Kind.MARK, None, {"pongs": None}))
    again = told((0.9, Kind.MARK, None, {"pongs": 0.0}))
    late = told((0.9, Kind.MARK, None, {"pongs": 2.0}))
    lost = told((9.0, Kind.CLOSE, None, LOST))
    end = told((2.0, Kind.OTHER, None, {}))
    assert codes(pings_were_answered(together(pinged(1, 2)), least=2)) == {}
    assert codes(pings_were_answered(together(pinged(1, 2)), least=3)) == {"vacuous": 1}
    assert codes(pings_were_answered(together(pinged(1, answered=False), end), least=0)) == {"zombie": 1}
    assert codes(pings_were_answered(together(pinged(1.8, answered=False), end), least=0)) == {"vacuous": 1}
    assert codes(pings_were_answered(together(pinged(1, answered=False), late, end), least=0)) == {"vacuous": 1}
    assert codes(pings_were_answered(together(pinged(1, answered=False), lost), least=0)) == {"vacuous": 1}
    assert codes(pings_were_answered(together(pinged(1, answered=False), silent, end))) == {"vacuous": 1}
    assert codes(pings_were_answered(together(pinged(1, answered=False), silent, again, end), least=0)) == {"zombie": 1}
    answer = told((1.6, Kind.PONGED, "p1", {}))
    assert codes(pings_were_answered(together(pinged(1, 1.5, answered=False), answer, end))) == {}, "it stands for the one before"


# the dead and the living ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("closed", "by", "expected"), [
    (3.0, "target", {}), (5.9, "target", {}), (6.1, "target", {"zombie": 1}), (2.0, "target", {"zombie": 1}), (None, "", {"zombie": 1}),
    (3.0, "us", {"vacuous": 1}),
])
def test_a_silent_client_is_given_up_in_time_and_not_before(closed: float | None, by: str, expected: dict[str, int]) -> None:
    silent = told((0.0, Kind.MARK, None, {"pongs": None}))
    end = told((closed, Kind.CLOSE, None, {"by": by, "code": 1011})) if closed else []
    history = together(pinged(1, answered=False), silent, end, told((9.0, Kind.OTHER, None, {}), connection=1) if not closed else [])
    assert codes(only_the_silent_are_closed(history, 1.0, 2.0, 3.0, silent=1)) == expected


def test_who_was_never_asked_cannot_be_dead_and_who_answers_is_not() -> None:
    silent = told((0.0, Kind.MARK, None, {"pongs": None}))
    lost = told((3.0, Kind.CLOSE, None, LOST))
    verdict = only_the_silent_are_closed(together(pinged(), silent, lost), 1.0, 2.0, 3.0, silent=1)
    assert [violation.sentence for violation in verdict.violations] == [
        "alice's connection 1 was closed at +3.000 s, before it had 2 s to answer a ping"
    ]
    verdict = only_the_silent_are_closed(together(pinged(1), lost), 1.0, 2.0, 3.0, silent=0)
    assert [violation.sentence for violation in verdict.violations] == ["alice's connection 1 was closed at +3.000 s although it answered its pings"]


def test_so_many_must_be_silent_and_counts_are_measured() -> None:
    silent = told((0.0, Kind.MARK, None, {"pongs": None}))
    lost = told((3.0, Kind.CLOSE, None, LOST))
    late = told((0.5, Kind.CONNECTED, None, {}), (0.6, Kind.MARK, None, {"pongs": None}), connection=3)
    refused = told((0.1, Kind.CLOSE, None, LOST), connection=4)
    history = together(pinged(1, answered=False), silent, lost, pinged(1, 2, connection=2), late, refused)
    verdict = only_the_silent_are_closed(history, 1.0, 2.0, 3.0, silent=2)
    assert (codes(verdict), verdict.exercised) == ({}, 2)
    assert [(figure.name, figure.value) for figure in verdict.measurements] == [("silent_closed", 1), ("living_kept", 1), ("silent_closed_after", 3000)]
    assert codes(only_the_silent_are_closed(history, 1.0, 2.0, 3.0, silent=1)) == {"vacuous": 1}


# zombies ----------------------------------------------------------------------------------------------------------------------


def test_a_pong_for_a_dead_application_is_a_zombie() -> None:
    story = Story()
    story.send("m1")
    story.wait(3).add(Kind.PING, message_id="p1")
    story.add(Kind.PONG, message_id="p1")
    verdict = no_zombies(story.history, within=2)
    assert [violation.sentence for violation in verdict.violations] == [
        "alice's connection 1 answered a ping at +3.200 s, but not what was asked 3.100 s before the ping (m1)"
    ]


def test_a_server_that_stands_still_as_a_whole_is_no_zombie_and_silence_proves_nothing() -> None:
    story = Story()
    story.add(Kind.PING, message_id="p0")
    story.add(Kind.PONG, message_id="p0")
    assert codes(no_zombies(story.history, within=2)) == {"vacuous": 1}
    story.send("m1")
    story.add(Kind.PING, message_id="p1")
    story.wait(5).add(Kind.PONG, message_id="p1")
    story.add(Kind.PONG, message_id="never sent")
    story.reply("m1")
    story.reply("m2", user="bob")
    verdict = no_zombies(story.history, within=2)
    assert (codes(verdict), verdict.exercised) == ({}, 1)


@examples(300)
@given(st.integers(0, 10**9))
def test_zombies_as_the_oracle_sees_them(seed: int) -> None:
    made = random.Random(seed)
    story, pings = Story(), 0
    for number in range(made.randint(1, 14)):
        kind = made.choice(("send", "reply", "ping", "pong"))
        if kind == "send":
            story.send(f"m{number}")
        elif kind == "reply":
            story.reply(f"m{made.randint(0, number)}")
        elif kind == "ping":
            pings += 1
            story.add(Kind.PING, message_id=f"p{pings}")
        else:
            story.add(Kind.PONG, message_id=f"p{made.randint(1, max(1, pings))}")
        story.wait(made.choice((0.0, 1.0)))
    events = story.events
    dead = set()
    for place, pong in enumerate(events):
        asked = next((event for event in events[:place] if event.kind is Kind.PING and event.message_id == pong.message_id), None)
        for send in (event for event in events[:place] if event.kind is Kind.SEND):
            replied = any(event.kind is Kind.REPLY and event.message_id == send.message_id and event.index > send.index for event in events[:place])
            if pong.kind is Kind.PONG and asked is not None and not replied and asked.time - send.time > 1:
                dead.add(send.message_id)
    assert no_zombies(story.history, within=1).counts.get("zombie", 0) == len(dead)
