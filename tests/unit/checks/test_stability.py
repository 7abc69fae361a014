"""Connections, pings, neighbours, the server's size and the course of latency, each against the obvious way to judge it."""

from __future__ import annotations

import random
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_histories import codes, examples
from told_histories import Story

from Lockstep.checks import Event, History, Kind
from Lockstep.checks.heartbeat import connections_stayed_up, pings_answered
from Lockstep.checks.isolation import snapshots_name_own_messages
from Lockstep.checks.leaks import descriptors_flat, memory_flat, memory_within, threads_within
from Lockstep.checks.neighbours import not_held_up
from Lockstep.checks.rate import sending_within

MB = 1_000_000


# heartbeat --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("details", "fault", "expected"), [
    ({"by": "us", "code": 1000}, None, {}), ({"by": "target", "code": 1011, "reason": "heartbeat lost"}, None, {"zombie": 1}),
    ({"by": "target", "code": 1006}, None, {"zombie": 1}), ({"by": "us", "code": 1002}, None, {"zombie": 1}),
    ({"by": "target", "code": 1006}, 1, {}), ({"by": "target", "code": 1006}, 0, {}), ({"by": "target", "code": 1006}, 2, {"zombie": 1}),
])
def test_a_connection_ends_only_as_this_side_wishes(details: dict[str, Any], fault: int | None, expected: dict[str, int]) -> None:
    story = Story()
    story.connected()
    story.connected("bob")
    if fault is not None:
        story.add(Kind.FAULT, connection=fault)
    story.add(Kind.CLOSE, details=details)
    assert codes(connections_stayed_up(story.history)) == expected


def test_a_fault_after_the_end_excuses_nothing_and_no_connection_is_vacuous() -> None:
    story = Story()
    story.connected()
    story.add(Kind.CLOSE, details={"by": "target", "code": 1006, "reason": "idle"})
    story.add(Kind.FAULT)
    verdict = connections_stayed_up(story.history)
    assert [violation.sentence for violation in verdict.violations] == [
        "alice's connection 1, open since +0.000 s, was closed by the server at +0.100 s with code 1006 ('idle')"
    ]
    assert [(figure.name, figure.value) for figure in verdict.measurements] == [("disconnects", 1)]
    assert connections_stayed_up(History([])).counts == {"vacuous": 1}


@examples(200)
@given(st.integers(0, 10**9))
def test_a_ping_is_answered_by_its_own_pong_or_that_of_a_later_one(seed: int) -> None:
    made = random.Random(seed)
    story = Story()
    pinged = 0
    for _ in range(made.randint(1, 12)):
        kind = made.choice((Kind.PING, Kind.PING, Kind.PONG, Kind.OTHER))
        pinged += kind is Kind.PING
        name = f"p{pinged if kind is Kind.PING else made.randint(0, pinged)}"
        if kind is not Kind.PONG or name not in [event.message_id for event in story.events if event.kind is Kind.PONG]:
            story.add(kind, "alice", name)
        story.wait(made.choice((0.0, 0.5)))
    if made.random() < 0.3:
        story.add(Kind.CLOSE)
        story.wait(5).add(Kind.OTHER)
    events = story.events
    end = next((event for event in events if event.kind is Kind.CLOSE), events[-1])
    exercised = late = 0
    for ping in (event for event in events if event.kind is Kind.PING):
        after = [p.message_id for p in events if p.kind is Kind.PING and p.index >= ping.index]
        answer = next((event for event in events if event.kind is Kind.PONG and event.message_id in after), None)
        took = (answer or end).time - ping.time
        if answer or took > 1:
            exercised += 1
            late += took > 1
    verdict = pings_answered(story.history, within=1)
    assert (verdict.exercised, codes(verdict).get("zombie", 0)) == (exercised, late)


def test_what_was_measured_at_the_socket_counts_and_a_fault_excuses() -> None:
    story = Story()
    story.add(Kind.PING, "alice", "p1")
    story.add(Kind.PONG, "alice", "p1", details={"took": 3.0})
    story.add(Kind.PING, "alice", "p2")
    story.wait(2).add(Kind.OTHER)
    assert [violation.sentence for violation in pings_answered(story.history, within=1).violations] == [
        "alice's ping at +0.200 s was not answered for 2.100 s, where 1 s are allowed",
        "alice's ping at +0.000 s was answered after 3.000 s, where 1 s are allowed",
    ]
    story.events.insert(0, story.events[0]._replace(index=0, kind=Kind.FAULT))
    assert pings_answered(story.history, within=1).counts == {"vacuous": 1}
    assert pings_answered(History([]), within=1).counts == {"vacuous": 1}


# neighbours -------------------------------------------------------------------------------------------------------------------


def beside(calm: list[float], busy: list[float | None]) -> History:
    """Messages of alice with these latencies, None for one that is never answered."""
    events = []
    for number, took in enumerate([*calm, *busy]):
        at = number * 0.05
        events.append((at, Kind.SEND, f"m{number}"))
        if took is not None:
            events.append((at + took, Kind.REPLY, f"m{number}"))
    events.sort()
    return History([Event(i, at, kind, "alice", 1, "alice", name, 1) for i, (at, kind, name) in enumerate(events)])


def judged(calm: list[float], busy: list[float | None]) -> dict[str, int]:
    ids = [f"m{number}" for number in range(len(calm) + len(busy))]
    return codes(not_held_up(beside(calm, busy), "alice", ids[: len(calm)], ids[len(calm) :]))


@pytest.mark.parametrize(("busy", "expected"), [
    ([0.004] * 100, {}),
    ([0.3, 0.25, 0.2, 0.15, 0.1, 0.06] + [0.004] * 94, {}),
    ([0.04] * 100, {}),
    ([0.06] * 20 + [0.004] * 80, {"blocked_by_neighbour": 1}),
    ([None] * 100, {"blocked_by_neighbour": 1}),
    ([0.004] * 80 + [None] * 20, {"blocked_by_neighbour": 1}),
    ([None] + [0.004] * 99, {}),
])
def test_a_client_is_held_up_when_more_are_late_than_chance_explains(busy: list[float | None], expected: dict[str, int]) -> None:
    assert judged([0.002] * 20, busy) == expected


def test_slow_in_calm_times_is_slow_beside_a_neighbour_as_well() -> None:
    assert judged([0.05] * 20, [0.2] * 100) == {}
    assert judged([0.05] * 20, [0.3] * 100) == {"blocked_by_neighbour": 1}


def test_without_a_baseline_and_for_others_nothing_is_judged() -> None:
    assert judged([], [0.1] * 10) == {}
    history = beside([0.002] * 5, [0.1] * 5)
    assert not_held_up(history, "bob", ["m0"], ["m7"]).counts == {"vacuous": 1}
    assert codes(not_held_up(history, "alice", ["m0", "m1"], ["m2"])) == {}


def test_refused_and_unknown_messages_are_not_held_up() -> None:
    story = Story()
    for name in ("calm", "refused", "unknown"):
        story.send(name)
    story.reply("calm")
    story.refused("refused", attempt=1)
    story.unknown("unknown", attempt=1)
    assert not_held_up(story.history, "alice-client", ["calm"], ["refused", "unknown"]).counts == {"vacuous": 1}


# leaks ------------------------------------------------------------------------------------------------------------------------


def sampled(figures: list[dict[str, Any]], between: int = 0) -> History:
    """Samples with so many answered messages between them."""
    events: list[Event] = []
    for figure in figures:
        events.append(Event(len(events), 0.1 * len(events), Kind.SAMPLE, "server", 0, details=figure))
        for _ in range(between):
            name = f"m{len(events)}"
            for kind in (Kind.SEND, Kind.REPLY):
                events.append(Event(len(events), 0.1 * len(events), kind, "alice", 1, "alice", name, 1))
    return History(events)


@pytest.mark.parametrize(("check", "field", "least"), [(memory_within, "memory", 100 * MB), (threads_within, "threads", 5)])
def test_growth_is_counted_from_the_first_sample(check: Any, field: str, least: int) -> None:
    assert codes(check(sampled([{field: 7}, {field: 7 + least}, {field: 1}]), least)) == {}
    assert codes(check(sampled([{field: 7}, {field: 8 + least}, {field: 1}]), least)) == {"leak": 1}
    assert check(sampled([{"other": 1}, {field: None}]), least).counts == {"vacuous": 1}


def test_the_sentence_of_growth_has_units_and_moments() -> None:
    (violation,) = memory_within(sampled([{"memory": 50 * MB}, {"memory": 200 * MB}]), 100 * MB).violations
    assert violation.sentence == "the server's memory grew from 50.0 MB (at +0.000 s) to 200.0 MB (at +0.100 s), where 100.0 MB more are allowed"


@pytest.mark.parametrize(("memory", "expected"), [
    (lambda n: 50 * MB, {}),
    (lambda n: 50 * MB + 30_000 * n, {"leak": 1}),
    (lambda n: 50 * MB + (40 * MB if n > 90 else 0), {}),
    (lambda n: 50 * MB + (40 * MB if n > 54 else 0), {}),
    (lambda n: 50 * MB + (40 * MB if n > 48 else 0), {}),
    (lambda n: 50 * MB + 4_000 * n, {}),
    (lambda n: 50 * MB + min(n, 10) * MB, {}),
    (lambda n: 50 * MB + 30_000 * n + (9 * MB if n % 10 == 0 else 0), {"leak": 1}),
])
def test_memory_leaks_when_it_grows_with_the_messages_behind_the_warm_up(memory: Any, expected: dict[str, int]) -> None:
    history = sampled([{"memory": memory(number)} for number in range(100)], between=40)
    assert codes(memory_flat(history, limit=64, warm_up=400)) == expected


def test_too_few_samples_behind_the_warm_up_tell_nothing() -> None:
    history = sampled([{"memory": number * MB} for number in range(20)], between=10)
    assert memory_flat(history, warm_up=150).counts == {"vacuous": 1}
    assert descriptors_flat(sampled([{"descriptors": 3}] * 9)).counts == {"vacuous": 1}


def test_refused_messages_may_leave_nothing_behind_either() -> None:
    events: list[Event] = []
    for number in range(2000):
        if number % 20 == 0:
            events.append(Event(len(events), 0.0, Kind.SAMPLE, "server", 0, details={"memory": 50 * MB + 2000 * number}))
        for kind in (Kind.SEND, Kind.REFUSED):
            events.append(Event(len(events), 0.0, kind, "alice", 1, "alice", f"m{number}", 1))
    assert codes(memory_flat(History(events), warm_up=200)) == {"leak": 1}


@pytest.mark.parametrize(("needed", "expected"), [
    (lambda n: 10, {}), (lambda n: 10 + n // 20, {}), (lambda n: 10 + n, {"leak": 1}), (lambda n: 10 + (n % 3) * 50, {}),
    (lambda n: 10 + (30 if n > 70 else 0), {"leak": 1}),
])
def test_descriptors_leak_when_what_is_needed_at_least_rises(needed: Any, expected: dict[str, int]) -> None:
    assert codes(descriptors_flat(sampled([{"descriptors": needed(number)} for number in range(100)]))) == expected


def test_open_connections_need_descriptors() -> None:
    events: list[Event] = []
    for number in range(40):
        events.append(Event(len(events), 0.0, Kind.CONNECTED, "alice", number, "alice"))
        events.append(Event(len(events), 0.0, Kind.SAMPLE, "server", 0, details={"descriptors": 11 + number}))
    assert codes(descriptors_flat(History(events))) == {}
    closed = [event._replace(kind=Kind.CLOSE) if event.kind is Kind.CONNECTED else event for event in events]
    assert codes(descriptors_flat(History(closed))) == {"leak": 1}


# trends -----------------------------------------------------------------------------------------------------------------------


@examples(100)
@given(st.lists(st.sampled_from((0.0, 0.1, 0.4, 1.0, None)), max_size=8))
def test_sending_is_late_on_average_or_at_the_worst(lags: list[float | None]) -> None:
    events = [
        Event(number, 10.0 + number, Kind.SEND, "alice", 1, "alice", f"m{number}", 1, intended=None if lag is None else 10.0 + number - lag)
        for number, lag in enumerate(lags)
    ]
    known = [lag for lag in lags if lag is not None]
    slow = bool(known) and (sum(known) / len(known) > 0.3 + 1e-9 or max(known) > 0.9)
    verdict = sending_within(History(events), mean=0.3 + 1e-9, most=0.9)
    assert (verdict.exercised, codes(verdict)) == (len(known), {"too_slow": 1} if slow else {})


# isolation --------------------------------------------------------------------------------------------------------------------


def test_a_snapshot_that_lists_a_message_of_another_user_leaks() -> None:
    story = Story()
    story.send("a")
    story.send("b", "bob")
    story.send("same")
    story.send("same", "bob")
    story.snapshot("q1", {"processed_message_ids": ["a", "same", "from an earlier test"]})
    story.snapshot("q2", {"processed_message_ids": None})
    assert codes(snapshots_name_own_messages(story.history)) == {}
    story.snapshot("q3", {"processed_message_ids": ["a", "b"]})
    assert [violation.sentence for violation in snapshots_name_own_messages(story.history).violations] == [
        "alice's agent state at +0.900 s lists message b as processed, which only bob had sent"
    ]
    assert partial(snapshots_name_own_messages, History([]))().counts == {"vacuous": 1}
