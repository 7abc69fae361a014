"""The four verdicts, their sentence, their reason and their exit code."""

from __future__ import annotations

from typing import Any

import pytest

from final_review.criteria import Comparison, Condition, Criterion, Judged, State
from final_review.run_info import RunInfo
from final_review.verdict import Conclusion, Evidence, conclude

REFERENCE = "within profile quick on the reference platform"


def info(*, interrupted: bool = False, reference: bool = True) -> RunInfo:
    return RunInfo("r1", "quick", "desk", "Ticket Desk", reference, 1, None, (), (), interrupted, {}, {}, (), {})


def one(name: str, state: State = State.MET, reason: str = "", *, claimed: bool = True, needs: str = "quick") -> Judged:
    condition = Condition("lost", Comparison.REPORTED, None, ("rms-1",))
    return Judged(Criterion(f"fr-{name.lower()}", name, (condition,), needs), state, claimed, reason)


def verdict(*judged: Judged, run: RunInfo | None = None, **evidence: Any) -> Conclusion:
    return conclude(Evidence(judged=judged, **({"tests": 5} | evidence)), run or info())


def test_ready_names_its_scope() -> None:
    beyond = [one(f"N{number}", State.NOT_MEASURED, "needs profile full", claimed=False, needs="full") for number in range(8)]
    absent = one("Absent", State.NOT_MEASURED, "not offered by the target", claimed=False)
    result = verdict(*(one(f"M{number}") for number in range(18)), *beyond)
    assert (result.outcome, result.exit_code) == ("ready", 0)
    assert result.sentence == f"Ready {REFERENCE}: 18 of 26 criteria met, 8 need full."
    assert verdict(one("A"), beyond[0], absent).sentence == f"Ready {REFERENCE}: 1 of 3 criteria met, 1 needs full, 1 not offered."
    limited = one("Limited", State.NOT_MEASURED, "beyond the target's limits: 52 msg/s were asked for", claimed=False)
    assert verdict(one("A"), limited, absent).sentence == f"Ready {REFERENCE}: 1 of 3 criteria met, 1 beyond the target's limits, 1 not offered."
    undecided = one("Undecided", State.NOT_MEASURED, "the memory seen supports no bound for each message", claimed=False)
    assert verdict(one("A"), undecided, absent).sentence == f"Ready {REFERENCE}: 1 of 3 criteria met, 1 not offered, 1 undecided."
    real = verdict(one("A"), run=info(reference=False)).sentence
    assert real == "Ready within profile quick on the real target Ticket Desk: 1 of 1 criterion met."


def test_a_missed_criterion_is_not_ready() -> None:
    result = verdict(one("A"), one("B", State.NOT_MET, "2 of 50 messages"), one("C", State.NOT_MET, "late"))
    assert (result.outcome, result.exit_code) == ("not_ready", 1)
    assert result.sentence == f"Not ready {REFERENCE}: 1 of 3 criteria met, 2 not met."
    assert result.reason == "B: 2 of 50 messages (and 1 more)."


def test_a_failed_test_is_not_ready_even_if_all_criteria_are_met() -> None:
    result = verdict(one("A"), failed_tests=["Burst"])
    assert (result.outcome, result.reason) == ("not_ready", "The test “Burst” failed.")
    assert result.sentence == f"Not ready {REFERENCE}: 1 of 1 criterion met, 1 test failed."


@pytest.mark.parametrize(
    ("judged", "evidence", "interrupted", "reason"),
    [
        (one("A"), {}, True, "The run was interrupted before its end."),
        (one("A"), {"problem": "the run left no output.xml"}, False, "There is no result to judge: the run left no output.xml."),
        (one("A"), {"missing_suites": ["S.X"]}, False, "No result of S.X: a suite was to run and left no output."),
        (one("A"), {"tests": 0}, False, "No test was run."),
        (one("A", State.INVALID, "late"), {}, False, "The figures are invalid for “A”: late."),
        (one("A", State.NOT_MEASURED, "no"), {}, False, "Not measured: “A” (no)."),
        (one("A", State.NOT_MEASURED, "not offered by the target", claimed=False), {}, False, "No criterion is offered by the target within this profile."),
    ],
)
def test_a_gap_gives_no_verdict_and_says_why(judged: Judged, evidence: dict[str, Any], interrupted: bool, reason: str) -> None:
    result = verdict(judged, run=info(interrupted=interrupted), **evidence)
    assert (result.outcome, result.exit_code, result.reason) == ("cannot_say", 2, reason)


def test_a_partial_run_names_what_was_not_measured() -> None:
    gaps = [one(name, State.NOT_MEASURED, "x was not measured by rms-b") for name in ("B", "C", "D")]
    result = verdict(one("A"), *gaps)
    assert result.sentence == f"No verdict can be given {REFERENCE}: 1 of 4 criteria met, 3 not measured."
    assert result.reason == "Not measured: “B”, “C” and “D” (x was not measured by rms-b)."


def test_a_proven_failure_weighs_more_than_a_gap_and_a_gap_more_than_a_waiver() -> None:
    missed, gap = one("B", State.NOT_MET, "late"), one("C", State.NOT_MEASURED, "no")
    assert verdict(missed, gap, run=info(interrupted=True)).outcome == "not_ready"
    assert verdict(missed, gap, waived={"fr-b"}).outcome == "cannot_say"


def test_waivers_and_weakened_limits_are_conditions() -> None:
    missed = one("B", State.NOT_MET, "late")
    waived = verdict(one("A"), missed, waived={"fr-b"})
    assert (waived.outcome, waived.exit_code, waived.reason) == ("conditions", 0, "Not met, but waived: “B”.")
    assert waived.sentence == f"Ready with conditions {REFERENCE}: 1 of 2 criteria met, 1 waived."
    weak = verdict(one("A"), weakened=["RESPONSE_LIMIT"])
    assert (weak.outcome, weak.reason) == ("conditions", "Judged by changed limits: RESPONSE_LIMIT.")
    assert verdict(one("A"), waived={"fr-a"}).outcome == "ready"


def test_a_waiver_never_covers_a_failed_test() -> None:
    assert verdict(one("B", State.NOT_MET, "late"), waived={"fr-b"}, failed_tests=["Burst"]).outcome == "not_ready"
