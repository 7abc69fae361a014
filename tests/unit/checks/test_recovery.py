"""Recovery: told by hand, and against a walk through each reconnection."""

from __future__ import annotations

import math

import pytest
from hypothesis import strategies as st
from random_histories import against_oracle, choices, codes, expect
from told_histories import Story

from Lockstep.checks import Event, History, Kind
from Lockstep.checks.recovery import each_recovered_within, each_took_less, recoveries, recovers_within


def story_of(*happenings: tuple[float, Kind, dict]) -> Story:
    """Events at these moments, in seconds from the first; alice is the client where nobody is named."""
    story = Story()
    story.connected()
    for moment, kind, fields in happenings:
        story.time = 100.0 + moment
        story.add(kind, **fields)
    return story


def took(story: Story) -> list[tuple[float, float]]:
    return [(round(one.connected, 6), round(one.answered, 6)) for one in recoveries(story.history)]


LOST = (1.0, Kind.CLOSE, {})
TRIED = (1.0, Kind.CONNECT, {"connection": 5})
BACK = (2.0, Kind.CONNECTED, {"connection": 5})


def test_time_counts_from_the_end_of_the_connection_to_greeting_and_first_answer() -> None:
    asked = [(2.5, Kind.SEND, {"message_id": "a", "connection": 5}), (2.75, Kind.REPLY, {"message_id": "a", "connection": 5})]
    assert took(story_of(LOST, TRIED, BACK, *asked)) == [(1.0, 1.25)]
    assert took(story_of(LOST, TRIED, BACK)) == [(1.0, 1.0)]


def test_an_answer_that_was_on_its_way_counts_from_the_greeting() -> None:
    asked = (0.5, Kind.SEND, {"message_id": "a"})
    answer = (2.5, Kind.REPLY, {"message_id": "a", "connection": 5})
    assert took(story_of(asked, LOST, TRIED, BACK, answer)) == [(1.0, 1.5)]
    early = (1.5, Kind.REPLY, {"message_id": "a", "connection": 5})
    assert took(story_of(asked, LOST, TRIED, early, BACK)) == [(1.0, 1.0)]
    assert took(story_of(LOST, TRIED, BACK, answer)) == [(1.0, 1.5)]


def test_the_last_fault_of_the_client_or_of_the_server_frees_the_way() -> None:
    def after(moment: float, client: str, state: str = "done") -> list[tuple[float, float]]:
        other = [(0.2, Kind.CONNECT, {"user": "bob", "connection": 9, "details": {"session": "s"}}), (0.3, Kind.CONNECTED, {"user": "bob", "connection": 9})]
        story = story_of(*other, LOST, TRIED, BACK)
        at = [place for place, event in enumerate(story.events) if event.time <= 100 + moment][-1]
        story.events.insert(at + 1, story.events[at]._replace(time=100 + moment, kind=Kind.FAULT, client=client, details={"fault": "x", "state": state}))
        story.events[:] = [event._replace(index=index) for index, event in enumerate(story.events)]
        return took(story)[-1:]

    assert after(1.75, "alice-client") == after(1.75, "the target") == after(1.75, "alice-client", "ended") == [(0.25, 0.25)]
    assert after(1.75, "bob-client") == after(1.75, "alice-client", "planned") == after(0.5, "alice-client") == [(1.0, 1.0)]


def test_who_stays_away_is_not_slow_but_who_has_to_wait_is() -> None:
    late = (1.75, Kind.CONNECT, {"connection": 5})
    assert took(story_of(LOST, late, BACK)) == [(0.25, 0.25)]
    waited = (1.75, Kind.CONNECT, {"connection": 5, "details": {"waited": 0.5}})
    assert took(story_of(LOST, waited, BACK)) == [(0.75, 0.75)]


def test_each_recovery_is_judged() -> None:
    story = story_of(LOST, TRIED, BACK, (3.0, Kind.CLOSE, {"connection": 5}), (3.0, Kind.CONNECT, {"connection": 6}), (3.1, Kind.CONNECT, {"connection": 7}))
    verdict = each_recovered_within(story.history, 0.5)
    assert (verdict.exercised, verdict.counts) == (2, {"slow_recovery": 2})
    assert [violation.sentence for violation in verdict.violations] == [
        "alice was to be connected and answered again within 0.5 s, but it took 1.000 s (first try at +1.000 s)",
        "alice was to be connected and answered again within 0.5 s, but 2 tries failed (first try at +3.000 s)",
    ]
    assert [(figure.name, round(figure.value), figure.samples) for figure in verdict.measurements] == [("recovery_max", 1000, 1)]
    assert each_recovered_within(story_of(LOST, TRIED, BACK).history, 1.0).ok


def test_without_a_reconnection_nothing_is_judged() -> None:
    verdict = each_recovered_within(story_of(LOST).history, 1.0)
    assert (verdict.counts, verdict.measurements) == ({"vacuous": 1}, [])
    gave_up = each_recovered_within(story_of(LOST, TRIED).history, 1.0)
    assert (gave_up.counts, gave_up.measurements) == ({"slow_recovery": 1}, [])


@pytest.mark.parametrize(
    ("times", "found"),
    [([0.1, 0.2, 0.3, 9, 9], {}), ([0.1, 0.2, 0.31, 9, 9], {"too_slow": 1}), ([9, 9, 9, 9], {"vacuous": 1}), ([0.1, 0.2, 0.3, 0.3, 9, 9], {})],
)
def test_the_median_of_five_is_judged_and_fewer_are_noise(times: list[float], found: dict[str, int]) -> None:
    verdict = recovers_within(times, 0.3, "reconnect")
    assert verdict.counts == found
    if len(times) == 5:
        assert [figure.name for figure in verdict.measurements] == ["reconnect_mean", "reconnect_median", "reconnect_max"]
    assert all(v.sentence == "reconnect took 310 ms (median of 5 tries, the longest 9000 ms), where 300 ms are allowed" for v in verdict.violations if len(times) == 5)


@against_oracle(st.lists(st.integers(0, 20), max_size=9))
def test_the_median_is_the_middle_of_the_sorted_tries(tenths: list[int]) -> None:
    verdict = recovers_within([tenth / 10 for tenth in tenths], 1.0)
    judged = len(tenths) >= 5
    ordered = sorted(tenths)
    middle = (ordered[(len(tenths) - 1) // 2] + ordered[len(tenths) // 2]) / 2 if judged else 0
    assert (verdict.exercised, codes(verdict)) == (len(tenths) if judged else 0, expect(*["too_slow"] * (middle > 10)))


def test_every_single_one_may_be_judged_where_the_limit_is_large() -> None:
    verdict = each_took_less([("alice", 0.2), ("bob", 1.25), ("alice", 1.0)], 1.0)
    assert (verdict.exercised, verdict.counts) == (3, {"slow_recovery": 1})
    assert verdict.violations[0].sentence == "bob took 1250 ms to be back, where 1000 ms are allowed"
    assert each_took_less([], 1.0).counts == {"vacuous": 1}


@st.composite
def outages(draw: st.DrawFn) -> History:
    """A client that loses its connection and comes back, with faults and answers in between."""
    count, made = draw(choices(3, 16, 6))
    events: list[Event] = []
    clock, connection = 0.0, 1
    for index in range(count):
        clock += made.pick(0, 1, 2) / 4
        kind = made.pick(Kind.CONNECT, Kind.CONNECTED, Kind.CONNECTED, Kind.CLOSE, Kind.FAULT, Kind.SEND, Kind.REPLY)
        if kind is Kind.CONNECT:
            connection += 1
        client = made.pick("c", "c", "target") if kind is Kind.FAULT else "c"
        details = {"state": made.pick("done", "planned", "ended")} if kind is Kind.FAULT else {"waited": made.pick(0, 0, 0.25)} if kind is Kind.CONNECT else None
        message = made.pick("m1", "m2") if kind in (Kind.SEND, Kind.REPLY) else None
        events.append(Event(index, clock, kind, client, connection, "alice", message, details=details))
    return History(events)


@against_oracle(outages(), number=200)
def test_each_reconnection_is_timed_by_what_happened_around_it(history: History) -> None:
    tried: list[Event] = []
    lost, was_here, current = None, False, None
    expected: list[tuple[float, float]] = []
    for event in history.events:
        if event.kind is Kind.CONNECT:
            tried.append(event)
        elif event.kind is Kind.CONNECTED:
            if tried and was_here:
                expected.append(timed(history, lost, tried[0], event))
            tried, lost, was_here, current = [], None, True, event.connection
        elif event.kind is Kind.CLOSE and (current == event.connection or not (was_here or tried)):
            lost, was_here, current = event, True, None
    expected += [(math.inf, math.inf)] if tried and was_here else []
    assert [(one.connected, one.answered) for one in recoveries(history)] == expected
    verdict = each_recovered_within(history, 0.5)
    assert (verdict.exercised, codes(verdict)) == (len(expected), expect(*["slow_recovery" for _, answered in expected if answered > 0.5]))


def timed(history: History, lost: Event | None, first: Event, greeting: Event) -> tuple[float, float]:
    faults = [e for e in history.events if e.kind is Kind.FAULT and e.index < greeting.index and e.details["state"] != "planned"]
    free = max([first.time - first.details["waited"], *([lost.time] if lost else []), *[e.time for e in faults[-1:]]])
    reply = next((e for e in history.events if e.kind is Kind.REPLY and e.connection == greeting.connection), None)
    if reply is None:
        return greeting.time - free, greeting.time - free
    here = [e.time for e in history.events if e.kind is Kind.SEND and e.message_id == reply.message_id and e.connection == reply.connection and e.index < reply.index]
    return greeting.time - free, greeting.time - free + max(0.0, reply.time - max([greeting.time, *here[-1:]]))
