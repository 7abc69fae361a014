"""Faults: told by hand, and against a count of what was under way at each moment."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st
from random_histories import against_oracle, choices, codes, expect
from told_histories import Story

from Lockstep.checks import Event, History, Kind
from Lockstep.checks.struck import faults_struck, in_flight_at


def fault(story: Story, state: str | None = "done", name: str = "reset", **details: Any) -> Event:
    return story.add(Kind.MARK if state in {"planned", "ended"} else Kind.FAULT, details={"fault": name, **({"state": state} if state else {}), **details})


def test_what_was_planned_must_have_struck() -> None:
    story = Story()
    fault(story, "planned", number=1)
    fault(story, "planned", number=2, times=3)
    fault(story, number=1)
    fault(story, number=2)
    fault(story, "ended", number=2)
    fault(story, number=2)
    verdict = faults_struck(story.history)
    assert (verdict.exercised, verdict.counts) == (2, {"fault_not_confirmed": 1})
    assert verdict.violations[0].sentence == "reset on the way of alice-client, planned at +0.100 s, should have struck 3 times, but did 2"
    fault(story, number=2)
    assert faults_struck(story.history).ok


def test_a_fault_that_never_struck_is_named() -> None:
    story = Story()
    story.events.append(Event(1, 0.0, Kind.MARK, "", 0, details={"fault": "kill", "state": "planned"}))
    assert faults_struck(story.history).violations[0].sentence == "kill, planned at +0.000 s, should have struck, and never did"


def test_of_every_kind_that_is_claimed_there_must_be_enough() -> None:
    story = Story()
    for name in ("reset", "close", "reset"):
        fault(story, name=name)
    assert faults_struck(story.history, ["reset"]).ok
    verdict = faults_struck(story.history, ["reset", "close"])
    assert [violation.sentence for violation in verdict.violations] == ["close should have struck 2 times, but did 1"]
    assert faults_struck(story.history, ["close"], least=1).ok


def test_a_fault_that_nobody_planned_is_enough_to_be_seen() -> None:
    story = Story()
    fault(story, None)
    verdict = faults_struck(story.history)
    assert (verdict.exercised, verdict.counts) == (1, {})
    assert faults_struck(Story().exchange("a").history).counts == {"vacuous": 1}


def test_a_fault_must_meet_a_message_under_way_where_that_is_claimed() -> None:
    story = Story()
    story.send("a")
    fault(story)
    story.reply("a")
    assert faults_struck(story.history, in_flight=True).ok
    fault(story, name="refuse")  # meets a client that is not in yet
    assert faults_struck(story.history, in_flight=True).ok
    fault(story, name="close")
    verdict = faults_struck(story.history, in_flight=True)
    assert [violation.sentence for violation in verdict.violations] == ["close on the way of alice-client struck at +0.400 s, when nothing was under way"]
    assert {figure.name: figure.value for figure in verdict.measurements} == {"faults_struck": 3, "faults_in_flight": 1}
    assert faults_struck(story.history).ok
    assert faults_struck(story.history, ["reset"], least=1, in_flight=True).ok, "a kill beside a plan of resets claims nothing"
    assert not faults_struck(story.history, ["close"], least=1, in_flight=True).ok


def test_one_that_lasts_need_not_meet_a_message_on_each_connection() -> None:
    story = Story()
    story.send("a")
    fault(story, name="latency", number=1)
    story.reply("a")
    fault(story, name="latency", number=1)
    assert faults_struck(story.history, in_flight=True).ok


def test_one_that_lasts_meets_what_is_sent_until_it_ends() -> None:
    story = Story()
    story.exchange("a")
    fault(story, name="latency", number=1)  # on a ping
    story.exchange("b")
    assert not faults_struck(story.history, in_flight=True).ok, "nothing says that it still was there"
    fault(story, "ended", name="latency", number=1)
    assert faults_struck(story.history, in_flight=True).ok
    story.exchange("c")
    fault(story, name="latency", number=2)
    fault(story, "ended", name="latency", number=2)
    story.exchange("d")
    assert codes(faults_struck(story.history, in_flight=True)) == expect("fault_not_confirmed")


def test_a_mark_of_something_else_is_no_fault() -> None:
    story = Story()
    fault(story)
    story.add(Kind.MARK, details={"reads": False})
    story.add(Kind.MARK, details={"state": "ended"})
    assert faults_struck(story.history).exercised == 1


@pytest.mark.parametrize(("client", "count"), [("alice-client", 1), ("bob-client", 0), ("", 1), ("nobody", 1)])
def test_a_fault_of_nobody_meets_the_messages_of_all(client: str, count: int) -> None:
    story = Story()
    story.exchange("b", user="bob")
    story.send("a")
    story.events.append(Event(99, 200.0, Kind.FAULT, client, 0, details={"fault": "kill"}))
    assert in_flight_at(story.history, [story.events[-1]]) == [count]


KINDS = (*(Kind.SEND,) * 4, Kind.REPLY, Kind.REPLY, Kind.DUPLICATE, Kind.REFUSED, Kind.SEND_UNKNOWN, Kind.ACCEPTED, Kind.FAULT, Kind.FAULT)


@st.composite
def struck(draw: st.DrawFn) -> History:
    """Messages of two clients, their outcomes, and faults that are planned or done, in any order."""
    count, made = draw(choices(2, 14, 7))
    events: list[Event] = []
    for index in range(count):
        kind, user = made.pick(*KINDS), made.pick("alice", "bob")
        if kind is Kind.FAULT:
            details = {"fault": made.pick("reset", "close", "hang"), "number": made.pick(1, 2), "state": made.pick("done", "done", "planned", "ended"), "times": made.pick(1, 1, 2)}
            kind = Kind.FAULT if details["state"] == "done" else Kind.MARK
            events.append(Event(index, 0.0, kind, made.pick(user, user, ""), 1, details=details))
        else:
            events.append(Event(index, 0.0, kind, user, 1, user, made.pick("m1", "m2", "m3"), 1))
    return History(events)


def under_way(history: History, moment: Event) -> int:
    """How many messages wait at this moment, by going through all events before it."""
    waiting = set()
    for event in history.events:
        key = event.client, event.message_id
        if event.index >= moment.index:
            break
        if event.kind is Kind.SEND:
            waiting.add(key)
        elif event.kind in {Kind.REPLY, Kind.DUPLICATE, Kind.REFUSED, Kind.SEND_UNKNOWN}:
            waiting.discard(key)
    own = {key for key in waiting if key[0] == moment.client}
    known = any(e.kind is Kind.SEND and e.client == moment.client for e in history.events)
    return len(own if known else waiting)


def begun_until_the_end(history: History, fault: Event) -> int:
    """How many messages came to be under way between this and the last mark that says that it is over."""
    ends = [e.index for e in history.events if e.kind is Kind.MARK and e.details["state"] == "ended" and (e.client, e.details["number"]) == (fault.client, fault.details["number"])]
    began, waiting = 0, set()
    known = any(e.kind is Kind.SEND and e.client == fault.client for e in history.events)
    for event in history.events:
        key = event.client, event.message_id
        if event.kind is Kind.SEND and key not in waiting:
            waiting.add(key)
            began += bool(ends) and fault.index < event.index < ends[-1] and (event.client == fault.client or not known)
        elif event.kind in {Kind.REPLY, Kind.DUPLICATE, Kind.REFUSED, Kind.SEND_UNKNOWN}:
            waiting.discard(key)
    return began


@against_oracle(struck(), st.sampled_from([(), ("reset",), ("reset", "close")]), st.integers(1, 2), st.booleans(), number=200)
def test_each_fault_is_looked_at_with_what_was_under_way(history: History, kinds: tuple[str, ...], least: int, in_flight: bool) -> None:
    faults = [e for e in history.events if e.kind in {Kind.FAULT, Kind.MARK}]
    planned, done = ([e for e in faults if e.details["state"] == state] for state in ("planned", "done"))
    found = []
    for plan in planned:
        strikes = [e for e in done if (e.client, e.details["number"]) == (plan.client, plan.details["number"])]
        found += ["fault_not_confirmed"] * (len(strikes) < plan.details["times"])
    found += ["fault_not_confirmed" for kind in kinds if sum(e.details["fault"] == kind for e in done) < least]
    on_open = [e for e in done if e.details["fault"] != "hang"]
    met = [under_way(history, e) + begun_until_the_end(history, e) for e in on_open]
    for one in {(e.client, e.details["number"]) for e in on_open} if in_flight else ():
        strikes = [(e.details["fault"], count) for e, count in zip(on_open, met, strict=True) if (e.client, e.details["number"]) == one]
        claimed = not kinds or strikes[0][0] in kinds
        found += ["fault_not_confirmed"] * (claimed and not any(count for _, count in strikes))
    verdict = faults_struck(history, kinds, least=least, in_flight=in_flight)
    assert (verdict.exercised, codes(verdict)) == (len(planned) + len(kinds) or len(done), expect(*found))
    assert [figure.value for figure in verdict.measurements] == [len(done), sum(map(bool, met))]
    assert in_flight_at(history, faults) == [under_way(history, e) for e in faults]
