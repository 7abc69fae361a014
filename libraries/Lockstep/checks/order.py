"""Answers and effects keep the order in which messages were sent."""

from __future__ import annotations

from typing import Literal

from .history import History
from .verdict import Verdict

Scope = Literal["connection", "user", "none"]
"""Where order is promised: among the messages of one connection, of one user, or not at all."""


def replies_in_send_order(history: History, scope: Scope = "connection") -> Verdict:
    """Within the scope, first replies arrive in the order in which their messages were sent (*reordered*).

    O(n). Source: nonmonotonic poll of Jepsen's kafka checker.
    """
    raise NotImplementedError


def processed_in_send_order(history: History, scope: Scope = "connection") -> Verdict:
    """Within the scope, the ledger's *processed* rows stand in the order in which the messages were sent (*reordered*).

    O(n). Source: nonmonotonic poll of Jepsen's kafka checker, applied to the server's own account.
    """
    raise NotImplementedError
