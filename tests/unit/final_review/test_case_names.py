"""Cases are named one by one or as ranges, and read back as they were written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from final_review.case_names import case_names, in_short

IDS = st.sampled_from(["rms-b", "rms-1", "rms-2", *(f"wsr-{suite}-{number}" for suite in (1, 2, 10) for number in range(1, 13))])


@pytest.mark.parametrize(("cases", "told"), [
    ((), ""),
    (("rms-1",), "rms-1"),
    (("rms-1", "rms-2"), "rms-1, rms-2"),
    (("rms-1", "rms-2", "rms-3"), "rms-1 to rms-3"),
    (("rms-b", "rms-1", "wsr-1-9", "wsr-1-10", "wsr-1-11", "wsr-2-1", "wsr-2-2"), "rms-b, rms-1, wsr-1-9 to wsr-1-11, wsr-2-1, wsr-2-2"),
])  # fmt: skip
def test_neighbours_are_a_range(cases: tuple[str, ...], told: str) -> None:
    assert in_short(cases) == told


@given(st.lists(IDS, max_size=20))
def test_what_is_told_in_short_is_read_as_before(cases: list[str]) -> None:
    assert case_names(in_short(cases)) == tuple(cases)
