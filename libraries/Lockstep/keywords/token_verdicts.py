"""What a target has to make of the tokens that a test has shown."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Any

from ..access_arguments import Shut
from ..arguments import Duration, MaybeCount
from ..checks import History
from ..checks.audit import refusals_on_record
from ..checks.recovery import ENOUGH, recovers_within
from ..checks.tokens import boundary_where_declared, nobody_got_in, tokens_judged_rightly
from ..engine.attempts import TokenAttempt
from ..errors import UsageError
from ..token_forms import ADMINISTRATOR
from .auditing import trail_of
from .decorator import keyword
from .expectation import Check, Expectation
from .kit import Kit
from .stability import Moment
from .token_tries import TokenTries


class TokenVerdictKeywords:
    """Who stays outside, who gets in, how fast, and where the line between them is."""

    def __init__(self, kit: Kit, expectation: Expectation, tries: TokenTries) -> None:
        self._kit = kit
        self._expect = expectation
        self._tries = tries

    @keyword(tags=("Tokens", "Expectation"))
    def every_attempt_should_be_refused(self, count: MaybeCount = None, *, reason: Shut = Shut.token, since: Moment | None = None) -> None:
        """Nobody who has tried to get in during this test was let in: each was refused as promised, was told nothing, and left nothing.

        | =Argument= | =Meaning=                                                                                            |
        | count      | how many attempts there must have been; none: one or more                                            |
        | reason     | ``token``: their tokens are bad; ``subprotocol``: they speak no sub-protocol that is spoken there    |
        | since      | what `Remember This Moment` returned before the first attempt that counts; none: all of this test     |

        How they must be refused says the target file (``guarantees.refusal``). Each is one event of its audit trail, and no session and no
        connection of these users is there, where the target tells. Records ``tokens_refused`` (%). Violations: not_refused, wrong_close, data_before_auth, miscounted,
        ghost_session.

        | `Every Attempt Should Be Refused` | 60 |
        """
        kit, target = self._kit, self._kit.target
        self._judge(partial(tokens_judged_rightly, ways=self._ways(reason), all_bad=True, count=count), since)
        if reason is Shut.token:
            self._be_on_record()
        if self._expect.offered("session_list", [nobody_got_in]) and self._expect.offered("connection_list", [nobody_got_in]):
            here = {client.account.user for client in kit.engine.clients.values() if client.is_connected}
            users = {user: role for user, role in {**self._tries.users, ADMINISTRATOR: ADMINISTRATOR}.items() if user not in here}
            verdict = nobody_got_in(users, kit.engine.run(target.sessions()), kit.engine.run(target.connections()))
            self._expect.conclude([("tokens", verdict)])

    @keyword(tags=("Tokens", "Expectation"))
    def attempts_should_be_classified_rightly(self, count: MaybeCount = None) -> None:
        """Whoever has tried to get in with a good token during this test was let in, and whoever had a bad one was refused as promised.

        | =Argument= | =Meaning=                                                 |
        | count      | how many attempts there must have been; none: one or more |

        Records ``tokens_refused`` and ``tokens_admitted`` (%). Violations: not_refused, token_window, wrong_close, data_before_auth, miscounted.

        | `Attempts Should Be Classified Rightly` | 15 |
        """
        self._judge(partial(tokens_judged_rightly, ways=self._ways(Shut.token), count=count))
        self._be_on_record()

    @keyword(tags=("Tokens", "Expectation"))
    def the_boundary_should_be_where_declared(self) -> None:
        """Tokens count from their beginning to their end by the target's clock, and as long around that as its file says (``token_leeway``).

        Looks at what `Try To Connect At The Edges` has tried; what lay within the time between two looks at the clock is not judged.
        Violation: token_window.

        | `The Boundary Should Be Where Declared` |
        """
        self._judge(partial(boundary_where_declared, leeway=self._kit.target.file.guarantees.token_leeway))

    @keyword(tags=("Tokens", "Expectation", "Figures"))
    def refusals_should_take_less_than(self, limit: Duration, attempts: list[Any]) -> None:
        """Half of these attempts were over within this time: five or more, since a single one would be noise.

        | =Argument= | =Meaning=                                     |
        | limit      | such as ``100 ms``                            |
        | attempts   | what `Try To Connect` returned, five or more  |

        Records ``refusal_mean``, ``refusal_median`` and ``refusal_max`` (ms). Violation: too_slow. Void (test skipped as *invalid*) when this
        machine was late.

        | `Refusals Should Take Less Than` | 100 ms | ${attempts} |
        """
        found = [one for one in attempts if isinstance(one, TokenAttempt)]
        if len(found) < len(attempts) or len(found) < ENOUGH:
            raise UsageError(f"attempts must be {ENOUGH} or more that 'Try To Connect' returned, not {len(attempts)} of whatever kind")
        invalid = self._kit.engine.lag.reason_for_invalid(found[0].begun, found[-1].begun + found[-1].took)
        self._expect.conclude([("refusal", recovers_within([one.took for one in found], float(limit), "refusal"))], invalid=invalid)

    def _be_on_record(self) -> None:
        """One event for each refusal of this test, where the target keeps a trail and has refused anybody."""
        kit = self._kit
        if self._expect.offered("audit_trail", [refusals_on_record]):
            proxies = kit.target.file.guarantees.audit.trusted_proxies
            history = History(kit.engine.journal.slice(kit.scope.cursor, self._tries.clients), [])
            self._expect.judge(history, [], beside=[partial(refusals_on_record, trail=trail_of(kit), proxies=proxies)])

    def _judge(self, check: Check, since: Moment | None = None) -> None:
        kit = self._kit
        events = kit.engine.journal.slice(kit.scope.cursor if since is None else since.cursor, self._tries.clients)
        self._expect.judge(History(events, []), [check])

    def _ways(self, reason: Shut) -> Collection[str]:
        self._kit.must_offer("token_refusal")
        ways: Collection[str] | None = getattr(self._kit.target.file.guarantees.refusal, reason.value)
        if ways is None:
            raise UsageError(f"{self._kit.target.title} does not promise how it refuses; say it with 'guarantees.refusal.{reason.value}' in its file")
        return ways
