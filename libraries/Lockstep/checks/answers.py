"""Every message is answered, once, with its own content."""

from __future__ import annotations

from .history import History
from .verdict import Verdict


def nothing_lost(history: History) -> Verdict:
    """Every message that was sent has an answer; behind a barrier a missing one is *lost*.

    A message counts as lost when at least one attempt was sent, no attempt has a reply, not all attempts were refused and
    none is of unknown fate. Answered only as a duplicate is lost too. O(n). Source: total-queue checker of Jepsen.
    """
    raise NotImplementedError


def nothing_answered_twice(history: History) -> Verdict:
    """No message has more than one processed reply (*duplicated*); answers that say "duplicate" do not count.

    Under the guarantee that duplicates are replayed, ask `duplicates_accounted` instead. O(n). Source: total-queue of Jepsen.
    """
    raise NotImplementedError


def no_phantom_replies(history: History) -> Verdict:
    """Every answer names a message and attempt that this user had sent, with its sequence id (*phantom*).

    An answer to a message that only another user sent is *leaked_to_other_user*. O(n). Source: queue checker of Jepsen.
    """
    raise NotImplementedError


def contents_intact(history: History) -> Verdict:
    """The digest of each reply equals the digest of what was sent (*corrupted*).

    Replies or messages without a digest are not exercised. O(n). Source: end-to-end check sums.
    """
    raise NotImplementedError


def nothing_refused_was_processed(history: History) -> Verdict:
    """A refused attempt has no effect: no reply, no processed row in the ledger (*aborted_effect*).

    O(n). Source: aborted read (G1a) of Adya and of Jepsen's kafka checker.
    """
    raise NotImplementedError
