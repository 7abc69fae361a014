"""One store for several processes of a server, one after the other: the ledger shows who did what."""

from __future__ import annotations

from collections.abc import Iterable

from .events import LedgerRow
from .verdict import Verdict
from .violations import Code


def handed_over_once(rows: Iterable[LedgerRow], instances: int = 2) -> Verdict:
    """So many processes have processed messages, one after the other (*disagreement*: at the same time, or fewer of them), and each has
    finished what it had accepted before the next began (*stalled*).

    `rows` are the ledger's, in its order. Measures *instances*, and *left_behind*: messages that one process had accepted and another
    processed. O(n). Source: single writer; connection draining of load balancers.
    """
    verdict = Verdict("one instance after the other")
    order: dict[str, None] = {}
    last, left = "", 0
    accepted: dict[tuple[str, str, int], str] = {}
    for row in rows:
        if not row.instance:
            continue
        if row.instance != last and row.instance in order:
            verdict.violated(Code.DISAGREEMENT, f"{row.instance} wrote row {row.index} of the ledger, although {last} had written before it", row)
        last = row.instance
        key = row.user, row.message_id, row.attempt
        if row.what == "accepted":
            accepted[key] = row.instance
        elif row.what == "processed":
            verdict.exercised += 1
            order[row.instance] = None
            by = accepted.get(key, row.instance)
            if by != row.instance:
                left += 1
                verdict.violated(
                    Code.STALLED, f"{by} had accepted {row.user}'s message {row.message_id} and was to finish it, but {row.instance} processed it (row {row.index})", row,
                )
        order.setdefault(row.instance)
    if verdict.exercised and len(order) < instances:
        verdict.violated(Code.DISAGREEMENT, f"{instances} instances were to have work, but the ledger names {', '.join(order)} only")
    verdict.measured("instances", len(order), "instances", verdict.exercised)
    verdict.measured("left_behind", left, "messages", verdict.exercised)
    return verdict.concluded()
