"""Whether values rise, told from noise without a guess about its shape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from statistics import median
from typing import TypeVar

T = TypeVar("T")

ENOUGH = 200
"""So many points tell a slope as well as all of them would."""


def thinned(items: Sequence[T], most: int = ENOUGH) -> list[T]:
    """At most so many of these, evenly spread, the first and the last among them."""
    if len(items) <= most:
        return list(items)
    return [items[round(place * (len(items) - 1) / (most - 1))] for place in range(most)]


def slope(points: Sequence[tuple[float, float]]) -> float:
    """By how much y rises with x: the median of the slopes between all pairs, which no outlier moves; 0 without two different x.

    O(n²), so for thinned points. Source: Theil and Sen.
    """
    slopes = [(y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in combinations(points, 2) if x1 != x2]
    return median(slopes) if slopes else 0.0


def steadiness(values: Sequence[float]) -> float:
    """How far values rise one after the other: standard deviations above what chance shows; 0 for fewer than 2 values.

    A single step up, or a pair of bad moments, does not make values rise steadily. O(n²). Source: Mann and Kendall.
    """
    count = len(values)
    if count < 2:
        return 0.0
    rises = sum((after > before) - (after < before) for before, after in combinations(values, 2))
    return rises / math.sqrt(count * (count - 1) * (2 * count + 5) / 18)
