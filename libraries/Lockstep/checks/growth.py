"""Whether time grows with a number as it should: at most linearly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

from .trend import slope
from .verdict import Verdict
from .violations import Code

ENOUGH = 3
"""Tries of each size below which a growth is noise."""
MOST = 1.25
"""The exponent up to which growth counts as linear: n log n has 1.15 between 10 and 1000, n squared has 2."""
SURE = 3.0
"""Standard deviations; chance alone passes them once in a thousand runs."""


def grows_at_most_linearly(points: Sequence[tuple[int, float]], most: float = MOST) -> Verdict:
    """What `n` items take (s) beyond what the fewest take grows as `n` to the power of at most `most` (*too_slow*).

    `points`: number and time of each try, three or more sizes with three or more tries each. What every try costs is taken off, as the
    median of the smallest size; sizes that cost no more than it show nothing. The exponent is the median slope between the logarithms
    of all pairs, with its interval: only growth that is certainly too steep counts. Measures delivery_exponent. O(n²). Source: Theil, Sen.
    """
    verdict = Verdict("time grows at most linearly")
    sizes: dict[int, list[float]] = {}
    for number, took in points:
        sizes.setdefault(number, []).append(took)
    if len(sizes) < ENOUGH or min(map(len, sizes.values())) < ENOUGH:
        return verdict.concluded()
    verdict.exercised = len(points)
    fewest, largest = min(sizes), max(sizes)
    base = median(sizes[fewest])
    cost = [(math.log(number), math.log(took - base)) for number, took in points if number > fewest and took > base]
    found = slope(cost, SURE)
    verdict.measured("delivery_exponent", found.middle, "", len(points))
    verdict.measured("delivery_longest", max(sizes[largest]) * 1000, "ms", len(sizes[largest]))
    if found.least > most:
        verdict.violated(
            Code.TOO_SLOW,
            f"the time grows as n to the power of {found.middle:.2f} ({found.least:.2f} or more for certain): "
            f"{median(sizes[largest]) * 1000:.1f} ms for {largest}, {base * 1000:.1f} ms for {fewest}",
        )
    return verdict.concluded()
