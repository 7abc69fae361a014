"""Every pair of values occurs, in far fewer rows than there are combinations."""

from itertools import combinations, product

import pytest

from Lockstep.combinations import covering_pairs

FACTORS = {"behind": [1, 7, 20, 33, 39], "how": ["reset", "close", "half_open", "blackhole"], "kind": ["text", "json", "multipart"], "fault": ["a", "b"]}


@pytest.mark.parametrize("seed", range(20))
def test_every_pair_occurs(seed):
    rows = covering_pairs(FACTORS, seed)
    for one, other in combinations(FACTORS, 2):
        assert {(row[one], row[other]) for row in rows} == set(product(FACTORS[one], FACTORS[other]))
    assert 20 <= len(rows) <= 30, "120 combinations, 20 pairs of the two longest"


def test_the_seed_decides():
    assert covering_pairs(FACTORS, 1) == covering_pairs(FACTORS, 1) != covering_pairs(FACTORS, 2)
