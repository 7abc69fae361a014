"""Work that was taken in goes on."""

from __future__ import annotations

from .history import History
from .verdict import Verdict


def no_stall(history: History, longest: float) -> Verdict:
    """While a message waits, some outcome arrives at least every `longest` seconds (*stalled*). O(n)."""
    raise NotImplementedError
