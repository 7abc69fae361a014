"""Keywords of many users in several robot processes who lose one server at the same instant, and come back to it."""

from __future__ import annotations

import time
from functools import partial

from robot.api import SkipExecution, logger

from ..arguments import Count, Duration, Portion
from ..checks.outage import outages_shorter_than
from ..checks.spread import clients_come_back
from ..engine.kept_journals import KeptJournals
from ..errors import UsageError
from ..meeting import NotMet
from .decorator import keyword
from .expectation import Expectation
from .kit import Kit
from .restarting import AT_ONCE, RestartingKeywords

PHASE = "crash"
LEAD = 0.2
"""s between the moment when all shares are ready and the crash; each has written it down by then."""


class RestartShareKeywords:
    """Shares of a crowd that a restart throws out, and what they saw of it together."""

    def __init__(self, kit: Kit, expectation: Expectation, restarting: RestartingKeywords) -> None:
        self._kit = kit
        self._expect = expectation
        self._restarting = restarting

    @keyword(tags=("Target", "Load"))
    def part_of_the_crowd(self, crowd: Count, share: Portion) -> int:
        """How many of a crowd are those of this share.

        | =Argument= | =Meaning=                                                |
        | crowd      | how many there are in all shares together, such as ``100`` |
        | share      | such as ``2 of 4``                                       |

        Returns a number; the first shares have one more where it cannot be divided evenly. Where all shares are in this process (plain
        robot), the first has all of them and the others have none. Belongs behind `Start Shared Target`.

        | ${mine} =    `Part Of The Crowd`    ${RESTART_CLIENTS}    1 of 4
        """
        sharing = self._kit.sharing
        if sharing is None:
            raise UsageError("this suite has no shares; use 'Start Shared Target' in its Suite Setup")
        if sharing.meeting is None:
            return int(crowd) if share.number == 1 else 0
        return crowd // share.of + (share.number <= crowd % share.of)

    @keyword(tags=("Target", "Faults"))
    def crash_and_restart_shared_target(self, *, after: Duration = AT_ONCE) -> None:
        """`Crash And Restart Target` for a server that several shares use: at one instant, when all of them are ready for it.

        | =Argument= | =Meaning=                              |
        | after      | so long it stays away, such as ``2 s`` |

        The share that has started the server ends it and starts it again; the others learn where it is then. Skipped as *not measured* where a
        share is missing.

        | `Crash And Restart Shared Target`    after=2 s
        """
        kit = self._kit
        meeting = kit.sharing.meeting if kit.sharing is not None else None
        if meeting is None:
            self._restarting.crash_and_restart_target(after=after)
            return
        try:
            instant = meeting.agreed(PHASE, LEAD)
            if meeting.has_started_the_target:
                time.sleep(max(0.0, instant - time.time()))
                self._restarting.crash_and_restart_target(after=after)
                meeting.tell(PHASE, dict(kit.target.addresses))
            else:
                self._restarting.notes("kill")
                kit.target.open_at(meeting.told(PHASE))
                self._restarting.notes("restart", state="ended")
        except NotMet as missing:
            raise self._not_measured(str(missing)) from None

    @keyword(tags=("Recording",))
    def keep_the_comeback(self, name: str, share: Portion) -> None:
        """Keeps when the clients of this share lost their connections, tried to come back and were back, for `Comeback Of All Shares Should Hold`.

        | =Argument= | =Meaning=                                              |
        | name       | what the shares do together, such as ``crash in shares`` |
        | share      | such as ``2 of 4``                                     |

        | `Keep The Comeback`    crash in shares    2 of 4
        """
        kit, whole = self._kit, self._kit.sharing is not None and self._kit.sharing.meeting is None
        number, of = (1, 1) if whole else share
        KeptJournals(kit.records.folder, kit.records.run, name).keep(kit.engine.journal.slice(kit.scope.cursor), number, of)

    @keyword(tags=("Expectation", "Target", "Fairness"))
    def comeback_of_all_shares_should_hold(self, name: str, *, limit: Duration) -> None:
        """Of all clients in all shares each came back soon enough, and none much later than the others.

        | =Argument= | =Meaning=                                                              |
        | name       | how the shares called it in `Keep The Comeback`                        |
        | limit      | how long the server may be away for any of them, such as ``30 s``       |

        Merges what the shares have seen, by the one clock of this machine. Records what `The Outage Should Have Been Shorter Than` and `Nobody
        Should Have Waited Much Longer Than Others` record. Violations: slow_recovery, starved, unfair, fault_not_confirmed. Skipped as *not
        measured* where a share is missing.

        | `Comeback Of All Shares Should Hold`    crash in shares    limit=30 s
        """
        kit = self._kit
        history, missing = KeptJournals(kit.records.folder, kit.records.run, name).merged()
        if missing:
            raise self._not_measured(missing)
        logger.info(f"{len(history.reconnections)} reconnections of all shares")
        self._expect.judge(history, [partial(outages_shorter_than, limit=float(limit)), clients_come_back])

    def _not_measured(self, reason: str) -> SkipExecution:
        self._kit.record("invalid", reason=f"not measured: {reason}")
        return SkipExecution(f"not measured: {reason}")
