"""What tries show of a promised share, compared with sums of exact fractions."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certainty import Shown, at_least, percent, shown


@pytest.mark.parametrize(("promised", "tries"), [(0.999, 2_995), (0.9995, 5_990), (0.9999, 29_956)])
def test_without_a_failure_so_many_tries_are_needed(promised: float, tries: int) -> None:
    assert shown(0, tries, promised) is Shown.REACHED
    assert shown(0, tries - 1, promised) is Shown.OPEN


@pytest.mark.parametrize(
    ("failed", "tries", "found"),
    [(1, 100, Shown.NOT_REACHED), (1, 1_000, Shown.OPEN), (1, 100_000, Shown.REACHED), (0, 0, Shown.OPEN), (1, 1, Shown.NOT_REACHED), (400, 5_000, Shown.NOT_REACHED)],
)
def test_a_failure_speaks_against_a_promise_as_far_as_it_is_no_chance(failed: int, tries: int, found: Shown) -> None:
    assert shown(failed, tries, 0.9999) is found


def chance(most: int, tries: int, p: Fraction) -> Fraction:
    """The probability of so many hits or fewer, to the last digit."""
    return sum((comb(tries, hits) * p**hits * (1 - p) ** (tries - hits) for hits in range(most + 1)), Fraction(0))


@settings(derandomize=True, deadline=None, max_examples=150)
@given(st.integers(1, 60).flatmap(lambda tries: st.tuples(st.integers(0, tries), st.just(tries))), st.sampled_from([0.53, 0.91, 0.957, 0.987]))
def test_bounds_are_those_of_the_exact_distribution(tried: tuple[int, int], promised: float) -> None:
    failed, tries = tried
    certain = Fraction(at_least(failed, tries))
    if failed < tries:
        assert abs(chance(failed, tries, 1 - certain) - Fraction(1, 20)) < Fraction(1, 10**6)
    else:
        assert certain == 0
    unlikely = failed > 0 and 1 - chance(failed - 1, tries, 1 - Fraction(promised)) <= Fraction(1, 20)
    expected = Shown.REACHED if certain >= promised else Shown.NOT_REACHED if unlikely else Shown.OPEN
    assert shown(failed, tries, promised) is expected


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0 %"), (0.05, "5 %"), (0.9704, "97 %"), (0.9999000001, "99.99 %"), (0.99999, "99.999 %"), (0.9997415, "99.974 %"), (1.0, "100 %"), (0.95344, "95.3 %")],
)
def test_a_share_is_never_rounded_up(share: float, text: str) -> None:
    assert percent(share) == text
