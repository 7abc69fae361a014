"""Repeating a message changes nothing, and the server says so as its guarantee has it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from .history import History
from .verdict import Verdict

Answer = Literal["reject", "silent", "replay"]
"""How a target answers a duplicate: says so, says nothing, or sends the first reply again."""


def duplicates_accounted(history: History, answer: Answer = "reject", only: Collection[str] | None = None) -> Verdict:
    """Of k attempts of one message exactly one is processed and k - 1 are answered as the guarantee says (*miscounted_duplicates*).

    Looks at messages with two or more attempts; `only` narrows that to these message ids. O(n). Source: exact accounting.
    """
    raise NotImplementedError


def processed_once_in_ledger(history: History) -> Verdict:
    """The ledger processed each message once (*duplicated*), and each accepted or answered one at all (*lost*).

    O(n). Source: total-queue checker of Jepsen, read from the server's own account.
    """
    raise NotImplementedError
