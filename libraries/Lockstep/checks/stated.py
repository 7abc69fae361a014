"""What the server says of its own time, held against the time that was measured."""

from __future__ import annotations

from .history import History
from .verdict import Verdict
from .violations import Code

FIELD = "processing_time"
TICK = 0.02
"""s by which two clocks may differ that tick as coarsely as some systems let them."""


def stated_times_possible(history: History) -> Verdict:
    """The time that a reply says its message took is neither negative nor longer than sending and reply are apart (*disagreement*).

    Replies that say nothing of the kind are not looked at. O(n). Source: two clocks that measure one duration from inside and outside.
    """
    verdict = Verdict("stated processing times are possible")
    for sent, reply in zip(history.journal.origins, history.journal.replies, strict=True):
        stated = (reply.details or {}).get(FIELD)
        if stated is None:
            continue
        verdict.exercised += 1
        took = reply.time - sent.time
        if isinstance(stated, bool) or not isinstance(stated, int | float) or not 0 <= stated <= took + TICK:
            verdict.violated(
                Code.DISAGREEMENT,
                f"the reply to {reply.message_id} says that it took {_told(stated)}, but it came {took:.3f} s after the sending", sent, reply)
    return verdict.concluded()


def _told(stated: object) -> str:
    return f"{stated:g} s" if isinstance(stated, int | float) and not isinstance(stated, bool) else f"'{str(stated)[:40]}'"
