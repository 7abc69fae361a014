"""The list of promised cases is complete and well formed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from final_review.cases import load_cases
from final_review.errors import InputError

LIST = Path(__file__).parents[3] / "resources" / "cases.yaml"


def test_exactly_the_111_promised_cases_are_listed() -> None:
    cases = load_cases(LIST)
    assert len(cases) == len(set(cases)) == 111
    assert Counter(case.split("-")[0] for case in cases) == {"rms": 7, "hvt": 9, "wsr": 95}
    sizes = {group.id: len(group.cases) for group in cases.groups}
    assert list(sizes) == ["rms", "hvt", *(f"wsr-{number}" for number in range(1, 11))]
    assert list(sizes.values()) == [7, 9, 8, 30, 9, 20, 7, 2, 5, 6, 3, 5]


def test_numbers_have_no_gap() -> None:
    for group in load_cases(LIST).groups:
        numbers = [case.removeprefix(f"{group.id}-") for case in group.cases]
        counted = [number for number in numbers if number != "b"]
        assert counted == [str(number) for number in range(1, len(counted) + 1)]
        assert ("b" in numbers) is (group.id in ("rms", "hvt"))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("suites: []", "lists no case"),
        ("suites: [{id: rms, title: R, cases: {hvt-1: X}}]", "its ID must begin with rms-"),
        ("suites: [{id: rms, title: R, cases: {rms-1: X}}, {id: rms, title: R, cases: {rms-1: X}}]", "rms-1 is listed twice"),
        ("suites: [{id: rms, title: R}]", "needs the keys id, title and cases"),
        ("suites: [{id: rms, cases: {rms-1: X}}]", "needs the keys id, title and cases"),
        ("- a", "must hold keys with values"),
        ("a: [", "is not valid YAML"),
    ],
)
def test_a_wrong_list_is_refused_in_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "cases.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=sentence):
        load_cases(path)


def test_a_missing_list_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.yaml cannot be read: No such file or directory"):
        load_cases(tmp_path / "none.yaml")
