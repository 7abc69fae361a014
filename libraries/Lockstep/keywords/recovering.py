"""Expectations about faults and what follows them: how soon clients are back, and that no message paid for it."""

from __future__ import annotations

from functools import partial
from typing import Any

from ..arguments import Duration, MaybeShare
from ..checks.duplicates import processed_once_in_ledger
from ..checks.durability import confirmed_survives_kills, every_message_has_one_end
from ..checks.ledger import ledger_agrees_with_journal
from ..checks.neighbours import throughput_kept
from ..checks.ratio import reconnections_succeed
from ..checks.recovery import ENOUGH, each_recovered_within, each_took_less, recovers_within
from ..checks.spread import clients_come_back
from ..engine.reconnect import Reconnection
from ..errors import UsageError
from .decorator import keyword
from .expectation import Check, Expectation
from .kit import Kit
from .stability import Moment


class RecoveringKeywords:
    """What must hold after a fault."""

    def __init__(self, kit: Kit, expectation: Expectation) -> None:
        self._kit = kit
        self._expect = expectation

    @keyword(tags=("Expectation", "Sessions", "Figures"))
    def recovery_should_take_less_than(self, limit: Duration, reconnections: list[Any]) -> None:
        """The median of several reconnections is short enough, from the first try until everything missed was there.

        | =Argument=    | =Meaning=                                                                                  |
        | limit         | such as ``1 s``                                                                            |
        | reconnections | what `Reconnect`, `Wait Until Reconnected` or `Stop Reconnecting By Themselves` returned, five or more |

        A single one would be noise: see `Each Recovery Should Take Less Than`. Records ``recovery_mean``, ``recovery_median`` and
        ``recovery_max`` (ms), and the same as ``reconnect_...`` until the connection could be used. Violation: too_slow. Void (test skipped as
        *invalid*) when this machine was late.

        | `Recovery Should Take Less Than` | 1 s | ${reconnections} |
        """
        found = self._found(reconnections)
        if len(found) < ENOUGH:
            raise UsageError(f"the median of {len(found)} reconnections is noise; give {ENOUGH} or more, or use 'Each Recovery Should Take Less Than'")
        judged = [
            recovers_within([one.took for one in found], float(limit), "recovery"),
            recovers_within([one.ready_after for one in found], float(limit), "reconnect"),
        ]
        self._expect.conclude([("recovery", verdict) for verdict in judged], invalid=self._late_since(found))

    @keyword(tags=("Expectation", "Sessions", "Figures"))
    def each_recovery_should_take_less_than(self, limit: Duration, reconnections: list[Any]) -> None:
        """Every single reconnection is short enough: for limits that no machine misses by chance.

        | =Argument=    | =Meaning=                                                                              |
        | limit         | such as ``5 s``                                                                        |
        | reconnections | what `Reconnect`, `Wait Until Reconnected` or `Stop Reconnecting By Themselves` returned |

        Violation: slow_recovery. Void (test skipped as *invalid*) when this machine was late.

        | `Each Recovery Should Take Less Than` | 5 s | ${reconnections} |
        """
        found = self._found(reconnections)
        verdict = each_took_less([(one.client, one.took) for one in found], float(limit))
        self._expect.conclude([("recovery", verdict)], invalid=self._late_since(found))

    @keyword(tags=("Expectation", "Sessions", "Figures"))
    def everybody_should_have_recovered_within(self, limit: Duration, client: str = "everyone") -> None:
        """Whoever came back in this test was connected, and got a first answer, soon enough after it was possible.

        | =Argument= | =Meaning=                                                    |
        | limit      | such as ``30 s``                                             |
        | client     | alias; ``everyone``: all clients                             |

        It was possible when the connection had ended, or when the last fault had struck or ended for this client, whichever was later;
        waits of the ladder count, time for which a test lets a client stay away does not. Records ``recovery_max`` (ms). Violation:
        slow_recovery, also for who never came back. A limit that was missed is void (test skipped as *invalid*) when this machine was late.

        | `Everybody Should Have Recovered Within` | 30 s |
        """
        self._unless_late("recovery", partial(each_recovered_within, limit=float(limit)), client)

    @keyword(tags=("Expectation", "Sessions"))
    def reconnection_should_succeed(self, client: str | None = None, *, at_least: MaybeShare = None) -> None:
        """Whenever a client tried to come back in this test, it got in, at the first try or a later one.

        | =Argument= | =Meaning=                                                                                              |
        | client     | alias; none: the only open client; ``everyone``: all clients                                           |
        | at_least   | a promised share, such as ``99.99 %``: as many may fail as chance shows of it; none: none may            |

        Records ``reconnections_succeeded`` (%) and ``reconnections_succeeded_at_least`` (%): how much is certain by so many tries (95 %,
        exact binomial). Without a failure 99.9, 99.95 and 99.99 % take 2 995, 5 990 and 29 956 tries. Violation: slow_recovery.

        | `Reconnection Should Succeed` | alice |
        """
        self._expect.holds(partial(reconnections_succeed, promised=at_least), client=client)

    @keyword(tags=("Expectation", "Sessions", "Fairness"))
    def nobody_should_have_waited_much_longer_than_others(self, client: str = "everyone") -> None:
        """Of clients that came back at the same time each got in, none more than a second and five times as late as half of them.

        | =Argument= | =Meaning=                                  |
        | client     | ``everyone``: all clients; two or more      |

        Records how tries were spread: ``comeback_tries``, ``comeback_tries_at_once`` (within the busiest 100 ms), ``comeback_tries_spread``
        (s), and when clients were in: ``comeback_median``, ``comeback_max`` (s), ``comeback_jain``. Violations: starved, unfair. Unfair
        is void when this machine was late.

        | `Nobody Should Have Waited Much Longer Than Others` |
        """
        self._expect.holds(clients_come_back, client=client, timing=True)

    @keyword(tags=("Expectation", "Delivery", "Sessions"))
    def every_message_should_have_one_end(self, client: str | None = None) -> None:
        """Whatever happened to its connection, each message was processed at most once, and came to one end that is legal.

        That is its answer; a refusal; *duplicate* for a later attempt, where the answer was lost for good; or nothing at all, where the
        connection died and nobody can know.

        | =Argument= | =Meaning=                                                    |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        An answer is lost for good only if the target said that the session was not recovered. A target that says nothing to duplicates
        (its file says so) leaves a later attempt unanswered then. What the client cannot know the ledger
        tells, where there is one: what was processed for a session that lives on must have been answered. Records ``delivered`` (%) and
        ``lost`` (messages). Violations: lost, duplicated, disagreement, phantom, corrupted.

        | `Every Message Should Have One End` | everyone |
        """
        of_ledger: list[Check] = [processed_once_in_ledger, ledger_agrees_with_journal]
        told = self._expect.offered("ledger", of_ledger)
        history = self._expect.history(client, ledger=told)
        has_one_end = partial(every_message_has_one_end, answer=self._kit.target.file.guarantees.duplicates.answer)
        self._expect.judge(history, [has_one_end, *(of_ledger if told else ())])

    @keyword(tags=("Expectation", "Delivery", "Ledger", "Faults"))
    def what_was_confirmed_should_survive_the_kill(self, client: str | None = None) -> None:
        """What the target had accepted or answered before its process was killed took effect once, also if it was sent again afterwards.

        | =Argument= | =Meaning=                                                    |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Violation: not_durable. Fails as vacuous if nothing was confirmed before a `Kill Target`. Not offered where the target has no ledger.

        | `What Was Confirmed Should Survive The Kill` | everyone |
        """
        self._expect.holds(confirmed_survives_kills, client=client, ledger=True)

    @keyword(tags=("Expectation", "Fairness", "Faults"))
    def the_bystander_should_keep_its_throughput(self, client: str, since: Moment, until: Moment | None = None) -> None:
        """A client that went on sending got as many answers a second while others were in trouble as before.

        | =Argument= | =Meaning=                                                                      |
        | client     | alias of the bystander                                                         |
        | since      | what `Remember This Moment` returned before the trouble began                  |
        | until      | what it returned when the trouble was over; none: it lasted until now          |

        As many answers may be missing as chance takes of them with a share of 5 % (exact binomial test at one in a million). Records
        ``bystander_throughput`` and ``bystander_baseline`` (msg/s). Violation: blocked_by_neighbour. A loss is void (test skipped as
        *invalid*) when this machine was late.

        | `The Bystander Should Keep Its Throughput` | bob | since=${before} |
        """
        check = partial(throughput_kept, client=client, since=since.cursor, until=until.cursor if until is not None else None)
        self._unless_late("neighbours", check, client)

    def _unless_late(self, topic: str, check: Check, client: str) -> None:
        """Judges a limit that lateness of this machine can only make harder to keep: one that was kept stands, one that was missed is void then."""
        history = self._expect.history(client)
        verdict = check(history)
        self._expect.conclude([(topic, verdict)], history, None if verdict.ok else self._expect.invalid_reason(history.events))

    @staticmethod
    def _found(reconnections: list[Any]) -> list[Reconnection]:
        """The reconnections of a list, in which lists of some keywords may stand as well."""
        found = [one for item in reconnections for one in (item if isinstance(item, list) else [item])]
        if strange := [one for one in found if not isinstance(one, Reconnection)]:
            raise UsageError(f"reconnections must be what 'Reconnect' and its kin returned, not '{strange[0]}'")
        if not found:
            raise UsageError("no reconnection was given; collect what 'Reconnect' returned in a list")
        return found

    def _late_since(self, found: list[Reconnection]) -> str | None:
        """Why times are void from the first of these reconnections on, if they are."""
        times = self._kit.engine.journal.slice(min(one.since for one in found)).times
        return self._kit.engine.lag.reason_for_invalid(times[0], times[-1])
