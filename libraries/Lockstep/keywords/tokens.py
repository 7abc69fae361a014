"""Keywords of people who show tokens: good ones, ones that are over, and ones that they have made up."""

from __future__ import annotations

import time
from dataclasses import replace

from robot.api.types import Secret

from profiles.nearest import did_you_mean

from ..arguments import Count, Duration, MaybeInterval, MaybeShare
from ..connecting_arguments import MaybeLocalAddress
from ..engine.attempts import Shown, TokenAttempt
from ..errors import UsageError
from ..targets.accounts import ticket_for
from ..targets.signing import published, signer
from ..token_forms import FORMS, Genuine
from .decorator import keyword
from .kit import Kit
from .token_shares import ATTEMPTS, wait_for_the_other_shares
from .token_tries import TokenTries

ONCE = Count(1)
TEN = Count(10)
AT_ONCE = Duration(0)
EDGES = ((-1, None), (0, None), (1, None), (2, None), (4, None), (30, None), (60, -30), (60, 0), (60, 1), (60, 2), (60, 30))
"""End and beginning of tokens, in seconds from now."""


class TokenKeywords:
    """Makes tokens of every kind, and tries to get in with them."""

    def __init__(self, kit: Kit, tries: TokenTries) -> None:
        self._kit = kit
        self._tries = tries

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
        return self._tries.known(token, "a good token", valid=True)

    @keyword(tags=("Tokens", "Isolation"))
    def forge_token(self, form: str, role: str) -> Secret:
        """Makes a token that must not be accepted, from a good one of this user.

        | =Argument= | =Meaning=                                                                                              |
        | form       | what is wrong with it, such as ``expired``, ``alg none``, ``wrong audience`` or ``sub edited, old signature`` |
        | role       | the user whom it names, such as ``mallory``                                                            |

        Returns a Robot ``Secret``. A wrong form is answered with all that there are. Forms that only the issuer could make, such as ``expired``,
        need ``token_signing`` (``connect.auth.signing`` in the target file), ``public key as secret`` needs ``public_keys`` (``connect.auth.public_keys``).

        | ${token} =    `Forge Token`    alg none    mallory
        """
        kit = self._kit
        if form not in FORMS:
            raise UsageError(f"there is no form '{form}' of a token{did_you_mean(form, sorted(FORMS))} Known are: {'; '.join(FORMS)}")
        if FORMS[form].needs_key:
            kit.must_offer("token_signing")
        genuine = self._genuine(role)
        if FORMS[form].needs_published:
            kit.must_offer("public_keys")
            genuine = replace(genuine, published=kit.engine.run(published(kit.target)))
        return self._tries.known(Secret(FORMS[form].make(genuine)), f"a token '{form}'", valid=False)

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
        return self._tries.known(ticket, "a ticket", valid=True)

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
        shown = Shown(kit.account(role), token, self._tries.facts_of(token), by, source, headers)
        return self._tries.run([shown] * times, every=float(every))

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
            shown += [Shown(kit.account(role), token, self._tries.facts_of(token))] * tries
        wait_for_the_other_shares(kit, ATTEMPTS)
        return self._tries.run(shown, at_once=True)

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
                attempts += self._tries.run([Shown(kit.account(role), token, {**self._tries.facts_of(token), "token": title, **at}, reads_clock=True)])
        return attempts

    # below

    def _genuine(self, role: str) -> Genuine:
        """A good token of this user, the target's time, and the issuer's pen where we have it."""
        kit, target = self._kit, self._kit.target
        token = kit.engine.run(kit.engine.introduce(kit.account(role), target))
        now = kit.engine.run(target.now()) if target.offers("clock") else time.time()
        return Genuine(token.value, int(now), signer(target) if target.offers("token_signing") else None)
