"""Criteria come from the rows of the review suites, and from nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from final_review.cases import load_cases
from final_review.criteria import Comparison, Condition
from final_review.criteria_table import FOLDER, Limits, case_tags, load_limits, read_criteria, weakened
from final_review.errors import InputError
from final_review.quantity import Quantity

SUITES = Path(__file__).parents[3] / "suites"
RESOURCES = Path(__file__).parents[3] / "resources"
AGREED = {"USER_RATE": "50 msg/s", "MINIMUM_RATE": "10 msg/s", "RESPONSE_LIMIT": "1 s", "STEPS": "1,5,10"}


def limits(given: dict[str, Any] | None = None) -> Limits:
    return Limits("quick", AGREED, given or {})


def table(folder: Path, rows: str, tag: str = "fr-x") -> Path:
    (folder / FOLDER).mkdir()
    text = f"*** Settings ***\nTest Template    The Measured Value Should Be\n*** Test Cases ***\nA promise\n    [Tags]    {tag}\n{rows}\n"
    (folder / FOLDER / "1__x.robot").write_text(text)
    return folder


def test_the_shipped_criteria_are_well_formed() -> None:
    criteria = {one.id: one for one in read_criteria(SUITES, load_limits(RESOURCES, "quick", {}))}
    titles = {
        "fr-order": "Messages are processed in the order they were sent",
        "fr-loss": "No message is lost",
        "fr-idempotency": "A repeated message is processed once",
        "fr-user-rate": "One user can send 50 messages per second",
        "fr-throughput-min": "Minimum throughput",
        "fr-response": "Answers within one second",
    }
    assert {name: criteria[name].title for name in titles} == titles
    promised = load_cases(RESOURCES / "cases.yaml")
    assert not [case for one in criteria.values() for case in one.cases if case not in promised]
    assert not [row for one in criteria.values() for row in one.conditions if row.limit is None and row.comparison is not Comparison.REPORTED]


def test_each_row_is_one_condition(tmp_path: Path) -> None:
    rows = "    user_rate    at least    ${USER_RATE}    cases=rms-b\n    user_rate_lost    at most    0"
    criterion = read_criteria(table(tmp_path, rows), limits())[0]
    assert (criterion.id, criterion.title, criterion.needs_profile) == ("fr-x", "A promise", "quick")
    assert criterion.conditions == (
        Condition("user_rate", Comparison.AT_LEAST, Quantity(50, "msg/s"), ("rms-b",), "USER_RATE"),
        Condition("user_rate_lost", Comparison.AT_MOST, Quantity(0), ("rms-b",)),
    )


def test_the_command_line_wins_over_the_profile(tmp_path: Path) -> None:
    criterion = read_criteria(table(tmp_path, "    late    at most    ${RESPONSE_LIMIT}    cases=rms-b"), limits({"RESPONSE_LIMIT": "2 s"}))[0]
    assert criterion.conditions[0].limit == Quantity(2, "s")


def test_a_row_may_name_its_own_cases_and_a_criterion_its_profile(tmp_path: Path) -> None:
    rows = "    lost    at most    0    cases=rms-1    needs=full\n    lag    reported    cases=rms-b, rms-2\n    late    AT MOST    5 ms"
    criterion = read_criteria(table(tmp_path, rows), limits())[0]
    assert criterion.needs_profile == "full"
    assert [row.cases for row in criterion.conditions] == [("rms-1",), ("rms-b", "rms-2"), ("rms-b", "rms-2")]
    assert criterion.conditions[1].comparison is Comparison.REPORTED
    assert criterion.cases == ("rms-1", "rms-b", "rms-2")


def test_a_range_names_every_case_between_its_ends(tmp_path):
    rows = "    lost    at most    0    cases=rms-b, wsr-3-8 to wsr-3-11, rms-1 to rms-1"
    assert read_criteria(table(tmp_path, rows), limits({}))[0].cases == ("rms-b", "wsr-3-8", "wsr-3-9", "wsr-3-10", "wsr-3-11", "rms-1")


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ("    lost    at most    0", r"line 6: the first row must say which cases feed the criterion, for instance cases=rms-1"),
        ("    lost    at most    0    cases=wsr-2-1 till 5", r"line 6: cases=wsr-2-1 till 5 names no cases; allowed are IDs such as rms-1"),
        ("    lost    at most    0    cases=wsr-2-5 to wsr-2-1", r"line 6: cases=wsr-2-5 to wsr-2-1 names no cases"),
        ("    lost    at most    0    cases=wsr-2-5 to wsr-3-9", r"line 6: cases=wsr-2-5 to wsr-3-9 names no cases"),
        ("    lost    at most    ${NONE}    cases=rms-1", r"line 6: \$\{NONE\} is neither a key of profile quick nor given"),
        ("    lost    about    0    cases=rms-1", r"line 6: 'about' is not a comparison"),
        ("    lost    at most    many    cases=rms-1", r"line 6: 'many' is not a value with a unit"),
        ("    lost    at most    cases=rms-1", r"line 6: a row needs a measurement, a comparison and one limit"),
        ("    lost    cases=rms-1", r"line 6: a row needs a measurement, a comparison and one limit"),
        ("    lost    at most    0    1    cases=rms-1", r"line 6: a row needs a measurement, a comparison and one limit"),
        ("    lost    at most    0    case=rms-1", r"line 6: 'case=' is not known; a row may name cases= and needs="),
        ("    lost    at most    0    cases=rms-1    needs=huge", r"needs=huge is no profile; allowed are quick, ci, dev, full"),
        ("    [Template]    Log\n    hello", r"of 'The Measured Value Should Be' only, not of 'Log'"),
    ],
)
def test_a_wrong_row_is_named_with_file_and_line(tmp_path: Path, rows: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        read_criteria(table(tmp_path, rows), limits())


@pytest.mark.parametrize(("tag", "number"), [("other", 0), ("fr-a    fr-b", 2)])
def test_a_criterion_has_exactly_one_id(tmp_path: Path, tag: str, number: int) -> None:
    with pytest.raises(InputError, match=f"needs exactly one tag that begins with fr-, it has {number}"):
        read_criteria(table(tmp_path, "    lost    at most    0    cases=rms-1", tag), limits())


def test_two_criteria_cannot_share_an_id(tmp_path: Path) -> None:
    folder = table(tmp_path, "    lost    at most    0    cases=rms-1")
    path = folder / FOLDER / "1__x.robot"
    path.with_name("2__x.robot").write_text(path.read_text())
    with pytest.raises(InputError, match="criterion fr-x is defined twice"):
        read_criteria(folder, limits())


def test_without_review_suites_there_is_nothing_to_judge(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no \.robot file"):
        read_criteria(tmp_path, limits())


def test_an_unknown_profile_names_the_known_ones(tmp_path: Path) -> None:
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "quick.yaml").write_text("USER_RATE: 50 msg/s\n")
    assert load_limits(tmp_path, "quick", {}).value("USER_RATE") == "50 msg/s"
    with pytest.raises(InputError, match=r"Profile huge is unknown: .*profiles has quick"):
        load_limits(tmp_path, "huge", {})


@pytest.mark.parametrize(
    ("given", "changed", "weaker"),
    [
        ({}, [], []),
        ({"RESPONSE_LIMIT": "2 s"}, [], ["RESPONSE_LIMIT"]),
        ({"RESPONSE_LIMIT": "2 s"}, ["RESPONSE_LIMIT"], ["RESPONSE_LIMIT"]),
        ({"RESPONSE_LIMIT": "500 ms"}, ["RESPONSE_LIMIT"], []),
        ({"RESPONSE_LIMIT": "1000 ms"}, ["RESPONSE_LIMIT"], []),
        ({"USER_RATE": "40 msg/s"}, [], ["USER_RATE"]),
        ({"USER_RATE": "60 msg/s"}, [], []),
        ({}, ["SOMETHING"], ["SOMETHING"]),
        ({"STEPS": "1,2"}, ["STEPS"], ["STEPS"]),
    ],
)
def test_a_limit_is_weakened_unless_it_is_known_to_be_as_strict(
    tmp_path: Path, given: dict[str, str], changed: list[str], weaker: list[str]
) -> None:
    rows = "    rate    at least    ${USER_RATE}    cases=rms-b\n    late    at most    ${RESPONSE_LIMIT}"
    assert weakened(read_criteria(table(tmp_path, rows), limits(given)), limits(given), changed) == weaker


def test_the_tags_of_all_tests_are_known_without_running_them() -> None:
    assert "fr-order" in case_tags(SUITES)
