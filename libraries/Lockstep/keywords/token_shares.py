"""Keywords of bad tokens that are shown in several robot processes at the same instant."""

from __future__ import annotations

import time
from functools import partial

from robot.api import SkipExecution, logger

from ..arguments import Count, Duration, Portion
from ..checks import Kind
from ..checks.tokens import attempts_of_all
from ..engine.kept_journals import KeptJournals
from ..meeting import NotMet
from .decorator import keyword
from .expectation import Expectation
from .kit import Kit

ATTEMPTS = "attempts"
WELL_TOGETHER = Duration(10)
LEAD = 0.2
"""s between the moment when all shares are ready and the first attempt."""


def wait_for_the_other_shares(kit: Kit, phase: str) -> None:
    """Returns at the instant on which all shares have agreed; at once where there are no others."""
    meeting = kit.sharing.meeting if kit.sharing is not None else None
    if meeting is None:
        return
    try:
        instant = meeting.agreed(phase, LEAD)
    except NotMet as missing:
        raise _not_measured(kit, str(missing)) from None
    time.sleep(max(0.0, instant - time.time()))


class TokenShareKeywords:
    """What several shares have tried, looked at together."""

    def __init__(self, kit: Kit, expectation: Expectation) -> None:
        self._kit = kit
        self._expect = expectation

    @keyword(tags=("Recording", "Tokens"))
    def keep_the_attempts(self, name: str, share: Portion) -> None:
        """Keeps how the users of this share have tried to get in, for `Attempts Of All Shares Should Be Refused`.

        | =Argument= | =Meaning=                                                 |
        | name       | what the shares do together, such as ``expired in shares`` |
        | share      | such as ``2 of 4``                                        |

        | `Keep The Attempts`    expired in shares    2 of 4
        """
        kit, whole = self._kit, self._kit.sharing is not None and self._kit.sharing.meeting is None
        number, of = (1, 1) if whole else share
        KeptJournals(kit.records.folder, kit.records.run, name).keep(kit.engine.journal.slice(kit.scope.cursor), number, of)

    @keyword(tags=("Expectation", "Tokens"))
    def attempts_of_all_shares_should_be_refused(self, name: str, count: Count, *, within: Duration = WELL_TOGETHER) -> None:
        """Nobody in any share was let in, and there were as many attempts as were to be made, at about the same time.

        | =Argument= | =Meaning=                                                            |
        | name       | how the shares called it in `Keep The Attempts`                      |
        | count      | how many attempts there must have been in all shares together        |
        | within     | so long after the first the last of them began, such as ``5 s``       |

        Merges what the shares have seen, by the one clock of this machine; how each was refused was judged by its share. Records
        ``tokens_refused`` (%) and ``attempts_spread`` (ms). Violations: not_refused, miscounted. Skipped as *not measured* where a share is
        missing, or the attempts were not made together.

        | `Attempts Of All Shares Should Be Refused`    expired in shares    60
        """
        kit = self._kit
        history, missing = KeptJournals(kit.records.folder, kit.records.run, name).merged()
        if missing:
            raise _not_measured(kit, missing)
        begun = [event.time for event in history.events if event.kind is Kind.CONNECT]
        if begun and begun[-1] - begun[0] > within:
            raise _not_measured(kit, f"the last attempt began {begun[-1] - begun[0]:.1f} s behind the first")
        logger.info(f"{len(begun)} attempts of all shares")
        self._expect.judge(history, [partial(attempts_of_all, count=int(count))])


def _not_measured(kit: Kit, reason: str) -> SkipExecution:
    kit.record("invalid", reason=f"not measured: {reason}")
    return SkipExecution(f"not measured: {reason}")
