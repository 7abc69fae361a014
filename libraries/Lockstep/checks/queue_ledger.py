"""The depth of the queue by the server's own account, which knows the order of the work however its answers travel."""

from __future__ import annotations

from collections import Counter

from .doors import FULL
from .events import LedgerRow
from .history import History
from .messages import FAILED
from .verdict import Verdict
from .violations import Code


def depth_by_ledger_within(history: History, normal_places: int, high_places: int, workers: int = 1) -> Verdict:
    """No message is let in while as many wait as there are places for its class (*over_capacity*).

    What was let in and is not done waits, but for at most `workers` messages that are being worked on. Where the queue grew too long
    and nobody was refused: *no_backpressure*. O(n). Source: bounded queue.
    """
    verdict = Verdict("queue stays within its capacity, by the ledger")
    urgent = {
        (attempt.send.user, attempt.send.message_id, attempt.send.attempt) for door in history.doors.values() for attempt in door.attempts
        if attempt.high
    }
    inside: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    worst: dict[str, tuple[int, LedgerRow]] = {}
    deepest = 0
    for row in history.ledger:
        if row.what == "accepted":
            verdict.exercised += 1
            is_urgent = (row.user, row.message_id, row.attempt) in urgent
            waiting, places = max(0, inside[row.user] - workers), high_places if is_urgent else normal_places
            inside[row.user] += 1
            deepest = max(deepest, waiting + 1)
            if waiting >= places:
                worst[row.user] = max(worst.get(row.user, (0, row)), (waiting, row), key=lambda item: item[0])
                verdict.violated(
                    Code.OVER_CAPACITY,
                    f"{row.user}'s {'urgent' if is_urgent else 'normal'} message {row.message_id} was let in (ledger row {row.index}) although "
                    f"at least {waiting} messages waited, where {places} may",
                    row,
                )
        elif row.what == "processed" or row.reason == FAILED:
            inside[row.user] -= 1
        elif row.reason == FULL:
            refused[row.user] += 1
    for user, (waiting, row) in worst.items():
        if not refused[user]:
            verdict.violated(
                Code.NO_BACKPRESSURE,
                f"{user}'s queue grew to at least {waiting + 1} messages, where {high_places} may wait, and not one message was refused", row,
            )
    verdict.measured("queue_depth_counted", deepest, "messages", verdict.exercised)
    return verdict.concluded()
