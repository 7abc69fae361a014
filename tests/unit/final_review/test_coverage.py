"""The state of each promised case, from all tests that carry its ID."""

from __future__ import annotations

from dataclasses import replace

import pytest

from final_review.cases import CaseGroup, CaseList
from final_review.coverage import cover, not_offered_cases
from final_review.records import NotOffered, Records
from final_review.result import ExecutedTest, RunResult, first_sentence

CASES = CaseList((CaseGroup("rms", "Rapid", {"rms-1": "One", "rms-2": "Two"}),))
ABSENT = "not offered: no ledger"


def outcome(number: int, status: str, message: str = "") -> ExecutedTest:
    return ExecutedTest(f"S.T{number}", f"T{number}", f"s1-t{number}", ("rms-1",), status, message)


def state(*tests: ExecutedTest) -> tuple[str, str]:
    records = Records(not_offered=[NotOffered(("rms-1",), test.name, "", "no ledger") for test in tests if test.message == ABSENT])
    first = cover(CASES, RunResult(tests=list(tests)), records, {"rms-2"})[0]
    return first.state, first.reason


def test_all_tests_of_a_case_must_pass() -> None:
    assert state(outcome(1, "PASS"), outcome(2, "PASS")) == ("passed", "")
    assert state(outcome(1, "PASS"), outcome(2, "FAIL", "x")) == ("failed", "1 of 2 tests failed")
    assert state(outcome(1, "FAIL", "Too late. More")) == ("failed", "Too late.")
    assert state(outcome(1, "FAIL"), outcome(2, "SKIP", "invalid: late"))[0] == "failed"


def test_what_was_skipped_did_not_pass_unless_the_target_does_not_offer_it() -> None:
    assert state(outcome(1, "PASS"), outcome(2, "SKIP", "invalid: late")) == ("skipped", "1 of 2 tests skipped: invalid: late")
    assert state(outcome(1, "PASS"), outcome(2, "SKIP", ABSENT)) == ("passed", "1 of 2 tests not offered by the target")
    assert state(outcome(1, "SKIP", ABSENT)) == ("skipped", "not offered by the target: no ledger")


def on_real_networks(number: int, message: str) -> ExecutedTest:
    return replace(outcome(number, "SKIP", message), tags=("rms-1", "net-real"))


def test_real_networks_that_are_not_to_be_had_take_nothing_from_a_case() -> None:
    none_here = "not available here: only Linux has them"
    assert state(outcome(1, "PASS"), on_real_networks(2, none_here)) == ("passed", "1 of 2 tests not available here")
    assert state(outcome(1, "PASS"), outcome(2, "SKIP", ABSENT), on_real_networks(3, none_here)) == (
        "passed", "1 of 3 tests not offered by the target, 1 of 3 tests not available here")
    assert state(outcome(1, "PASS"), outcome(2, "SKIP", none_here)) == ("skipped", f"1 of 2 tests skipped: {none_here}")
    assert state(outcome(1, "PASS"), on_real_networks(2, "invalid: late")) == ("skipped", "1 of 2 tests skipped: invalid: late")
    assert state(on_real_networks(1, none_here)) == ("skipped", f"1 of 1 tests skipped: {none_here}")
    assert state(outcome(1, "FAIL", "x"), on_real_networks(2, none_here)) == ("failed", "1 of 2 tests failed")


def test_a_missing_case_says_whether_it_is_built() -> None:
    first, second = cover(CASES, RunResult(), Records(), {"rms-2"})
    assert (first.state, first.reason) == ("missing", "no test built yet")
    assert (second.state, second.reason) == ("missing", "not run in this run")


def test_a_case_is_not_offered_only_if_none_of_its_tests_is() -> None:
    records = Records(not_offered=[NotOffered(("rms-1",), "S.T1", "", "no ledger")])
    assert not_offered_cases(["rms-1", "rms-2"], RunResult(tests=[outcome(1, "SKIP")]), records) == {"rms-1"}
    assert not_offered_cases(["rms-1"], RunResult(tests=[outcome(1, "SKIP"), outcome(2, "PASS")]), records) == set()
    assert not_offered_cases(["rms-1"], RunResult(tests=[outcome(2, "SKIP")]), records) == set()
    assert not_offered_cases(["rms-1"], RunResult(tests=[outcome(1, "PASS")]), records) == set()


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ("violation: 2 of 20 replies. Evidence follows", "violation: 2 of 20 replies."),
        ("it took 1.5 s\n  details", "it took 1.5 s"),
        ("Parent suite setup failed:\nThe server died.", "Parent suite setup failed: The server died."),
        ("*HTML* <b>Too</b> late &lt;1&gt;", "Too late <1>"),
        ("", ""),
        ("x" * 400, "x" * 299 + "…"),
    ],
)
def test_the_first_sentence_of_a_message(message: str, sentence: str) -> None:
    assert " ".join(first_sentence(message).split()) == sentence
