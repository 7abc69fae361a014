"""Expectations about who goes first, and that the others get through. Turns and workers come from the target file."""

from __future__ import annotations

from functools import partial

from ..checks.events import NEVER
from ..checks.priority import high_never_refused_behind_normal, normals_not_starved, overtaking_bounded
from .decorator import keyword
from .expectation import Expectation
from .kit import Kit
from .queueing import places, workers


class PriorityKeywords:
    """Urgent messages and the others in one queue."""

    def __init__(self, kit: Kit, expectation: Expectation) -> None:
        self._kit = kit
        self._expect = expectation

    @keyword(tags=("Expectation", "Priority"))
    def urgent_messages_should_go_first(self, client: str | None = None) -> None:
        """No urgent message is refused where a later normal one finds a place, and none waits while normal ones are begun out of turn.

        | =Argument= | =Meaning=                                                    |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Turns and workers come from the target file, the order of the work from the ledger; without one from the replies, if the file
        says that they leave in turn, else that part is left out. Records ``high_processed_share`` (%) and ``overtaken`` (messages).
        Violation: priority_inverted. Fails if the target does not offer ``priorities``.

        | `Urgent Messages Should Go First` |
        """
        self._kit.must_offer("priorities")
        normal, high = places(self._kit)
        refused = partial(high_never_refused_behind_normal, reserve=high - normal, workers=workers(self._kit))
        if self._work_is_seen("urgent messages go first"):
            in_turn = partial(overtaking_bounded, workers=workers(self._kit), high_in_a_row=self._turns() or NEVER)
            self._expect.holds(refused, in_turn, client=client, ledger=self._kit.target.offers("ledger"))
        else:
            self._expect.holds(refused, client=client)

    @keyword(tags=("Expectation", "Priority"))
    def no_message_should_starve(self, client: str | None = None) -> None:
        """While normal messages wait, no more urgent ones are done in a row than the target promises.

        | =Argument= | =Meaning=                                                    |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Records ``urgent_in_a_row`` (messages). Violation: starved. Left out where the target promises no such bound, or where neither
        a ledger nor replies in turn show the order of the work.

        | `No Message Should Starve` |
        """
        self._kit.must_offer("priorities")
        in_a_row = self._turns()
        if in_a_row is None:
            self._kit.leave_out("no message starves", f"{self._kit.target.title} promises no turn to normal messages")
            return
        if self._work_is_seen("no message starves"):
            check = partial(normals_not_starved, workers=workers(self._kit), high_in_a_row=in_a_row)
            self._expect.holds(check, client=client, ledger=self._kit.target.offers("ledger"))

    def _work_is_seen(self, check: str) -> bool:
        """Whether it can be known in which order the work was done; otherwise notes the check that cannot be made."""
        priorities = self._kit.target.file.guarantees.priorities
        if self._kit.target.offers("ledger") or (priorities is not None and priorities.replies == "in_turn"):
            return True
        self._kit.leave_out(check, f"{self._kit.target.title} has no ledger and does not promise that replies leave in the order of the work")
        return False

    def _turns(self) -> int | None:
        priorities = self._kit.target.file.guarantees.priorities
        return priorities.high_in_a_row if priorities is not None else None
