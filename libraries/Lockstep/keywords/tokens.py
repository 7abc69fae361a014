"""Keywords of people who show tokens: good ones, ones that are over, and ones that they have made up."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

from robot.api.types import Secret

from profiles.nearest import did_you_mean

from ..arguments import Count, Duration, MaybeInterval, MaybeShare
from ..checks import History
from ..checks.recovery import ENOUGH, recovers_within
from ..checks.tokens import boundary_where_declared, nobody_got_in, tokens_judged_rightly
from ..connecting_arguments import MaybeLocalAddress
from ..engine.attempts import Shown, TokenAttempt, paced, together
from ..errors import UsageError
from ..targets.accounts import ticket_for
from ..targets.signing import signer
from ..token_forms import ADMINISTRATOR, FORMS, Genuine
from .decorator import keyword
from .expectation import Expectation
from .kit import Kit

ONCE = Count(1)
TEN = Count(10)
AT_ONCE = Duration(0)
EDGES = ((-1, None), (0, None), (1, None), (2, None), (4, None), (30, None), (60, -30), (60, 0), (60, 1), (60, 2), (60, 30))
"""End and beginning of tokens, in seconds from now."""


class TokenKeywords:
    """Tries to get in with tokens of every kind, and what the target has to make of them."""

    def __init__(self, kit: Kit, expectation: Expectation) -> None:
        self._kit = kit
        self._expect = expectation
        self._test = 0
        self._facts: dict[str, dict[str, Any]] = {}
        self._tried: list[TokenAttempt] = []
        self._users: dict[str, str] = {}

    # making tokens

    @keyword(tags=("Tokens",))
    def get_token(self, role: str, lifetime: MaybeInterval = None) -> Secret:
        """Fetches a good token of a user from where the target file says that tokens come from.

        | =Argument= | =Meaning=                                                                       |
        | role       | the user's name in this test, such as ``alice``                                 |
        | lifetime   | how long it shall be valid, such as ``1 minute``; none: as long as the target likes |

        Returns a Robot ``Secret``, for `Connect As` and `Try To Connect`. Fails if the one who issues tokens does not answer, with what it
        said instead.

        | ${token} =    `Get Token`    alice    lifetime=1 minute
        """
        kit = self._kit
        if lifetime is not None:
            kit.must_offer("token_lifetime")
        token = kit.engine.run(kit.engine.introduce(kit.account(role), kit.target, lifetime=lifetime))
        return self._known(token, "a good token", valid=True)

    @keyword(tags=("Tokens", "Isolation"))
    def forge_token(self, form: str, role: str) -> Secret:
        """Makes a token that must not be accepted, from a good one of this user.

        | =Argument= | =Meaning=                                                                                              |
        | form       | what is wrong with it, such as ``expired``, ``alg none``, ``wrong audience`` or ``sub edited, old signature`` |
        | role       | the user whom it names, such as ``mallory``                                                            |

        Returns a Robot ``Secret``. A wrong form is answered with all that there are. Forms that only the issuer could make, such as ``expired``,
        need ``token_signing`` (``connect.auth.signing`` in the target file).

        | ${token} =    `Forge Token`    alg none    mallory
        """
        kit = self._kit
        if form not in FORMS:
            raise UsageError(f"there is no form '{form}' of a token{did_you_mean(form, sorted(FORMS))} Known are: {'; '.join(FORMS)}")
        if FORMS[form].needs_key:
            kit.must_offer("token_signing")
        genuine = self._genuine(role)
        return self._known(Secret(FORMS[form].make(genuine)), f"a token '{form}'", valid=False)

    @keyword(tags=("Tokens",))
    def get_ticket(self, role: str, token: Secret | None = None) -> Secret:
        """Exchanges a token for a ticket, which gets its holder in once, in place of the token.

        | =Argument= | =Meaning=                                     |
        | role       | the user's name in this test, such as ``alice`` |
        | token      | a token as a ``Secret``; none: a good one     |

        Returns a Robot ``Secret``, for `Try To Connect` with ``by=ticket``. Fails if the target does not offer ``tickets``, or gives none.

        | ${ticket} =    `Get Ticket`    alice
        """
        kit = self._kit
        kit.must_offer("tickets")
        ticket = kit.engine.run(ticket_for(kit.target, role, token or self.get_token(role)))
        return self._known(ticket, "a ticket", valid=True)

    # trying

    @keyword(tags=("Tokens", "Connecting"))
    def try_to_connect(
        self, role: str, token: Secret, *, times: Count = ONCE, every: Duration = AT_ONCE, by: str | None = None,
        source: MaybeLocalAddress = None, forwarded_for: str | None = None,
    ) -> list[TokenAttempt]:
        """Tries to get in with a token, whatever comes of it; who gets in leaves again.

        | =Argument=    | =Meaning=                                                                                       |
        | role          | the user's name in this test, such as ``mallory``; no client of that name is opened               |
        | token         | a ``Secret`` of `Get Token`, `Forge Token` or `Get Ticket`                                      |
        | times         | how many tries, one after the other                                                             |
        | every         | time between two tries, such as ``50 ms``; 0: as soon as the one before is over                 |
        | by            | how the token travels: ``query``, ``subprotocol``, ``ticket``; none: as usual                   |
        | source        | the local address it comes from, such as ``127.0.0.2``                                          |
        | forwarded_for | what a header ``X-Forwarded-For`` claims; none: no such header                                  |

        Returns the list of attempts; each has ``accepted``, ``way`` (such as ``http 401``), ``took_ms`` and ``told`` (how much the target said
        by itself). Fails if the target does not refuse by its file (``token_refusal``), or does not let tokens travel so.

        | ${token} =    `Forge Token`    expired    mallory
        | @{attempts} =    `Try To Connect`    mallory    ${token}    times=5
        | `Every Attempt Should Be Refused`
        """
        kit = self._kit
        kit.must_offer("token_refusal")
        if by is not None and by not in (ways := kit.target.file.connect.auth.also):
            raise UsageError(f"tokens of {kit.target.title} do not travel by '{by}'; known are: {', '.join(ways) or 'none'} ('connect.auth.also' in its file)")
        headers = {} if forwarded_for is None else {"X-Forwarded-For": forwarded_for}
        shown = Shown(kit.account(role), token, self._facts_of(token), by, source, headers)
        return self._try([shown] * times, every=float(every))

    @keyword(tags=("Tokens", "Connecting"))
    def try_to_connect_together(
        self, users: Count, tries: Count = ONCE, *, form: str = "expired", valid: MaybeShare = None, prefix: str = "user",
    ) -> list[TokenAttempt]:
        """Many users try to get in at the same instant, each so many times at once; shares of a test begin together.

        | =Argument= | =Meaning=                                                             |
        | users      | how many, 1 or more; each has an account of its own                    |
        | tries      | tries of each, at once                                                |
        | form       | what is wrong with their tokens, as for `Forge Token`                 |
        | valid      | the share of users who have good tokens instead, such as ``40 %``; none: nobody |
        | prefix     | they are called ``user-1``, ``user-2`` and so on                      |

        Returns the list of attempts, as `Try To Connect` does.

        | `Try To Connect Together` | 15 | valid=40 % |
        | `Attempts Should Be Classified Rightly` |
        """
        kit = self._kit
        kit.must_offer("token_refusal")
        share = valid or 0.0
        shown: list[Shown] = []
        for number in range(users):
            role = f"{prefix}-{number + 1}"
            good = int((number + 1) * share + 1e-9) > int(number * share + 1e-9)
            token = self.get_token(role) if good else self.forge_token(form, role)
            shown += [Shown(kit.account(role), token, self._facts_of(token))] * tries
        return self._try(shown, together_=True)

    @keyword(tags=("Tokens", "Connecting"))
    def try_to_connect_at_the_edges(self, role: str, tries: Count = TEN) -> list[TokenAttempt]:
        """Tries to get in with tokens that end, or begin, about now by the target's own clock, which is read before and after each try.

        | =Argument= | =Meaning=                                                            |
        | role       | the user's name in this test, such as ``alice``                      |
        | tries      | how many of each: 1 s over, just over, 1, 2, 4, 30 s left, and the like for the beginning |

        Returns the list of attempts. Fails if the target does not offer ``clock`` and ``token_signing``.

        | `Try To Connect At The Edges` | alice |
        | `The Boundary Should Be Where Declared` |
        """
        kit = self._kit
        kit.must_offer("token_refusal", "token_signing", "clock")
        attempts: list[TokenAttempt] = []
        for _ in range(tries):
            for ends, begins in EDGES:
                genuine = self._genuine(role)
                at = {"expires": genuine.now + ends, **({} if begins is None else {"begins": genuine.now + begins})}
                token = Secret(genuine.signed(exp=at["expires"], nbf=at.get("begins")))
                title = f"a token that ends in {ends} s" if begins is None else f"a token that begins in {begins} s"
                attempts += self._try([Shown(kit.account(role), token, {"token": title, **at}, reads_clock=True)])
        return attempts

    # judging

    @keyword(tags=("Tokens", "Expectation"))
    def every_attempt_should_be_refused(self) -> None:
        """Nobody who has tried to get in during this test was let in: each was refused as promised, was told nothing, and left nothing.

        How it must be refused says the target file (``guarantees.refusal.token``). No session and no connection of these users is there,
        where the target tells. Records ``tokens_refused`` (%). Violations: not_refused, wrong_close, data_before_auth, ghost_session.

        | `Every Attempt Should Be Refused` |
        """
        kit, target = self._kit, self._kit.target
        self._judge(partial(tokens_judged_rightly, ways=self._ways(), all_bad=True))
        if self._expect.offered("session_list", [nobody_got_in]) and self._expect.offered("connection_list", [nobody_got_in]):
            here = {client.account.user for client in kit.engine.clients.values() if client.is_connected}
            users = {user: role for user, role in {**self._users, ADMINISTRATOR: ADMINISTRATOR}.items() if user not in here}
            verdict = nobody_got_in(users, kit.engine.run(target.sessions()), kit.engine.run(target.connections()))
            self._expect.conclude([("tokens", verdict)])

    @keyword(tags=("Tokens", "Expectation"))
    def attempts_should_be_classified_rightly(self) -> None:
        """Whoever has tried to get in with a good token during this test was let in, and whoever had a bad one was refused as promised.

        Records ``tokens_refused`` and ``tokens_admitted`` (%). Violations: not_refused, token_window, wrong_close, data_before_auth.

        | `Attempts Should Be Classified Rightly` |
        """
        self._judge(partial(tokens_judged_rightly, ways=self._ways()))

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
        self._expect.conclude([("tokens", recovers_within([one.took for one in found], float(limit), "refusal"))], invalid=invalid)

    # below

    def _genuine(self, role: str) -> Genuine:
        """A good token of this user, the target's time, and the issuer's pen where we have it."""
        kit, target = self._kit, self._kit.target
        token = kit.engine.run(kit.engine.introduce(kit.account(role), target))
        now = kit.engine.run(target.now()) if target.offers("clock") else time.time()
        return Genuine(token.value, int(now), signer(target) if target.offers("token_signing") else None)

    def _known(self, token: Secret, title: str, *, valid: bool) -> Secret:
        """Remembers what kind of a token this is, as long as the test goes on."""
        self._begin()
        self._facts[token.value] = {"token": title, "valid": valid}
        return token

    def _facts_of(self, token: Secret) -> Mapping[str, Any]:
        self._begin()
        return self._facts.get(token.value, {"token": "a token of the test's own", "valid": True})

    def _begin(self) -> None:
        """Forgets what belongs to the test before."""
        if self._test != self._kit.scope.number:
            self._test = self._kit.scope.number
            self._facts, self._tried, self._users = {}, [], {}

    def _try(self, shown: list[Shown], *, every: float = 0.0, together_: bool = False) -> list[TokenAttempt]:
        self._begin()
        kit, first = self._kit, len(self._tried) + 1
        for one in shown:
            self._users[one.account.user or one.account.login] = one.account.role
        work = together if together_ else partial(paced, every=every)
        attempts = kit.engine.run(work(kit.engine, kit.target, shown, first, kit.fence))
        self._tried += attempts
        return attempts

    def _judge(self, check: Any) -> None:
        self._begin()
        kit = self._kit
        events = kit.engine.journal.slice(kit.scope.cursor, {attempt.client for attempt in self._tried})
        self._expect.judge(History(events, []), [check])

    def _ways(self) -> Collection[str]:
        self._kit.must_offer("token_refusal")
        return self._kit.target.file.guarantees.refusal.token or ()
