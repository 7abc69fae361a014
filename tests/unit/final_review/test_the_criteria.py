"""The criteria of the kit: each fails by one violation in any test of its cases, and none is met without a figure."""

from __future__ import annotations

from pathlib import Path

import pytest

from final_review.criteria import Circumstances, Comparison, Condition, Criterion, Measurement, State, judge
from final_review.criteria_table import load_limits, read_criteria

CHECKOUT = Path(__file__).parents[3]
CRITERIA = {one.id: one for one in read_criteria(CHECKOUT / "suites", load_limits(CHECKOUT / "resources", "quick", {}))}
FED_BY = {
    "fr-order": {"rms-1", "hvt-2", "hvt-6"}, "fr-loss": {"rms-1", "rms-b", *(f"hvt-{which}" for which in "12345678b")},
    "fr-idempotency": {"rms-2"}, "fr-backpressure": {"rms-3", "hvt-4"}, "fr-queue-500": {"rms-3"}, "fr-priority": {"rms-3", "hvt-4"},
    "fr-state": {"rms-4"}, "fr-stability": {"rms-5"}, "fr-agents": {"rms-6"}, "fr-memory-burst": {"rms-4", "rms-5"},
    "fr-user-rate": {"rms-b"}, "fr-throughput-min": {"rms-b"}, "fr-response": {"rms-b"},
    "fr-throughput-sustained": {"hvt-1", "hvt-b"}, "fr-throughput-peak": {"hvt-b"}, "fr-promise-rate": {"hvt-b"}, "fr-latency": {"hvt-5"},
    "fr-headroom": {"hvt-1"}, "fr-memory-soak": {"hvt-7"}, "fr-connections-250": {"hvt-6"}, "fr-connections-500": {"hvt-6"}, "fr-fairness": {"hvt-6"},
    "fr-delivery": {"hvt-3"}, "fr-recovery": {"hvt-8"},
}
CONDITIONS = [(one, condition) for one in CRITERIA.values() for condition in one.conditions if condition.comparison is not Comparison.REPORTED]


def figure(condition: Condition, case: str, *, good: bool) -> Measurement:
    """A figure that just keeps the limit, or just misses it."""
    if condition.limit is None:  # reported only
        return Measurement(condition.measurement, 1, "", 100, (case,))
    if condition.comparison is Comparison.SURELY_AT_LEAST:
        return Measurement(condition.measurement, 100 if good else 0, "%", 30_000, (case,))
    worse = -1 if condition.comparison is Comparison.AT_LEAST else 1
    return Measurement(condition.measurement, condition.limit.value + (0 if good else worse), condition.limit.unit, 100, (case,))


def good_figures(criterion: Criterion) -> list[Measurement]:
    return [figure(condition, case, good=True) for condition in criterion.conditions for case in condition.cases]


def test_every_criterion_is_fed_by_its_cases() -> None:
    assert {one.id: set(one.cases) for one in CRITERIA.values() if one.id in FED_BY} == FED_BY


@pytest.mark.parametrize("criterion", CRITERIA.values(), ids=lambda one: one.id)
def test_nothing_is_met_without_a_figure_of_each_case_and_row(criterion: Criterion) -> None:
    figures, circumstances = good_figures(criterion), Circumstances(criterion.needs_profile)
    assert judge(criterion, figures, circumstances).state is State.MET
    for missing in figures:
        left = [one for one in figures if one is not missing]
        assert judge(criterion, left, circumstances).state is State.NOT_MEASURED, missing.name


@pytest.mark.parametrize(("criterion", "condition"), CONDITIONS, ids=lambda one: getattr(one, "id", "") or one.measurement)
def test_one_bad_figure_of_any_test_of_any_case_is_enough(criterion: Criterion, condition: Condition) -> None:
    for case in condition.cases:
        bad = figure(condition, case, good=False)
        figures = [*good_figures(criterion), bad, *good_figures(criterion)]
        assert judge(criterion, figures, Circumstances(criterion.needs_profile)).state is State.NOT_MET
