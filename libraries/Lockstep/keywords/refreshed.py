"""Expectations about new tokens: who is due one has it, who is not has none, and the connection goes on."""

from __future__ import annotations

from functools import partial

from ..arguments import Duration, MaybeDuration
from ..checks import History
from ..checks.refresh import old_tokens_dead, one_winner, renewals_judged_rightly, renewals_within, stayed_with_the_new_token
from ..engine.attempts import Shown, TokenAttempt, try_to_connect
from ..errors import UsageError
from ..targets.renewing import Tokens
from .decorator import keyword
from .expectation import Check, Expectation
from .kit import Kit


class RefreshedKeywords:
    """What must hold once tokens were renewed."""

    def __init__(self, kit: Kit, expectation: Expectation) -> None:
        self._kit = kit
        self._expect = expectation

    @keyword(tags=("Tokens", "Expectation"))
    def every_refresh_should_be_judged_rightly(self) -> None:
        """Of all renewals of this test those that were due were granted, and the others were refused as the target promises.

        How it refuses says its file (``guarantees.refusal.refresh``). Violations: token_window, not_refused, wrong_close, miscounted.

        | `Every Refresh Should Be Judged Rightly` |
        """
        ways = self._kit.target.file.guarantees.refusal.refresh
        if ways is None:
            raise UsageError(f"{self._kit.target.title} does not promise how it refuses new tokens; say it with 'guarantees.refusal.refresh' in its file")
        self._judge(partial(renewals_judged_rightly, ways=ways))

    @keyword(tags=("Tokens", "Expectation", "Concurrency"))
    def each_race_should_have_one_winner(self) -> None:
        """Of the requests of each `Refresh Together` of this test exactly one succeeded.

        Violations: duplicated, lost.

        | `Each Race Should Have One Winner` |
        """
        self._judge(one_winner)

    @keyword(tags=("Tokens", "Expectation"))
    def the_connection_should_go_on_with_its_new_token(self, client: str | None = None) -> None:
        """Connections whose token was renewed in band were not ended by the target as long as the new token is good.

        | =Argument= | =Meaning=                                                    |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Fails if the target does not offer ``clock``. Violations: token_window, wrong_close.

        | `Move The Clock By` | 15 minutes |
        | `The Connection Should Go On With Its New Token` | alice |
        """
        kit = self._kit
        kit.must_offer("clock")
        history = self._expect.history(client)
        now = kit.engine.run(kit.target.now())
        self._expect.judge(history, [partial(stayed_with_the_new_token, now=now, expired=kit.target.file.guarantees.refusal.expired or ())])

    @keyword(tags=("Tokens", "Connecting", "Isolation"))
    def try_old_token(self, tokens: Tokens) -> TokenAttempt:
        """Tries to get in with a token that was replaced by another or revoked, whatever comes of it.

        | =Argument= | =Meaning=                                                 |
        | tokens     | what `Get Tokens` or an earlier refresh returned          |

        Returns the attempt, with ``accepted`` and ``way``. Judged by `Old Tokens Should Be Dead`. Fails if the target neither promises
        that replaced tokens are dead (``token_revocation``) nor revokes any (``revocation``).

        | `Try Old Token` | ${tokens} |
        | `Old Tokens Should Be Dead` |
        """
        kit = self._kit
        if not kit.target.offers("revocation"):
            kit.must_offer("token_revocation")
        shown = Shown(kit.account(tokens.role), tokens.token, {"token": "a token that is dead", "valid": False, "retired": True})
        return kit.engine.run(try_to_connect(kit.engine, kit.target, shown, kit.engine.journal.cursor, kit.fence))

    @keyword(tags=("Tokens", "Expectation"))
    def old_tokens_should_be_dead(self) -> None:
        """Nobody got in with a token that had been replaced by another, or revoked (`Try Old Token`).

        Violation: token_window.

        | `Old Tokens Should Be Dead` |
        """
        self._judge(old_tokens_dead)

    @keyword(tags=("Tokens", "Expectation", "Figures"))
    def refreshes_should_take_less_than(self, limit: Duration, *, nearly_all: MaybeDuration = None) -> None:
        """Half of the renewals of this test took less than this: of five or more, since a single one would be noise.

        | =Argument= | =Meaning=                                                       |
        | limit      | for half of them, such as ``100 ms``                            |
        | nearly_all | for 95 of 100, such as ``200 ms``; none: no such limit          |

        Records ``refresh_median``, ``refresh_p95`` and ``refresh_max`` (ms). Violation: too_slow. A limit that is missed
        while this machine was late is void (test skipped as *invalid*).

        | `Refreshes Should Take Less Than` | 100 ms |
        """
        kit = self._kit
        history = self._history()
        times = [event.time for event in history.events]
        invalid = kit.engine.lag.reason_for_invalid(times[0], times[-1]) if times else None
        verdict = renewals_within(history, float(limit), nearly_all)
        self._expect.conclude([("refresh", verdict)], history, None if verdict.ok else invalid)  # a late machine makes nothing seem faster

    def _history(self) -> History:
        return History(self._kit.engine.journal.slice(self._kit.scope.cursor), [])

    def _judge(self, check: Check) -> None:
        self._expect.judge(self._history(), [check])
