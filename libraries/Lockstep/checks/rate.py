"""How many answers a second, and whether the generator kept its own schedule."""

from __future__ import annotations

from .history import History
from .verdict import Measured, Verdict


def answered_rate(history: History) -> float:
    """Messages answered per second, from the first intended sending to the last first reply; 0 without a reply. O(n)."""
    raise NotImplementedError


def rate_sustained(history: History, required: float, tolerance: float = 0.0) -> Verdict:
    """The answered rate reaches `required` per second, less the share `tolerance` (*rate_not_sustained*). O(n)."""
    raise NotImplementedError


def sender_lag(history: History) -> tuple[Measured, ...]:
    """How late the generator sent, in ms: sender_lag_mean, sender_lag_p99, sender_lag_max. Empty for unpaced messages."""
    raise NotImplementedError
