"""What became of every promised case: passed, failed, skipped or missing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from .cases import CaseList
from .records import Records
from .result import ExecutedTest, RunResult

STATES = ("passed", "failed", "skipped", "missing")
REAL_NETWORKS = "net-real"
"""Tag of tests that need network namespaces."""


@dataclass(frozen=True, slots=True)
class CaseState:
    """One line of the coverage; ``reason`` is empty where there is nothing to add."""

    case: str
    state: str
    reason: str = ""


def cover(cases: CaseList, result: RunResult, records: Records, built: Collection[str]) -> list[CaseState]:
    """The state of every promised case. ``built`` are the tags of all tests that exist, run or not."""
    return [_state(case, result.of_case(case), records, built) for case in cases]


def not_offered_cases(cases: Collection[str], result: RunResult, records: Records) -> set[str]:
    """The cases of which every test was skipped because the target does not offer what it needs."""
    return {case for case in cases if (tests := result.of_case(case)) and all(is_not_offered(test, records) for test in tests)}


def is_not_offered(test: ExecutedTest, records: Records) -> bool:
    """Whether a test was skipped because the target lacks a capability (and not, say, because its figures were void)."""
    return test.skipped and any(one.test == test.name and not one.check for one in records.not_offered)


def _is_extra(test: ExecutedTest) -> bool:
    """Whether a test does on real networks what others of its case do everywhere, and this machine has none."""
    return test.skip_kind == "not available here" and REAL_NETWORKS in test.tags


def _state(case: str, tests: list[ExecutedTest], records: Records, built: Collection[str]) -> CaseState:
    failed = [test for test in tests if test.failed]
    offered = [test for test in tests if not is_not_offered(test, records)]
    required = [test for test in offered if not _is_extra(test)] or offered
    skipped = [test for test in required if test.skipped]
    if not tests:
        return CaseState(case, "missing", "not run in this run" if case in built else "no test built yet")
    if failed:
        return CaseState(case, "failed", f"{len(failed)} of {len(tests)} tests failed" if len(tests) > 1 else failed[0].sentence)
    if not required:
        return CaseState(case, "skipped", f"not offered by the target: {tests[0].skip_reason}")
    if skipped:
        return CaseState(case, "skipped", f"{len(skipped)} of {len(tests)} tests skipped: {skipped[0].sentence}")
    absent = {"not offered by the target": len(tests) - len(offered), "not available here": len(offered) - len(required)}
    return CaseState(case, "passed", ", ".join(f"{count} of {len(tests)} tests {why}" for why, count in absent.items() if count))
