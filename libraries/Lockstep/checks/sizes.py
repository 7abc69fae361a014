"""How large a run must be to find what it looks for."""

from __future__ import annotations

import math


def messages_needed(p: float, beta: float) -> int:
    """Messages needed so that a defect that hits each with probability `p` is missed with probability `beta` at most.

    O(1). Source: (1 - p)^m <= beta.
    """
    return math.ceil(math.log(beta) / math.log1p(-p))
