"""Users who ask for the same get the same."""

from __future__ import annotations

from collections.abc import Sequence

from .history import History
from .verdict import Verdict


def jain_index(values: Sequence[float]) -> float:
    """Jain's fairness index: 1 when all values are equal, 1/n when one has everything."""
    raise NotImplementedError


def users_served_fairly(history: History, at_least: float = 0.95, slowest_share: float = 0.8) -> Verdict:
    """The Jain index of the users' work rates is high enough, and so is the slowest user's share of the mean (*unfair*).

    O(n). Source: Jain, Chiu and Hawe 1984.
    """
    raise NotImplementedError
