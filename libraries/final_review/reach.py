"""Figures that are missing although nothing went wrong: the target does not offer what they need, or takes less than they need."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from .coverage import is_not_offered
from .records import Records
from .result import ExecutedTest, RunResult

ANY = "*"
"""In place of a measurement: whatever no test of the case has measured."""
NOT_OFFERED = "not offered by the target"
BEYOND_LIMITS = "beyond the target's limits"


def out_of_reach(cases: Collection[str], result: RunResult, records: Records, built: Mapping[str, int]) -> dict[str, dict[str, str]]:
    """Case -> measurement -> why this target cannot be measured in it, if it is missing. ``built``: how many tests a case has.

    Where every test of a case has run, and each passed, was not offered or asked for more than the target takes, a figure that none
    of them has recorded belongs to one that could not be run in full. A test that failed, was disturbed or was not run explains nothing.
    """
    reach: dict[str, dict[str, str]] = {}
    for case in cases:
        reach[case] = named_by(case, records)
        tests = result.of_case(case)
        if tests and len(tests) >= built.get(case, 0) and all(test.passed or _explained(test, records) for test in tests):
            reach[case] |= cut_short(case, records)
    return reach


def named_by(case: str, records: Records) -> dict[str, str]:
    """The measurements of checks that the target does not allow, and those that the samples of this run do not decide."""
    absent = {name: f"{NOT_OFFERED}: {one.reason}" for one in records.not_offered if case in one.cases for name in one.measurements}
    return absent | {name: one.reason for one in records.undecided if case in one.cases for name in one.measurements}


def cut_short(case: str, records: Records) -> dict[str, str]:
    """Why tests of a case could not measure what they are there for; a limit weighs more than what is not offered at all."""
    limited = [f"{BEYOND_LIMITS}: {one.reason}" for one in records.beyond_limits if case in one.cases]
    absent = [f"{NOT_OFFERED}: {one.reason}" for one in records.not_offered if case in one.cases and not one.check]
    reasons = limited + absent
    return {ANY: reasons[0]} if reasons else {}


def _explained(test: ExecutedTest, records: Records) -> bool:
    limited = test.skip_kind == "not measured" and any(one.test == test.name for one in records.beyond_limits)
    return limited or is_not_offered(test, records)
