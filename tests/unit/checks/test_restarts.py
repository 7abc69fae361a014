"""Notices, outages and instances: told by hand, and against a walk through each connection."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import strategies as st
from random_histories import Choices, against_oracle, choices, codes, expect
from told_histories import Story

from Lockstep.checks import Event, History, Kind, LedgerRow
from Lockstep.checks.instances import handed_over_once
from Lockstep.checks.notice import notice_before_close
from Lockstep.checks.outage import outages_shorter_than

ASKED = {"fault": "shutdown", "reason": "maintenance", "estimate": 10.0}
TOLD = {"reason": "maintenance", "estimate": 10.0}


def restarted(asked: dict[str, Any] = ASKED, told: dict[str, Any] | None = TOLD, code: int = 1012, by: str = "peer", *, times: int = 1) -> Story:
    """Alice is connected, the server is asked to end, tells her, and closes."""
    story = Story()
    story.connected()
    story.add(Kind.FAULT, details=asked)
    for _ in range(times if told is not None else 0):
        story.add(Kind.NOTICE, details=told)
    story.add(Kind.CLOSE, details={"code": code, "by": by})
    return story


def sentences(story: Story) -> list[str]:
    return [violation.sentence for violation in notice_before_close(story.history).violations]


def test_the_notice_comes_first_and_says_what_was_meant() -> None:
    verdict = notice_before_close(restarted().history)
    assert (verdict.exercised, verdict.counts) == (1, {})
    assert [(figure.name, round(figure.value), figure.unit) for figure in verdict.measurements] == [("notice_lead", 100, "ms")]
    assert notice_before_close(restarted(code=1001).history).ok
    assert notice_before_close(restarted({"fault": "hand_over"}, {"reason": "whatever"}).history).ok, "nothing certain was meant"


def test_a_close_without_a_notice_or_with_another_code_is_wrong() -> None:
    assert sentences(restarted(told=None)) == ["alice's connection was closed at +0.200 s without a notice before"]
    assert sentences(restarted(code=1000)) == ["alice's connection was ended with close 1000 at +0.300 s, where close 1012 or close 1001 is right"]
    assert notice_before_close(restarted(code=1006).history, ["close 1006"]).ok
    assert notice_before_close(restarted(told=None, code=1006).history).counts == {"wrong_close": 2}


def test_a_notice_is_given_once_and_is_true() -> None:
    assert notice_before_close(restarted(times=2).history).counts == {"duplicated": 1}
    assert sentences(restarted(told={"reason": "x", "estimate": 10.0})) == ["alice was told".replace("alice", "alice's connection") + " the reason 'x', where 'maintenance' was given"]
    assert notice_before_close(restarted(told={}).history).counts == {"disagreement": 2}


def test_a_connection_that_stays_open_is_wrong() -> None:
    story = Story()
    story.connected()
    story.add(Kind.FAULT, details=ASKED)
    assert sentences(story) == ["alice's connection was still open when the server that it belongs to had ended"]


def test_who_had_left_or_leaves_by_itself_is_not_judged() -> None:
    nothing = {"vacuous": 1}
    assert notice_before_close(restarted(by="us").history).counts == nothing
    assert notice_before_close(restarted({"fault": "kill"}).history).counts == nothing
    gone = Story()
    gone.connected()
    gone.add(Kind.CLOSE, details={"code": 1000, "by": "peer"})
    gone.add(Kind.FAULT, details=ASKED)
    assert notice_before_close(gone.history).counts == nothing
    never = Story()
    never.add(Kind.FAULT, connection=0, details=ASKED)
    assert notice_before_close(never.history).counts == nothing


@st.composite
def ends(draw: st.DrawFn) -> History:
    """Connections that are told, closed and asked to end in any order."""
    count, made = draw(choices(2, 12, 6))
    events = [Event(number, float(number), Kind.CONNECTED, f"c{number}", number, "alice", details={}) for number in (0, 1)]
    for index in range(2, count + 2):
        kind = made.pick(Kind.FAULT, Kind.NOTICE, Kind.CLOSE)
        details = {
            Kind.FAULT: {"fault": made.pick("shutdown", "shutdown", "kill"), "reason": made.pick("a", "b", None)},
            Kind.NOTICE: {"reason": made.pick("a", "b")}, Kind.CLOSE: {"code": made.pick(1012, 1001, 1000), "by": made.pick("peer", "peer", "us")},
        }[kind]  # fmt: skip
        number = made.pick(0, 1)
        events.append(Event(index, float(index), kind, f"c{number}", number, "alice", details=details))
    return History(events)


@against_oracle(ends(), number=300)
def test_each_connection_is_judged_by_its_own_end(history: History) -> None:
    found, exercised = [], 0
    for asked in history.events:
        if asked.kind is not Kind.FAULT or asked.details["fault"] != "shutdown":
            continue
        of_it = [event for event in history.events if event.connection == asked.connection]
        close = next((event for event in of_it if event.kind is Kind.CLOSE), None)
        notices = [event for event in of_it if event.kind is Kind.NOTICE]
        if close is None:
            exercised += 1
            found.append("wrong_close")
            continue
        notices = [event for event in notices if event.index < close.index]
        if close.index < asked.index or close.details["by"] == "us":
            continue
        exercised += 1
        found += ["wrong_close"] * (close.details["code"] == 1000) + ["wrong_close"] * (not notices) + ["duplicated"] * (len(notices) > 1)
        if notices and asked.details["reason"] not in (None, notices[0].details["reason"]):
            found.append("disagreement")
    verdict = notice_before_close(history)
    assert verdict.exercised == exercised
    assert codes(verdict) == expect(*found)


# Outages


def away(fault: str = "shutdown", *, back: bool = True, close: dict[str, Any] | None = None) -> Story:
    """Alice loses her connection when the server ends, and is back a second later."""
    story = Story()
    story.connected()
    story.add(Kind.FAULT, details={"fault": fault})
    story.add(Kind.CLOSE, details=close or {"code": 1012, "by": "peer"})
    story.wait(0.9)
    story.add(Kind.CONNECT, connection=5)
    if back:
        story.connected(connection=5)
    return story


def figures(history: History) -> dict[str, float]:
    return {figure.name: round(figure.value, 6) for figure in outages_shorter_than(history, 10).measurements}


def test_an_outage_lasts_from_the_end_of_a_connection_to_the_first_answer_on_the_next() -> None:
    story = away()
    assert figures(story.history) == {"graceful_outage": 1.1, "graceful_outage_max": 1.1}
    story.wait(3)
    story.send("m", connection=5)
    story.wait(0.2)
    story.reply("m", connection=5)
    assert figures(story.history) == {"graceful_outage": 1.4, "graceful_outage_max": 1.4}, "what she thought about meanwhile is hers"
    assert list(figures(away("kill").history)) == ["crash_outage", "crash_outage_max"]
    assert list(figures(away("hand_over").history)) == ["rolling_outage", "rolling_outage_max"]


def test_an_outage_that_is_too_long_or_never_ends_is_slow() -> None:
    verdict = outages_shorter_than(away().history, 1.0)
    assert [violation.sentence for violation in verdict.violations] == ["alice lost its connection at +0.200 s and was to be answered again within 1 s, but it took 1.100 s"]
    verdict = outages_shorter_than(away(back=False).history, 1.0)
    assert verdict.counts == {"starved": 1}
    assert verdict.violations[0].sentence == "alice lost its connection at +0.200 s with the server, and never came back"
    assert verdict.measurements == []


def test_a_server_that_never_went_away_was_not_restarted() -> None:
    story = Story()
    story.connected()
    story.add(Kind.FAULT, details={"fault": "kill"})
    assert outages_shorter_than(story.history, 1.0).counts == {"fault_not_confirmed": 1}


def test_who_left_by_itself_or_was_gone_before_had_no_outage() -> None:
    assert outages_shorter_than(away(close={"code": 1000, "by": "us"}).history, 1.0).counts == {"vacuous": 1}
    assert outages_shorter_than(away("reset").history, 1.0).counts == {"vacuous": 1}
    story = Story()
    story.connected()
    story.add(Kind.CLOSE, details={"by": "peer"})
    story.add(Kind.FAULT, details={"fault": "kill"})
    assert outages_shorter_than(story.history, 1.0).counts == {"vacuous": 1}


@st.composite
def comings_and_goings(draw: st.DrawFn) -> History:
    """One client whose server ends now and then."""
    count, made = draw(choices(3, 14, 4))
    events = [Event(0, 0.0, Kind.CONNECTED, "c", 1, "alice", details={})]
    clock, connection, is_up = 0.0, 1, True
    for index in range(1, count + 1):
        clock += made.pick(0, 1, 2) / 4
        kind = made.pick(Kind.FAULT, Kind.CLOSE) if is_up else made.pick(Kind.FAULT, Kind.CONNECTED)
        if kind is Kind.CONNECTED:
            connection += 1
            events.append(Event(2 * index - 1, clock, Kind.CONNECT, "c", connection, "alice"))
        details = {"fault": made.pick("kill", "reset")} if kind is Kind.FAULT else {"by": made.pick("peer", "peer", "us")} if kind is Kind.CLOSE else {}
        events.append(Event(2 * index, clock, kind, "c", connection, "alice", details=details))
        is_up = is_up if kind is Kind.FAULT else kind is Kind.CONNECTED
    return History(events)


@against_oracle(comings_and_goings(), number=300)
def test_each_end_of_the_server_is_an_outage_of_whoever_was_there(history: History) -> None:
    found, exercised = [], 0
    for fault in history.events:
        if fault.kind is not Kind.FAULT or fault.details["fault"] != "kill":
            continue
        close = next((event for event in history.events if event.kind is Kind.CLOSE and event.connection == fault.connection), None)
        if close is not None and (close.index < fault.index or close.details["by"] == "us"):
            continue
        exercised += 1
        greeting = None if close is None else next((event for event in history.events if event.kind is Kind.CONNECTED and event.index > close.index), None)
        if close is None:
            found.append("fault_not_confirmed")
        elif greeting is None:
            found.append("starved")
        elif greeting.time - close.time > 0.5:
            found.append("slow_recovery")
    verdict = outages_shorter_than(history, 0.5)
    assert (verdict.exercised, codes(verdict)) == (exercised, expect(*found))
    assert all(figure.value < math.inf for figure in verdict.measurements)


# Instances


def row(index: int, instance: str, message_id: str = "m", what: str = "processed", attempt: int = 1) -> LedgerRow:
    return LedgerRow(index, float(index), "alice", "s", "c", message_id, attempt, None, "d", "agent", what, "", instance)


def judged(*told: str) -> list[LedgerRow]:
    """Rows such as ``1 a+`` (instance 1 accepted a) and ``2 a`` (instance 2 processed it)."""
    return [
        row(index, f"instance-{text[0]}", text[2:].rstrip("+"), "accepted" if text.endswith("+") else "processed") for index, text in enumerate(told, 1)
    ]


def test_two_instances_one_after_the_other() -> None:
    verdict = handed_over_once(judged("1 a+", "1 a", "2 b+", "2 b"))
    assert (verdict.exercised, verdict.counts) == (2, {})
    assert {figure.name: figure.value for figure in verdict.measurements} == {"instances": 2, "left_behind": 0}


def test_who_writes_after_another_has_begun_disagrees_with_it() -> None:
    verdict = handed_over_once(judged("1 a", "2 b", "1 c"))
    assert verdict.counts == {"disagreement": 1}
    assert verdict.violations[0].sentence == "instance-1 wrote row 3 of the ledger, although instance-2 had written before it"
    assert verdict.violations[0].ledger == (3,)


def test_what_was_accepted_is_finished_by_who_has_accepted_it() -> None:
    verdict = handed_over_once(judged("1 a+", "1 b+", "1 b", "2 a"))
    assert verdict.counts == {"stalled": 1}
    assert verdict.violations[0].sentence == "instance-1 had accepted alice's message a and was to finish it, but instance-2 processed it (row 4)"


def test_one_instance_alone_shows_no_hand_over() -> None:
    assert handed_over_once(judged("1 a")).counts == {"disagreement": 1}
    assert handed_over_once(judged("1 a"), instances=1).ok
    assert handed_over_once([]).counts == {"vacuous": 1}
    assert handed_over_once([row(1, "")]).counts == {"vacuous": 1}


@st.composite
def accounts(draw: st.DrawFn) -> list[LedgerRow]:
    """Rows of up to three instances."""
    count, made = draw(choices(0, 10, 4))
    return [_any_row(made, index) for index in range(count)]


def _any_row(made: Choices, index: int) -> LedgerRow:
    return row(index, made.pick("i1", "i2", "i3", "i1", ""), made.pick("a", "b"), made.pick("accepted", "processed", "answered"), made.pick(1, 2))


@against_oracle(accounts(), number=300)
def test_the_instances_of_any_ledger(rows: list[LedgerRow]) -> None:
    told = [one for one in rows if one.instance]
    processed = [(place, one) for place, one in enumerate(told) if one.what == "processed"]
    found = []
    for place, one in enumerate(told):
        if place and told[place - 1].instance != one.instance and one.instance in [before.instance for before in told[:place]]:
            found.append("disagreement")
    for place, one in processed:
        accepted = [before for before in told[:place] if before.what == "accepted" and (before.message_id, before.attempt) == (one.message_id, one.attempt)]
        if accepted and accepted[-1].instance != one.instance:
            found.append("stalled")
    if processed and len({one.instance for one in told}) < 2:
        found.append("disagreement")
    verdict = handed_over_once(rows)
    assert verdict.exercised == len(processed)
    assert codes(verdict) == expect(*found)
