"""Brings everything about one run together: records, result, criteria, coverage, verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from . import coverage
from .cases import CaseList, load_cases
from .criteria import Circumstances, Criterion, Judged, State, judge
from .criteria_table import Limits, case_tags, load_limits, read_criteria, weakened
from .reach import out_of_reach
from .records import Records, read_records
from .result import ExecutedTest, RunResult, read_result
from .run_info import RunInfo, read_run_info
from .verdict import Conclusion, Evidence, conclude
from .waivers import Waiver, load_waivers


@dataclass(frozen=True, slots=True)
class Review:
    """All facts of one reviewed run; document and page only say them in their own way."""

    info: RunInfo
    result: RunResult
    records: Records
    cases: CaseList
    judged: list[Judged]
    coverage: list[coverage.CaseState]
    failed_tests: list[ExecutedTest]
    missing_suites: list[str]
    waivers: dict[str, Waiver]
    weakened: list[str]
    limits_changed: list[str]
    limits: Limits
    conclusion: Conclusion


def examine(run_folder: Path, resources: Path, suites: Path) -> Review:
    """Reads a run, complete or not, and judges it. Anything that is no run, or no criterion, raises InputError."""
    info = read_run_info(run_folder)
    result = read_result(run_folder / "output.xml")
    records = read_records(run_folder / "records", info.run)
    cases = load_cases(resources / "cases.yaml")
    limits = load_limits(resources, info.profile, info.variables)
    criteria = read_criteria(suites, limits)
    # The day of the run counts, not today: an old run that is reviewed again keeps its verdict.
    day = info.started.date() if info.started else date.today()  # noqa: DTZ011 - a waiver ends with its owner's day
    waivers = load_waivers(resources / "waivers.yaml", {criterion.id for criterion in criteria}, day)
    built = case_tags(suites)
    judged = _judge(criteria, info, result, records, built)
    failed = _failed_tests(result, judged)
    softer = weakened(criteria, limits, list(info.limits_changed))
    missing = result.missing(info.selected)
    conclusion = conclude(
        Evidence(
            judged=judged,
            failed_tests=[test.title for test in failed],
            missing_suites=missing,
            waived=set(waivers),
            weakened=softer,
            problem=result.problem,
            tests=len(result.tests),
        ),
        info,
    )
    return Review(
        info=info,
        result=result,
        records=records,
        cases=cases,
        judged=judged,
        coverage=coverage.cover(cases, result, records, built),
        failed_tests=failed,
        missing_suites=missing,
        waivers=waivers,
        weakened=softer,
        limits_changed=list(dict.fromkeys([*info.limits_changed, *softer])),
        limits=limits,
        conclusion=conclusion,
    )


def _judge(criteria: list[Criterion], info: RunInfo, result: RunResult, records: Records, built: Mapping[str, int]) -> list[Judged]:
    feeding = {case for criterion in criteria for case in criterion.cases}
    circumstances = Circumstances(
        profile=info.profile,
        not_offered=coverage.not_offered_cases(feeding, result, records),
        failed={
            case: test.title
            for case in sorted(feeding)
            for test in result.of_case(case)
            if test.failed and not test.cut_off and not test.only_missed_a_limit
        },
        disturbed=records.disturbed,
        out_of_reach=out_of_reach(feeding, result, records, built),
    )
    return [judge(criterion, records.measurements, circumstances) for criterion in criteria]


def _failed_tests(result: RunResult, judged: list[Judged]) -> list[ExecutedTest]:
    """The failed tests, without the rows of criteria that were not met: those stand in the scorecard and may be waived."""
    missed = {one.criterion.id for one in judged if one.claimed and one.state is State.NOT_MET}
    return [test for test in result.tests if test.failed and not test.cut_off and not missed & set(test.tags)]
