"""The server's own account agrees with what the clients saw."""

from __future__ import annotations

from .history import History
from .verdict import Verdict


def ledger_agrees_with_journal(history: History) -> Verdict:
    """Each reply has a processed row (*disagreement*) of equal digest (*corrupted*); no row without a message sent (*phantom*).

    O(n).
    """
    raise NotImplementedError


def everything_sent_was_processed(history: History) -> Verdict:
    """Each message sent and not refused has a processed row, also where its fate was unknown to the client (*lost*).

    For a client that closed cleanly right behind its burst. O(n).
    """
    raise NotImplementedError


def nothing_acknowledged_was_lost(history: History) -> Verdict:
    """Each message that the server acknowledged has a processed row, also after a restart (*not_durable*).

    O(n).
    """
    raise NotImplementedError
