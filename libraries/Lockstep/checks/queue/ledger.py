"""The depth of the queue by the server's own account, which knows the order of the work however its answers travel."""

from __future__ import annotations

from array import array
from operator import itemgetter

from .. import bulk
from ..events import LedgerRow
from ..history import History
from ..messages import FAILED
from ..verdict import Verdict
from ..violations import Code
from .attempts import FULL


def depth_by_ledger_within(history: History, normal_places: int, high_places: int, workers: int = 1) -> Verdict:
    """No message is let in while as many wait as there are places for its class (*over_capacity*).

    What was let in and is not done waits, but for at most `workers` messages that are being worked on. Where the queue grew too long
    and nobody was refused: *no_backpressure*. O(n). Source: bounded queue.
    """
    verdict = Verdict("queue stays within its capacity, by the ledger")
    rows, urgent = history.ledger, _urgent(history)
    gone = rows.by_user(rows.where(lambda what, why: what != "accepted" and (what == "processed" or why == FAILED)))
    refused = rows.by_user(rows.where(lambda what, why: what != "accepted" and why == FULL))
    deepest = 0
    for user, accepted in rows.by_user(rows.positions("accepted")).items():
        verdict.exercised += len(accepted)
        inside = bulk.surplus(array("q", range(len(accepted))), bulk.ranks(gone.get(user, array("I")), accepted))
        worst: tuple[int, LedgerRow] | None = None
        deepest = max(deepest, max(inside) - workers + 1, 1)
        for position, within in zip(accepted, inside, strict=True) if deepest > min(normal_places, high_places) else ():
            is_urgent = (rows.messages[position], rows.attempts[position]) in urgent
            waiting, places = max(0, within - workers), high_places if is_urgent else normal_places
            if waiting >= places:
                row = rows[position]
                worst = max(worst or (waiting, row), (waiting, row), key=itemgetter(0))
                verdict.violated(
                    Code.OVER_CAPACITY,
                    f"{user}'s {'urgent' if is_urgent else 'normal'} message {row.message_id} was let in (ledger row {row.index}) although "
                    f"at least {waiting} messages waited, where {places} may",
                    row,
                )
        if worst is not None and user not in refused:
            verdict.violated(
                Code.NO_BACKPRESSURE,
                f"{user}'s queue grew to at least {worst[0] + 1} messages, where {high_places} may wait, and not one message was refused",
                worst[1],
            )
    verdict.measured("queue_depth_counted", deepest, "messages", verdict.exercised)
    return verdict.concluded()


def _urgent(history: History) -> set[tuple[int, int]]:
    """Number of the message, and attempt, of all that were urgent."""
    found = set[tuple[int, int]]()
    for door in history.doors.values():
        attempts = door.attempts
        places = bulk.places(bytes(attempts.high))
        numbers = bulk.taken(attempts.events.attempts, bulk.taken(attempts.sends, places))
        found.update(zip(bulk.taken(attempts.messages, places), numbers, strict=True))
    return found
