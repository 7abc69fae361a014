"""Whether values rise, told from noise without a guess about its shape."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import NamedTuple, TypeVar

T = TypeVar("T")

ENOUGH = 200
"""So many points tell a slope as well as all of them would."""
SURE = 4.5
"""Standard deviations: chance, or one step up, shows so steady a rise in fewer than one of 100 000 runs. It takes 12 points or more."""


class Slope(NamedTuple):
    """By how much y rises with x: the likeliest figure, and what it is at least and at most for certain."""

    least: float
    middle: float
    most: float


def thinned(items: Sequence[T], most: int = ENOUGH) -> list[T]:
    """At most so many of these, evenly spread, the first and the last among them."""
    if len(items) <= most:
        return list(items)
    return [items[round(place * (len(items) - 1) / (most - 1))] for place in range(most)]


def slope(points: Sequence[tuple[float, float]], sure: float = SURE) -> Slope:
    """The median of the slopes between all pairs of points, which no outlier moves, with its interval of confidence.

    `sure` is in standard deviations. Points too few to be so sure say nothing for certain: then the interval has no ends. It lies above 0
    exactly when values rise too steadily for chance (Mann and Kendall); a single step up does not. Points at the same x say nothing of each
    other, nor do they make anything less certain. Without two different x all is 0. O(n²), so for thinned points. Source: Theil, Sen; Kendall
    for equal x.
    """
    slopes = sorted((y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in combinations(points, 2) if x1 != x2)
    if not slopes:
        return Slope(-math.inf, 0.0, math.inf)
    pairs = len(slopes)
    middle = (slopes[(pairs - 1) // 2] + slopes[pairs // 2]) / 2
    certain = sure * math.sqrt(_variance([x for x, _ in points]))
    if certain > pairs:
        return Slope(-math.inf, middle, math.inf)
    outside = int(pairs - certain) // 2
    return Slope(slopes[outside], middle, slopes[pairs - 1 - outside])


def _variance(places: Sequence[float]) -> float:
    """Of the number of pairs that rise, less the number of those that fall, among values that chance has put to these places."""
    return (_chance(len(places)) - sum(map(_chance, Counter(places).values()))) / 18


def _chance(count: int) -> int:
    return count * (count - 1) * (2 * count + 5)


def variation(counts: Mapping[float, int]) -> float:
    """The coefficient of variation (standard deviation by mean) of values, given as how often each occurred; 0 without any."""
    total = sum(counts.values())
    mean = math.fsum(value * count for value, count in counts.items()) / total if total else 0.0
    if not mean:
        return 0.0
    return math.sqrt(math.fsum(count * (value - mean) ** 2 for value, count in counts.items()) / total) / mean
