"""What the agent says about its state agrees with what the clients did and saw."""

from __future__ import annotations

from collections.abc import Mapping

from .history import History
from .verdict import Verdict


def counter_within_interval(history: History, base: int = 0) -> Verdict:
    """message_count lies between the replies seen before the question and the messages sent before its answer (*miscounted*).

    `base` is the count before the first message of this history. O(n). Source: counter checker of Jepsen.
    """
    raise NotImplementedError


def reads_include_own_writes(history: History, base: int = 0) -> Verdict:
    """A snapshot asked for after a reply includes that reply's message (*stale_read*).

    O(n). Source: read-your-writes.
    """
    raise NotImplementedError


def state_never_goes_back(history: History) -> Verdict:
    """For one client, version and message_count never fall from one snapshot to a later one (*went_back*).

    O(n). Source: monotonic reads.
    """
    raise NotImplementedError


def state_equals(history: History, expected: Mapping[str, object]) -> Verdict:
    """The last snapshot holds these values (*miscounted*).

    O(n).
    """
    raise NotImplementedError


def processed_ids_once(history: History) -> Verdict:
    """No snapshot lists a processed message twice (*duplicated*).

    O(n).
    """
    raise NotImplementedError
