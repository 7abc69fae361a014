"""Combinations of what a case may vary, so few that they can all be run and so many that no pair of values is left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from random import Random
from typing import Any

TRIED = 30
"""So many candidates are looked at for each row."""

Pair = tuple[tuple[str, int], tuple[str, int]]
"""Two factors, each with the place of one of its values."""


def covering_pairs(factors: Mapping[str, Sequence[Any]], seed: int) -> list[dict[str, Any]]:
    """Rows with one value of each factor, such that each value of a factor occurs with each value of every other at least once.

    Each row is the one of some random candidates that has the most new pairs; the first of them are built around a pair that is left.
    Source: the greedy algorithm of AETG (Cohen and others, 1997).
    """
    chance, names = Random(seed), sorted(factors)  # noqa: S311 - repeatable, no secret
    left = {pair for row in combinations(names, 2) for pair in _pairs_of_values(row, factors)}
    rows: list[dict[str, int]] = []
    while left:
        about = chance.choice(sorted(left))
        candidates = [{name: chance.randrange(len(factors[name])) for name in names} | dict(about) for _ in range(TRIED)]
        best = max(candidates, key=lambda row: len(left & _pairs(row)))
        left -= _pairs(best)
        rows.append(best)
    return [{name: factors[name][place] for name, place in row.items()} for row in rows]


def _pairs(row: Mapping[str, int]) -> set[Pair]:
    return set(combinations(sorted(row.items()), 2))


def _pairs_of_values(names: tuple[str, ...], factors: Mapping[str, Sequence[Any]]) -> list[Pair]:
    first, second = names
    return [((first, one), (second, other)) for one in range(len(factors[first])) for other in range(len(factors[second]))]
