"""Judging criteria: which figure counts, which state wins, and that nothing is met without a measurement."""

from __future__ import annotations

import pytest

from final_review.criteria import (
    Circumstances,
    Comparison,
    Condition,
    Criterion,
    Judged,
    Measurement,
    State,
    comparison,
    judge,
    judge_condition,
)
from final_review.errors import InputError
from final_review.quantity import parse

QUICK = Circumstances("quick")


def row(measurement: str = "lost", compared: str = "at most", limit: str = "0", cases: tuple[str, ...] = ("rms-1",)) -> Condition:
    compared_by = comparison(compared)
    return Condition(measurement, compared_by, None if compared_by is Comparison.REPORTED else parse(limit), cases)


def figure(value: float, unit: str = "messages", samples: int = 10, *, name: str = "lost", case: str = "rms-1", valid: bool = True,
           crowded: bool = False) -> Measurement:
    return Measurement(name, value, unit, samples, (case,), f"test of {case}", valid, crowded)


def judged(rows: list[Condition], figures: list[Measurement], circumstances: Circumstances = QUICK, needs: str = "quick") -> Judged:
    return judge(Criterion("fr-x", "X", tuple(rows), needs), figures, circumstances)


@pytest.mark.parametrize(
    ("compared", "limit", "value", "state"),
    [
        ("at most", "1 s", 1.0, State.MET),
        ("at most", "1 s", 1.0000001, State.NOT_MET),
        ("at most", "1000 ms", 1.0, State.MET),
        ("at least", "1 s", 1.0, State.MET),
        ("at least", "1 s", 0.999, State.NOT_MET),
        ("exactly", "1 s", 1.0, State.MET),
        ("exactly", "1 s", 1.001, State.NOT_MET),
        ("reported", "", 77.0, State.MET),
    ],
)
def test_a_limit_itself_is_kept(compared: str, limit: str, value: float, state: State) -> None:
    assert judged([row("p95", compared, limit)], [figure(value, "s", name="p95")]).state is state


@pytest.mark.parametrize(("compared", "limit", "worst"), [("at most", "5 s", 3.0), ("at least", "0.5 s", 1.0), ("exactly", "1.5 s", 3.0)])
def test_of_several_measurements_the_worst_counts(compared: str, limit: str, worst: float) -> None:
    result = judged([row("p95", compared, limit)], [figure(value, "s", name="p95") for value in (2.0, 3.0, 1.0)])
    assert result.deciding is None or result.deciding.measured is not None
    assert result.findings[0].measured is not None
    assert result.findings[0].measured.value == worst


def test_samples_stand_behind_the_value_that_is_shown() -> None:
    all_zero = judged([row()], [figure(0, samples=20), figure(0, samples=7392)]).findings[0]
    one_broken = judged([row()], [figure(0, samples=20), figure(2, samples=50)]).findings[0]
    assert (all_zero.samples, all_zero.text) == (7412, "0 of 7\u202f412 messages")
    assert (one_broken.samples, one_broken.text) == (50, "2 of 50 messages")


def test_what_counts_different_things_is_called_the_same_whoever_wrote_first() -> None:
    mixed = [figure(0, samples=20), figure(0, "observations", samples=30)]
    assert {judged([row()], figures).findings[0].text for figures in (mixed, mixed[::-1])} == {"0 of 50 observations"}
    same_time = [figure(1000, "ms"), figure(1, "s")]
    assert judged([row(limit="2 s")], same_time).findings[0].text == "1 s"


def test_a_value_is_shown_in_the_unit_of_its_limit() -> None:
    assert judged([row("p95", "at most", "500 ms")], [figure(0.0469, "s", name="p95")]).findings[0].text == "46.9 ms"


def test_a_miss_says_what_was_measured_and_agreed() -> None:
    assert judged([row()], [figure(2, samples=50)]).reason == "2 of 50 messages, agreed is at most 0"


def test_without_a_measurement_nothing_is_met() -> None:
    result = judged([row(cases=("rms-1", "rms-b"))], [figure(0)])
    assert (result.state, result.claimed) == (State.NOT_MEASURED, True)
    assert result.reason == "“lost” was not measured by rms-b"
    assert judged([row(cases=("rms-1", "rms-b", "hvt-1"))], []).reason == "“lost” was not measured by rms-1, rms-b and hvt-1"


@pytest.mark.parametrize("useless", [figure(float("nan")), figure(0, samples=0)])
def test_a_value_without_a_figure_or_samples_is_no_measurement(useless: Measurement) -> None:
    assert judged([row()], [useless]).state is State.NOT_MEASURED


def test_figures_of_other_cases_and_names_do_not_count() -> None:
    assert judged([row()], [figure(0, case="rms-5"), figure(0, name="order_violations")]).state is State.NOT_MEASURED
    assert judged([row()], [figure(0), figure(9, case="rms-5")]).state is State.MET


def test_a_unit_that_cannot_be_compared_is_not_measured() -> None:
    result = judged([row("p95", "at most", "1 s")], [figure(0.5, "MB", name="p95")])
    assert result.state is State.NOT_MEASURED
    assert "measured in MB" in result.reason


def test_a_failed_test_breaks_a_promise_of_zero_even_without_a_figure() -> None:
    failed = Circumstances("quick", failed={"rms-1": "Burst"})
    assert judged([row()], [], failed).state is State.NOT_MET
    spoiled = judged([row()], [figure(0)], failed)
    assert (spoiled.state, spoiled.reason) == (State.NOT_MET, "a test of rms-1 failed: Burst")
    assert not spoiled.findings[0].broken
    assert judged([row("share", "at least", "100 %")], [figure(100, "%", name="share")], failed).state is State.NOT_MET


def test_a_failed_test_leaves_a_measured_time_alone() -> None:
    failed = Circumstances("quick", failed={"rms-1": "Burst"})
    assert judged([row("p95", "at most", "1 s")], [figure(0.5, "s", name="p95")], failed).state is State.MET


def test_a_disturbed_generator_voids_times_and_rates_only() -> None:
    disturbed = Circumstances("quick", disturbed={"rms-1": "the generator was late"})
    time = judged([row("p95", "at most", "1 s")], [figure(0.5, "s", name="p95", valid=False)], disturbed)
    assert (time.state, time.reason) == (State.INVALID, "the generator was late")
    assert judged([row("rate", "at least", "10 msg/s")], [figure(50, "msg/s", name="rate", valid=False)]).state is State.INVALID
    assert judged([row()], [figure(0, valid=False)], disturbed).state is State.MET
    assert judged([row()], [figure(1, valid=False)], disturbed).state is State.NOT_MET
    assert judged([row("p95", "at most", "1 s")], [], disturbed).state is State.INVALID


def test_what_a_crowded_server_kept_counts_and_what_it_missed_says_nothing() -> None:
    crowded = Circumstances("quick", disturbed={"rms-1": "the server got no processor"})
    limit = row("p95", "at most", "1 s")
    assert judged([limit], [figure(0.5, "s", name="p95", crowded=True)], crowded).state is State.MET
    missed = judged([limit], [figure(3, "s", name="p95", crowded=True), figure(0.5, "s", name="p95")], crowded)
    assert (missed.state, missed.reason) == (State.INVALID, "the server got no processor")
    assert judged([limit], [figure(3, "s", name="p95", crowded=True), figure(2, "s", name="p95")], crowded).state is State.NOT_MET
    assert judged([row()], [figure(1, crowded=True)], crowded).state is State.NOT_MET


def test_a_void_figure_is_not_held_against_the_target_but_a_sound_one_is() -> None:
    limit = row("p95", "at most", "1 s")
    assert judged([limit], [figure(3, "s", name="p95", valid=False)]).state is State.INVALID
    both = [figure(3, "s", name="p95", valid=False), figure(2, "s", name="p95")]
    result = judged([limit], both)
    assert (result.state, result.findings[0].text) == (State.NOT_MET, "2 s")


def test_a_violation_weighs_more_than_an_invalid_figure_and_that_more_than_a_gap() -> None:
    lost, late, gap = row(), row("p95", "at most", "1 s"), row("rate", "at least", "10 msg/s")
    void = figure(0.5, "s", name="p95", valid=False)
    assert judged([gap, late, lost], [void, figure(1)]).state is State.NOT_MET
    assert judged([gap, late, lost], [void, figure(0)]).state is State.INVALID
    assert judged([gap, late, lost], [figure(0.5, "s", name="p95"), figure(0)]).state is State.NOT_MEASURED


def test_a_criterion_of_a_larger_profile_is_not_claimed() -> None:
    result = judged([row()], [figure(1)], needs="full")
    assert (result.state, result.claimed, result.reason) == (State.NOT_MEASURED, False, "needs profile full")
    for profile, claimed in (("quick", False), ("ci", False), ("dev", True), ("full", True), ("my own", False)):
        assert judged([row()], [figure(0)], Circumstances(profile), needs="dev").claimed is claimed


def test_what_the_target_does_not_offer_is_not_claimed() -> None:
    absent = Circumstances("quick", not_offered={"rms-1"})
    result = judged([row()], [], absent)
    assert (result.state, result.claimed, result.reason) == (State.NOT_MEASURED, False, "not offered by the target")
    assert judge_condition(row(), [], absent).state is State.NOT_MEASURED


def test_a_criterion_is_judged_on_the_cases_that_the_target_offers() -> None:
    absent = Circumstances("quick", not_offered={"rms-b"})
    result = judged([row(cases=("rms-1", "rms-b")), row("rate", "at least", "1 msg/s", ("rms-b",))], [figure(0)], absent)
    assert (result.state, result.claimed) == (State.MET, True)
    assert result.reason == "without rms-b, which the target does not offer"


def test_an_unknown_comparison_names_the_allowed_ones() -> None:
    with pytest.raises(InputError, match="'about' is not a comparison; allowed are at least, surely at least, at most, exactly, reported"):
        comparison("about")


@pytest.mark.parametrize(
    ("shares", "state", "reason", "text"),
    [
        ([(100, 29_956)], State.MET, "", "≥ 99.99 %"),
        ([(100, 1_000), (100, 28_956)], State.MET, "", "≥ 99.99 %"),
        ([(100, 29_955)], State.NOT_MEASURED, "supports ≥ 99.989 %", "≥ 99.989 %"),
        ([(100, 1_000)], State.NOT_MEASURED, "supports ≥ 99.7 %", "≥ 99.7 %"),
        ([(99.9, 1_000)], State.NOT_MEASURED, "supports ≥ 99.52 %", "≥ 99.52 %"),
        ([(99, 100), (100, 10)], State.NOT_MET, "1 of 110 tries failed, agreed is surely at least 99.99 %", "≥ 95.7 %"),
        ([(0, 3)], State.NOT_MET, "3 of 3 tries failed, agreed is surely at least 99.99 %", "≥ 0 %"),
    ],
)
def test_a_promised_share_is_met_only_by_enough_tries(shares: list[tuple[float, int]], state: State, reason: str, text: str) -> None:
    figures = [figure(value, "%", samples, name="share") for value, samples in shares]
    result = judged([row("share", "surely at least", "99.99 %")], figures)
    assert (result.state, result.reason, result.findings[0].text) == (state, reason, text)
    assert result.findings[0].samples == sum(samples for _, samples in shares)
    assert result.claimed


def test_a_promised_share_needs_the_tries_of_each_case() -> None:
    promised = row("share", "surely at least", "99.9 %", cases=("rms-1", "rms-5"))
    enough = figure(100, "%", 3_000, name="share")
    assert judged([promised], [enough]).reason == "“share” was not measured by rms-5"
    assert judged([promised], [enough, figure(100, "%", 1, name="share", case="rms-5")]).state is State.MET
    assert judged([promised], []).state is State.NOT_MEASURED
