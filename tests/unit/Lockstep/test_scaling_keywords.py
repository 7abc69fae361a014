"""What keywords about rates and the course of a load make of loads that went well, badly, or could not be measured."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial

import pytest
import yaml
from robot.api import SkipExecution

from Lockstep.arguments import BenchmarkPhase, Count, Duration, Durations, Percentile, Rate, Rates
from Lockstep.checks import Event, History, Kind
from Lockstep.engine.load.histogram import Histogram
from Lockstep.engine.load.plan import Plan, Stage
from Lockstep.engine.load.result import ConnectionAccount, Load, Moment
from Lockstep.engine.sending import Burst
from Lockstep.engine.server_figures import ServerFigures
from Lockstep.errors import PerformanceThresholdError, UsageError, ViolationError
from Lockstep.keywords.course import CourseKeywords
from Lockstep.keywords.crowd import CrowdKeywords
from Lockstep.keywords.expectation import Expectation
from Lockstep.keywords.kit import Kit
from Lockstep.keywords.load import LoadKeywords
from Lockstep.keywords.measuring import MeasuringKeywords, Phase
from Lockstep.keywords.pressure import PressureKeywords
from Lockstep.keywords.scaling import ScalingKeywords, Steps
from Lockstep.keywords.sending import SendingKeywords
from Lockstep.records import RUN
from Lockstep.targets import load_target

LATE = {200_000: 1}
"""A generator that was 200 ms late with all it sent."""
RATES = Rates.convert("100, 300, 600")
LIMITS = {"up_to": Rate(300), "within": Duration(0.5)}


@pytest.fixture
def kit(tmp_path, monkeypatch):
    monkeypatch.setenv(RUN, str(tmp_path))
    kit = Kit()
    kit.use_target(load_target("reference"))
    yield kit
    kit.engine.stop()


@pytest.fixture
def scaling(kit):
    expectation = Expectation(kit)
    return ScalingKeywords(kit, expectation, LoadKeywords(kit, expectation))


@pytest.fixture
def course(kit):
    return CourseKeywords(kit, Expectation(kit))


def load(rate=100, *, seconds=10, answered=None, latency=10_000, lag=None, moments=()):
    """A load in which every message took so many microseconds, from which as many are answered as asked for."""
    sent = rate * seconds
    answered = sent if answered is None else answered
    account = ConnectionAccount(number=0, user="u", prefix="u.", sent=sent, answered=answered, refused=sent - answered, lost=0, unsent=0, p50=0.0, p95=0.0,
                                last=float(seconds), closed=None)
    return Load("stress", Plan(connections=1, stages=(Stage(seconds, rate, rate),)), sent=sent, answered=answered, refused=sent - answered,
                latency=Histogram({latency: answered}), lag=Histogram(lag or {10: sent}), connections=[account], moments=list(moments))


def steps(**changed):
    return Steps(RATES, [changed.get(f"at_{rate:g}", load(int(rate))) for rate in RATES])


def crowded(one):
    """The same load, whose server was ready to work for half of the time and got no processor."""
    one.server = [ServerFigures(one.begin + at, 10**6, 4, 20, 1.0, at / 2) for at in (0, one.lasted)]
    return one


def figures(kit):
    lines = [json.loads(line) for file in kit.records.folder.glob("records/*.jsonl") for line in file.read_text().splitlines()]
    return {line["name"]: (line["value"], line["valid"]) for line in lines if line["kind"] == "measurement"}


def test_steps_that_are_kept_leave_knee_and_headroom(kit, scaling):
    scaling.the_target_should_keep_up_with_each_step(steps(), **LIMITS)
    assert (figures(kit)["knee"], figures(kit)["headroom"]) == ((600, True), (300, True))


@pytest.mark.parametrize(("wrong", "told"), [
    (load(300, answered=2990), "at 300 msg/s 10 of 3000 messages were not answered"), (load(300, latency=600_000), "took longer than 500 ms"),
])
def test_a_step_that_is_not_kept_fails_and_leaves_its_figures_all_the_same(kit, scaling, wrong, told):
    with pytest.raises(PerformanceThresholdError, match=told):
        scaling.the_target_should_keep_up_with_each_step(steps(at_300=wrong), **LIMITS)
    assert figures(kit)["knee"] == (100, True)


def test_a_late_generator_voids_a_step_that_is_promised_and_above_it_only_bounds_the_knee(kit, scaling):
    with pytest.raises(SkipExecution, match="invalid: the generator sent late"):
        scaling.the_target_should_keep_up_with_each_step(steps(at_300=load(300, answered=2990, lag=LATE)), **LIMITS)
    assert figures(kit)["knee"][1] is False
    scaling.the_target_should_keep_up_with_each_step(steps(at_600=load(600, lag=LATE)), **LIMITS)
    assert figures(kit)["knee"] == (300, True)


def test_others_on_the_machine_excuse_a_step_that_is_missed_and_void_none_that_is_kept(kit, scaling):
    scaling.the_target_should_keep_up_with_each_step(steps(at_300=crowded(load(300)), at_600=crowded(load(600))), **LIMITS)
    assert figures(kit)["knee"] == (600, True)
    with pytest.raises(SkipExecution, match="invalid: the server got no processor for 50% of the time"):
        scaling.the_target_should_keep_up_with_each_step(steps(at_300=crowded(load(300, latency=600_000))), **LIMITS)
    assert figures(kit)["knee"][1] is False
    scaling.the_target_should_keep_up_with_each_step(steps(at_600=crowded(load(600, latency=600_000))), **LIMITS)
    assert figures(kit)["knee"] == (300, True)


def test_limits_below_the_first_step_and_lost_shards_judge_nothing(scaling):
    with pytest.raises(UsageError, match=r"no step offers 50 msg/s or less; the first is at 100 msg/s"):
        scaling.the_target_should_keep_up_with_each_step(steps(), up_to=Rate(50), within=Duration(0.5))
    lost = load(600)
    lost.missing.append("shard 2 of 2 said nothing for 3 s")
    with pytest.raises(SkipExecution, match="not measured: shard 2"):
        scaling.the_target_should_keep_up_with_each_step(steps(at_600=lost), **LIMITS)


def test_a_single_refusal_breaks_a_promised_rate_unless_the_generator_was_late(scaling):
    scaling.load_should_be_answered_in_full(load(), load(lag=LATE))
    with pytest.raises(PerformanceThresholdError, match=r"1 of 1000 messages were not answered, at a rate that is promised"):
        scaling.load_should_be_answered_in_full(load(), load(answered=999))
    with pytest.raises(SkipExecution, match="invalid"):
        scaling.load_should_be_answered_in_full(load(answered=999, lag=LATE))


def test_a_rate_that_the_target_holds_down_is_a_failure_and_one_that_the_generator_does_is_void(kit):
    expectation = Expectation(kit)
    measuring = MeasuringKeywords(kit, expectation, SendingKeywords(kit, expectation))
    measuring.throughput_should_be_at_least(Rate(100), load(100))
    slow = load(100, answered=990, lag={10: 5})
    slow.held_up = 995  # the socket took nothing: that is the target's doing, and no lag of ours
    with pytest.raises(PerformanceThresholdError, match=r"990 of 1000 messages.* were answered, at 99\.0 a second, where 100 are the least"):
        measuring.throughput_should_be_at_least(Rate(100), slow)
    with pytest.raises(SkipExecution, match="invalid"):
        measuring.throughput_should_be_at_least(Rate(100), load(100, answered=990, lag=LATE))


def test_a_limit_that_a_crowded_server_kept_is_kept_and_one_that_it_missed_is_void(kit, course, scaling):
    expectation = Expectation(kit)
    measuring = MeasuringKeywords(kit, expectation, SendingKeywords(kit, expectation))
    crowd, pressure = CrowdKeywords(kit, expectation, None, None), PressureKeywords(kit, expectation)
    refused = replace(load(100, answered=900), refusal=Histogram({10_000: 100}))
    late = replace(refused, refusal=Histogram({900_000: 100}))
    creeping = course_of(*[10_000 + 20_000 * number for number in range(20)])
    sticking = course_of(*[4_000] * 20)
    sticking.moments = [replace(moment, times=Histogram({4_000: 485, 600_000: 15}).packed()) for moment in sticking.moments]
    fair, unfair = (
        replace(load(), connections=[replace(load().connections[0], number=number, answered=answered) for number, answered in enumerate(each)])
        for each in ((900, 900, 900), (900, 900, 100))
    )
    for keyword, kept, missed in (
        (partial(measuring.throughput_should_be_at_least, Rate(100)), load(100), load(100, answered=990)),
        (partial(LoadKeywords(kit, expectation).latency_percentile_should_be_below, Percentile(95), Duration(0.5)), load(), load(latency=600_000)),
        (course.latency_should_not_rise_during, course_of(*[10_000] * 20), creeping),
        (course.few_answers_should_stick_out, course_of(*[4_000] * 20), sticking),
        (crowd.load_should_be_fair, fair, unfair),
        (partial(crowd.every_connection_should_be_served, p95=Duration(0.5)), load(), replace(load(), connections=[replace(load().connections[0], p95=0.6)])),
        (partial(pressure.refusals_should_come_within, Duration(0.1)), refused, late),
        (scaling.load_should_be_answered_in_full, load(), load(answered=999)),
    ):
        keyword(crowded(kept))
        with pytest.raises((PerformanceThresholdError, ViolationError)):
            keyword(replace(missed, server=[]))
        with pytest.raises(SkipExecution, match="invalid: the server got no processor for 50% of the time"):
            keyword(crowded(missed))


@pytest.mark.parametrize("one", [load(), crowded(load())])
def test_figures_of_a_crowded_load_are_recorded_as_such(kit, course, one):
    expectation = Expectation(kit)
    LoadKeywords(kit, expectation).record(one)
    course.report_each_tenth_of(one)
    CrowdKeywords(kit, expectation, None, None).every_connection_should_be_served(one, p95=Duration(0.5))
    lines = [json.loads(line) for file in kit.records.folder.glob("records/*.jsonl") for line in file.read_text().splitlines()]
    told = {line["name"]: (line["valid"], line["crowded"]) for line in lines if "crowded" in line}
    assert {"stress", "stress_p95", "stress_variation", "stress_slowest_p95"} <= set(told)
    assert set(told.values()) == {(True, one.crowded is not None)}
    assert [line["reason"] for line in lines if line["kind"] == "invalid"] == [f"stress: {one.crowded}"] * bool(one.crowded)


def test_figures_of_a_crowded_phase_of_a_conversation_are_recorded_as_such(kit):
    expectation = Expectation(kit)
    events = [Event(0, 1.0, Kind.SEND, "alice", 1, "u", "m1", 1, 0, None, None, 1.0), Event(1, 1.2, Kind.REPLY, "alice", 1, "u", "m1", 1, 0)]
    phase = Phase("quiet", Burst("alice", ("m1",), 1.0, 1.0, 0), History(events), None, "invalid: others took the processor", 0.5)
    MeasuringKeywords(kit, expectation, SendingKeywords(kit, expectation))._record(phase)
    lines = [json.loads(line) for file in kit.records.folder.glob("records/*.jsonl") for line in file.read_text().splitlines()]
    told = {line["name"]: (line["valid"], line.get("crowded")) for line in lines if line["kind"] == "measurement"}
    assert (told["quiet"], told["quiet_p95"], told["quiet_lost"]) == ((True, True), (True, True), (True, None))


@pytest.mark.parametrize(("keys", "told"), [
    ({"rates": Rates.convert("100, 300, 300")}, "rates must rise from step to step, not 100, 300, 300"), ({"each": Duration(0)}, "each=... must be more than 0 s"),
])
def test_steps_that_cannot_be_are_refused(scaling, keys, told):
    with pytest.raises(UsageError, match=told):
        scaling.run_load_steps("x", **{"rates": RATES, "each": Duration(1), "within": Duration(0.5), **keys})


@pytest.mark.parametrize("times", ["2, 3, 6, 3", "2, 3, 0, 3, 2", "1, 2, 3, 4, 5, 6"])
def test_a_benchmark_needs_five_times(scaling, times):
    with pytest.raises(UsageError, match=r"times=\.\.\. needs 5 times of more than 0, for warm-up, ramp, sustained, peak, cool-down, not "):
        scaling.run_benchmark_phase(BenchmarkPhase.peak, sustained=Rate(1), peak=Rate(2), times=Durations.convert(times), within=Duration(1))


def test_a_step_that_is_not_permitted_keeps_all_of_them_from_a_foreign_target(kit, scaling, tmp_path):
    file = tmp_path / "desk.yaml"
    file.write_text(yaml.safe_dump({
        "schema": 1, "name": "desk", "title": "Desk", "connect": {"url": "ws://desk.example.test/ws"}, "permissions": {"load": {"rate": 500, "connections": 10}},
        "messages": {"send": {"id": "{message_id}", "text": "{content}"}, "reply": {"where": {"type": "answer"}, "message_id": "id"}},
    }))
    kit.use_target(load_target(file))
    with pytest.raises(SkipExecution, match=r"^not offered: Desk permits 500 msg/s \(permissions\.load\), 900 are wanted$"):
        scaling.run_load_steps("x", rates=RATES, each=Duration(1), within=Duration(0.5), connections=Count(5))
    with pytest.raises(SkipExecution, match=r"750 are wanted$"):
        scaling.run_load_steps("x", rates=Rates.convert("100"), each=Duration(1), within=Duration(0.5), promised=Rate(500), connections=Count(5))
    with pytest.raises(SkipExecution, match=r"^not offered: Desk permits 10 connections \(permissions\.load\), 11 are wanted$"):
        scaling.run_load_steps("x", rates=RATES, each=Duration(1), within=Duration(0.5), connections=Count(11))


def course_of(*medians, lag=None):
    """A load whose latency (us) went on like this, half a second each."""
    moments = [Moment(at=(number + 1) / 2, lasted=0.5, sent=50, answered=50, refused=0, waiting=0, processor=0.1, times=Histogram({value: 50}).packed())
               for number, value in enumerate(medians)]
    one = load(100, seconds=len(medians) // 2, lag=lag, moments=moments)
    one.latency = Histogram()
    for moment in moments:
        one.latency.add(moment.latency)
    return one


def test_latency_that_creeps_up_is_seen_and_a_single_step_or_a_late_generator_is_not(kit, course):
    creeping = [10_000 + 20_000 * number for number in range(20)]
    with pytest.raises(PerformanceThresholdError, match="latency rose steadily over 1000 replies"):
        course.latency_should_not_rise_during(course_of(*creeping))
    assert figures(kit)["latency_rise"][0] == pytest.approx(380, rel=0.01)
    course.latency_should_not_rise_during(course_of(*[10_000] * 10, *[400_000] * 10))
    with pytest.raises(SkipExecution, match="invalid"):
        course.latency_should_not_rise_during(course_of(*creeping, lag=LATE))


def test_answers_that_stick_out_are_seen_when_the_generator_is_fine_enough_to_see_them(course):
    tail = course_of(*[4_000] * 20)
    tail.moments = [replace(moment, times=Histogram({4_000: 485, 600_000: 15}).packed()) for moment in tail.moments]
    tail.latency = Histogram({4_000: 9_700, 600_000: 300})
    with pytest.raises(PerformanceThresholdError, match="300 of 10,000 replies took ten times as long"):
        course.few_answers_should_stick_out(tail)
    tail.lag = Histogram({10: 9_990, 30_000: 10})
    with pytest.raises(PerformanceThresholdError, match="300 of 10,000"):
        course.few_answers_should_stick_out(tail)
    tail.lag = Histogram({10: 9_989, 30_000: 11})
    with pytest.raises(SkipExecution, match=r"^invalid: the generator itself sent 11 of 10,000 messages more than 25 ms late, 0\.1% of them may be$"):
        course.few_answers_should_stick_out(tail)
    course.few_answers_should_stick_out(course_of(*[4_000] * 18, 600_000, 600_000))


def test_each_tenth_is_recorded_with_its_percentiles(kit, course):
    course.report_each_tenth_of(course_of(*[1000 * (number // 2 + 1) for number in range(20)]))
    found = figures(kit)
    assert [found[f"stress_tenth_{number}_p99_9"][0] for number in range(1, 11)] == list(range(1, 11))
    assert len(found) == 51
    assert found["stress_variation"][0] == pytest.approx(8.25**0.5 / 5.5, rel=0.01)
