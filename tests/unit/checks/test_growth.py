"""Growth of time: what is linear and what is not, with and without noise."""

from __future__ import annotations

import math
import random
from itertools import combinations
from statistics import median

import pytest
from hypothesis import strategies as st
from random_histories import against_oracle, codes, expect

from Lockstep.checks.growth import grows_at_most_linearly

SIZES = (1, 5, 10, 100, 1000)


def points(power: float, *, each: float = 20e-6, base: float = 1e-3, times: int = 5, noise: float = 0.1, seed: int = 1) -> list[tuple[int, float]]:
    chance = random.Random(seed)
    return [(size, (base + each * size**power) * chance.uniform(1, 1 + noise)) for _ in range(times) for size in SIZES]


def told(*args, **kwargs):
    return {str(code) for code in grows_at_most_linearly(points(*args, **kwargs)).counts}


@pytest.mark.parametrize("power", [0, 0.5, 1])
@pytest.mark.parametrize("seed", range(20))
def test_what_grows_at_most_linearly_passes_on_a_busy_machine_too(power, seed):
    assert told(power, seed=seed, noise=1.0) == set()


@pytest.mark.parametrize("seed", range(20))
def test_n_log_n_passes_and_n_squared_does_not(seed):
    chance = random.Random(seed)
    slow = [(size, 1e-3 + 5e-6 * size * math.log2(size + 1) * chance.uniform(1, 1.1)) for _ in range(5) for size in SIZES]
    assert grows_at_most_linearly(slow).ok
    assert told(2, each=1e-6, seed=seed) == {"too_slow"}


def test_the_sentence_names_exponent_and_times():
    verdict = grows_at_most_linearly(points(2, noise=0, base=0.0))
    assert verdict.violations[0].sentence == "the time grows as n to the power of 2.01 (2.00 or more for certain): 20000.0 ms for 1000, 0.0 ms for 1"
    assert {figure.name: round(figure.value, 2) for figure in verdict.measurements} == {"delivery_exponent": 2.01, "delivery_longest": 20000.0}


@pytest.mark.parametrize("few", [[], [(1, 1.0), (10, 1.0), (100, 1.0)], [(size, 1.0) for size in (1, 10) for _ in range(9)]])
def test_too_few_sizes_or_tries_show_nothing(few):
    assert {str(code) for code in grows_at_most_linearly(few).counts} == {"vacuous"}


@against_oracle(st.floats(0.3, 3.0), st.integers(0, 50), st.sampled_from([0.0, 0.05, 0.5]), number=150)
def test_against_all_pairs(power: float, seed: int, noise: float) -> None:
    some = points(power, seed=seed, noise=noise, each=1e-4)
    base = median(took for size, took in some if size == 1)
    cost = [(math.log(size), math.log(took - base)) for size, took in some if size > 1 and took > base]
    slopes = sorted((y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in combinations(cost, 2) if x1 != x2)
    pairs, tied = len(slopes), [sum(x == size for x, _ in cost) for size in {x for x, _ in cost}]
    certain = 3.0 * math.sqrt(sum(sign * n * (n - 1) * (2 * n + 5) for sign, n in ((1, len(cost)), *((-1, n) for n in tied))) / 18)
    steep = certain <= pairs and slopes[int(pairs - certain) // 2] > 1.25
    assert codes(grows_at_most_linearly(some)) == expect(*["too_slow"] * steep)
