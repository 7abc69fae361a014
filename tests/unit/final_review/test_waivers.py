"""Waivers: complete, known and in force, or an error."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from final_review.errors import InputError
from final_review.waivers import load_waivers

TODAY = date(2026, 11, 21)


def waivers(folder: Path, **change: str | None) -> dict[str, object]:
    entry: dict[str, str | None] = {"criterion": "fr-loss", "reason": "known", "owner": "Jo", "until": "2026-11-21"} | change
    lines = [f"    {key}: {value}" for key, value in entry.items() if value is not None]
    (folder / "waivers.yaml").write_text("waivers:\n  -\n" + "\n".join(lines) + "\n")
    return dict(load_waivers(folder / "waivers.yaml", {"fr-loss", "fr-order"}, TODAY))


def test_a_waiver_holds_up_to_its_last_day(tmp_path: Path) -> None:
    assert list(waivers(tmp_path)) == ["fr-loss"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"until": "2026-11-20"}, "waiver 1: the waiver of fr-loss has expired on 2026-11-20: renew or remove it"),
        ({"until": "someday"}, "until is 'someday'; write a day such as 2027-03-31"),
        ({"criterion": "fr-lost"}, "fr-lost is no criterion; known are fr-loss, fr-order"),
        ({"owner": None}, "exactly the keys criterion, reason, owner, until"),
        ({"reason": ""}, "each with a value"),
        ({"colour": "red"}, "exactly the keys"),
    ],
)
def test_a_wrong_waiver_is_refused_in_a_sentence(tmp_path: Path, change: dict[str, str | None], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        waivers(tmp_path, **change)


def test_the_shipped_list_is_empty() -> None:
    assert load_waivers(Path(__file__).parents[3] / "resources" / "waivers.yaml", set(), TODAY) == {}
