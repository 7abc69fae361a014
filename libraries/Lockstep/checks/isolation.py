"""Nothing of one user reaches another."""

from __future__ import annotations

from collections.abc import Mapping

from .history import History
from .verdict import Verdict


def nothing_leaked(history: History, canaries: Mapping[str, str]) -> Verdict:
    """No event of a user carries another user's canary or the fate of another user's message (*leaked_to_other_user*).

    `canaries`: user to a text that only this user's messages contain. O(text).
    """
    raise NotImplementedError
