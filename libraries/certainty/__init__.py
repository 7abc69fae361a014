"""What so many tries show of a promised share, such as 99.95 %: that it is kept, that it is not, or only how much is certain.

Both the keyword library and the final review import this room; it imports neither, and nothing but the standard library.
"""

from __future__ import annotations

import math
from enum import StrEnum

SURE = 0.95
"""How sure a statement is; 99.9, 99.95 and 99.99 % then take 2 995, 5 990 and 29 956 tries without a failure."""


class Shown(StrEnum):
    """What tries show of a promise."""

    REACHED = "reached"
    NOT_REACHED = "not reached"
    OPEN = "open"


def shown(failed: int, tries: int, promised: float) -> Shown:
    """Whether the share of successes is surely as high as promised, or surely lower; neither, where the tries are too few to tell."""
    if tries and at_least(failed, tries) >= promised:
        return Shown.REACHED
    if failed and 1 - _at_most(failed - 1, tries, 1 - promised) <= 1 - SURE:
        return Shown.NOT_REACHED
    return Shown.OPEN


def at_least(failed: int, tries: int) -> float:
    """The share of successes that is certain: the lower end of its one-sided interval of confidence.

    Source: Clopper and Pearson 1934; exact, no approximation.
    """
    if failed >= tries:
        return 0.0
    if not failed:
        return float((1 - SURE) ** (1 / tries))
    low, high = failed / tries, 1.0  # between them lies the highest share of failures that shows so few
    for _ in range(60):
        middle = (low + high) / 2
        if _at_most(failed, tries, middle) > 1 - SURE:
            low = middle
        else:
            high = middle
    return 1 - high


def _at_most(hits: int, tries: int, p: float) -> float:
    """The probability of so many hits or fewer among tries with probability 0 < p < 1 each, summed from the largest term outwards."""
    start = min(hits, int(tries * p))
    largest = math.exp(
        math.lgamma(tries + 1) - math.lgamma(start + 1) - math.lgamma(tries - start + 1) + start * math.log(p) + (tries - start) * math.log1p(-p)
    )
    odds, total = p / (1 - p), largest
    term = largest
    for number in range(start, 0, -1):
        term *= number / (tries - number + 1) / odds
        total += term
    term = largest
    for number in range(start, hits):
        term *= (tries - number) / (number + 1) * odds
        total += term
    return min(total, 1.0)


def percent(share: float) -> str:
    """A share that is certain, with as many digits as it needs and never rounded up: ``99.97 %``."""
    missing = 1 - share
    digits = max(0, -math.floor(math.log10(missing)) - 1) if 0 < missing < 1 else 0
    told = f"{math.floor(share * 10 ** (digits + 2)) / 10**digits:.{digits}f}"
    return f"{told.rstrip('0').rstrip('.') if digits else told} %"
