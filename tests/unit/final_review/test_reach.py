"""A figure that this target cannot give is not claimed; one that a run only failed to take is a gap."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from final_review.criteria import Circumstances, Comparison, Condition, Criterion, Judged, Measurement, State, judge
from final_review.quantity import parse
from final_review.reach import out_of_reach
from final_review.records import BeyondLimits, NotOffered, Records, Undecided, read_records
from final_review.result import ExecutedTest, RunResult

LIMIT = "52 msg/s were asked for, Desk takes 20"
LIMITED, ABSENT = f"not measured: {LIMIT}", "not offered: Desk does not offer hold"
SMALLER_AND_LATE = "invalid: late"
RATE = Condition("user_rate", Comparison.AT_LEAST, parse("50 msg/s"), ("rms-b",))
LOST = Condition("lost", Comparison.AT_MOST, parse("0"), ("rms-b",))
BOTH = Criterion("fr-x", "X", (RATE, LOST))


def executed(number: int, status: str = "PASS", message: str = "") -> ExecutedTest:
    return ExecutedTest(f"S.T{number}", f"T{number}", f"s1-t{number}", ("rms-b",), status, message)


def reach(*tests: ExecutedTest, built: int = 0, checks: tuple[NotOffered, ...] = ()) -> dict[str, str]:
    records = Records(
        not_offered=[NotOffered(("rms-b",), test.name, "", "Desk does not offer hold") for test in tests if test.message == ABSENT] + list(checks),
        beyond_limits=[BeyondLimits(("rms-b",), test.name, LIMIT) for test in tests if test.message in (LIMITED, SMALLER_AND_LATE)],
    )
    return out_of_reach({"rms-b"}, RunResult(tests=list(tests)), records, {"rms-b": built or len(tests)})["rms-b"]


def measured(name: str, value: float, unit: str) -> Measurement:
    return Measurement(name, value, unit, 10, ("rms-b",))


def judged(known: dict[str, str], *figures: Measurement) -> Judged:
    return judge(BOTH, figures, Circumstances("quick", out_of_reach={"rms-b": known}))


def test_a_test_beyond_the_limits_explains_what_none_of_its_case_has_measured() -> None:
    assert reach(executed(1), executed(2, "SKIP", LIMITED)) == {"*": f"beyond the target's limits: {LIMIT}"}
    assert reach(executed(1), executed(2, "SKIP", ABSENT)) == {"*": "not offered by the target: Desk does not offer hold"}
    assert reach(executed(1, "SKIP", ABSENT), executed(2, "SKIP", LIMITED))["*"].startswith("beyond")
    assert reach(executed(1), executed(2)) == {}


@pytest.mark.parametrize("other", [executed(3, "FAIL", "violation: x"), executed(3, "SKIP", SMALLER_AND_LATE), executed(3, "SKIP", "not measured: a shard was lost")])
def test_a_test_that_went_wrong_explains_nothing(other: ExecutedTest) -> None:
    assert reach(executed(1), executed(2, "SKIP", LIMITED), other) == {}


def test_a_test_that_was_not_run_explains_nothing() -> None:
    assert reach(executed(1), executed(2, "SKIP", LIMITED), built=3) == {}
    assert reach() == {}


def test_a_check_that_is_not_offered_names_what_it_would_have_measured() -> None:
    check = NotOffered(("rms-b",), "S.T1", "context as modelled", "Desk does not offer context", ("context_violations",))
    assert reach(executed(1), executed(2, "FAIL"), checks=(check,)) == {"context_violations": "not offered by the target: Desk does not offer context"}


def test_a_criterion_of_which_a_part_is_out_of_reach_is_not_claimed() -> None:
    result = judged({"*": "beyond the target's limits: x"}, measured("lost", 0, "messages"))
    assert (result.state, result.claimed, result.reason) == (State.NOT_MEASURED, False, "beyond the target's limits: x")


def test_a_measured_part_that_is_not_met_counts_all_the_same() -> None:
    result = judged({"*": "beyond the target's limits: x"}, measured("lost", 1, "messages"))
    assert (result.state, result.claimed) == (State.NOT_MET, True)


def test_what_was_measured_counts_whatever_is_said_of_reach() -> None:
    figures = measured("lost", 0, "messages"), measured("user_rate", 60, "msg/s")
    assert (judged({"*": "beyond"}, *figures).state, judged({"*": "beyond"}, *figures).claimed) == (State.MET, True)


def test_what_was_measured_without_some_of_its_checks_says_so() -> None:
    figures = measured("lost", 0, "messages"), measured("user_rate", 60, "msg/s")
    result = judged({"lost": "not offered by the target: x"}, *figures)
    assert (result.state, result.claimed, result.reason) == (State.MET, True, "in part: not offered by the target: x")
    assert judged({"other": "not offered by the target: x"}, *figures).reason == ""


def test_without_an_explanation_a_missing_figure_is_a_gap() -> None:
    result = judged({"other": "not offered by the target: x"}, measured("lost", 0, "messages"))
    assert (result.state, result.claimed, result.reason) == (State.NOT_MEASURED, True, "“user rate” was not measured by rms-b")


def test_every_silent_case_needs_an_explanation() -> None:
    two = Criterion("fr-x", "X", (Condition("lost", Comparison.AT_MOST, parse("0"), ("rms-1", "rms-b")),))
    first, second = {"rms-1": {"lost": "not offered by the target: y"}}, {"rms-b": {"*": "beyond the target's limits: x"}}
    assert judge(two, [], Circumstances("quick", out_of_reach=first)).claimed
    assert judge(two, [], Circumstances("quick", out_of_reach=second)).claimed
    assert not judge(two, [], Circumstances("quick", out_of_reach=first | second)).claimed


def test_the_records_say_what_was_beyond_the_limits(tmp_path: Path) -> None:
    lines = [
        {"run": "r", "kind": "beyond_limits", "case": "rms-1,rms-b", "test": "S.T1", "reason": LIMIT},
        {"run": "r", "kind": "not_offered", "case": "rms-1", "test": "S.T1", "check": "c", "reason": "no", "measurements": ["lost"]},
        {"run": "r", "kind": "not_measured", "case": "hvt-7", "test": "S.T2", "reason": "supports at most 70 B", "measurements": ["slope"]},
    ]
    (tmp_path / "1.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    records = read_records(tmp_path, "r")
    assert records.beyond_limits == [BeyondLimits(("rms-1", "rms-b"), "S.T1", LIMIT)]
    assert records.not_offered == [NotOffered(("rms-1",), "S.T1", "c", "no", ("lost",))]
    assert records.undecided == [Undecided(("hvt-7",), "supports at most 70 B", ("slope",))]


def test_a_figure_that_the_samples_do_not_decide_is_not_claimed_and_says_what_they_support() -> None:
    records = Records(undecided=[Undecided(("hvt-7",), "supports at most 70 B", ("slope",))])
    known = out_of_reach({"hvt-7", "rms-b"}, RunResult(tests=[]), records, {})
    assert known == {"hvt-7": {"slope": "supports at most 70 B"}, "rms-b": {}}
    slope = Criterion("fr-y", "Y", (Condition("slope", Comparison.AT_MOST, parse("50 B/msg"), ("hvt-7",)),))
    result = judge(slope, [], Circumstances("quick", out_of_reach=known))
    assert (result.state, result.claimed, result.reason) == (State.NOT_MEASURED, False, "supports at most 70 B")
