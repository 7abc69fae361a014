"""The server's own numbering of what it sends has no hole and no contradiction."""

from __future__ import annotations

from .history import History
from .verdict import Verdict


def offsets_without_gap(history: History) -> Verdict:
    """Within session and epoch each offset is one more than the last: forward is a *gap*, backward is *duplicated*.

    Events without an offset are skipped. O(n). Source: poll-skip and nonmonotonic poll of Jepsen's kafka checker.
    """
    raise NotImplementedError


def offsets_agree(history: History) -> Verdict:
    """One session, epoch and offset always carries the same content (*disagreement*).

    O(n). Source: inconsistent-offsets of Jepsen's kafka checker.
    """
    raise NotImplementedError
