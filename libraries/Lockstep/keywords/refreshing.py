"""Keywords of people whose tokens end: they get new ones in time, late, or in ways in which nobody should."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace

from robot.api.types import Secret

from profiles.nearest import did_you_mean

from ..arguments import Count, Duration, Interval, MaybeDuration, Number
from ..engine.activity import Activity
from ..engine.renewing import Offer, Renewal, in_band, keep_fresh, over_http, together
from ..errors import UsageError
from ..targets.renewing import Tokens, first_tokens, revoke
from .auditing import audit_begins
from .decorator import keyword
from .kit import Kit

PATIENTLY = Duration(30)
LOOKING = Interval(0.05)
AT_ONCE = Duration(0)
NONE = Number(0)
KEEPING = "Keeping The Token Fresh"
SERVER_ERROR = Count(503)


class RefreshingKeywords:
    """New tokens for old ones, over HTTP and in band."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    @keyword(tags=("Tokens",))
    def get_tokens(self, role: str, lifetime: MaybeDuration = None, *, refresh_lifetime: MaybeDuration = None) -> Tokens:
        """Fetches a token of a user together with the refresh token for which a new one can be had.

        | =Argument=       | =Meaning=                                                                                   |
        | role             | the user's name in this test, such as ``alice``                                             |
        | lifetime         | how long the token is valid, such as ``10 minutes``; ``0``: it is over already; none: as long as the target likes |
        | refresh_lifetime | the same of the refresh token                                                               |

        Returns tokens: ``token`` and ``refresh_token`` (each a ``Secret``), for `Connect As`, `Refresh Token` and their kin. Fails if the target
        does not offer ``token_renewal``, and if it gives none.

        | ${tokens} =    `Get Tokens`    alice    10 minutes
        | `Connect As`    alice    token=${tokens.token}
        """
        kit = self._kit
        kit.must_offer("token_renewal")
        audit_begins(kit)
        account = kit.account(role)
        tokens = kit.engine.run(first_tokens(kit.target, role, account.login, lifetime=lifetime, refresh_lifetime=refresh_lifetime))
        account.user = account.user or tokens.user
        kit.scope.secrets |= {tokens.token.value, tokens.refresh_token.value}
        return tokens

    @keyword(tags=("Tokens",))
    def refresh_token(self, tokens: Tokens, *, request_id: str | None = None, within: Duration = PATIENTLY) -> Renewal:
        """Asks for new tokens, to which these entitle their owner, and returns what came of it.

        | =Argument= | =Meaning=                                                                               |
        | tokens     | what `Get Tokens` or an earlier refresh returned                                        |
        | request_id | a name of this request, such as ``r1``; the same name again is the same request, sent again |
        | within     | so long the answer is waited for, such as ``30 s``                                      |

        Returns ``accepted``, ``way`` (how it was refused, such as ``http 401``; ``no answer``), ``took_ms`` and ``tokens`` (the new ones).
        Judged by `Every Refresh Should Be Judged Rightly`, which does not speak of HTTP 5xx and answers that did not come.

        | ${renewal} =    `Refresh Token`    ${tokens}
        | `Connect As`    alice    token=${renewal.tokens.token}
        """
        offer = Offer(tokens.role, tokens.user, tokens.refresh_token, "her refresh token", valid=True, request_id=request_id, token=tokens.token)
        return self._over_http(offer, within)

    @keyword(tags=("Tokens", "Isolation"))
    def revoke_token(self, tokens: Tokens) -> None:
        """Ends a token before its time, as when somebody logs out or a device is lost.

        | =Argument= | =Meaning=                                             |
        | tokens     | what `Get Tokens` or an earlier refresh returned      |

        Whoever is connected with it is out (`The Refusal Should Be As Promised`, ``revoked``). Fails if the target does not offer
        ``revocation`` (``connect.auth.revoke`` in its file), or does not take the request.

        | ${tokens} =    `Get Tokens`    alice
        | `Connect As`    alice    token=${tokens.token}
        | `Revoke Token`    ${tokens}
        | `The Refusal Should Be As Promised`    revoked    alice
        """
        self._kit.must_offer("revocation")
        self._kit.engine.run(revoke(self._kit.target, tokens))

    @keyword(tags=("Tokens", "Isolation"))
    def try_to_refresh(self, form: str, role: str, *, other: str = "bob") -> Renewal:
        """Asks for new tokens with a refresh token that must not be good enough.

        | =Argument= | =Meaning=                                                                                          |
        | form       | ``wrong``, ``changed``, ``short``, ``empty``, ``expired``, ``used``, ``revoked``, ``another user's`` or ``access token`` |
        | role       | the user who asks, such as ``alice``                                                               |
        | other      | whose refresh token it is, where it is another user's                                              |

        Returns what `Refresh Token` returns. Judged by `Every Refresh Should Be Judged Rightly`.

        | `Try To Refresh` | expired | alice |
        """
        good = self.get_tokens(role, refresh_lifetime=AT_ONCE if form == "expired" else None)
        forms: dict[str, Callable[[], Secret]] = {
            "wrong": lambda: Secret(secrets.token_urlsafe(32)), "changed": lambda: Secret(_changed(good.refresh_token.value)),
            "short": lambda: Secret(good.refresh_token.value[:8]), "empty": lambda: Secret(""), "expired": lambda: good.refresh_token,
            "used": lambda: self._used(good), "revoked": lambda: self._revoked(good), "another user's": lambda: self.get_tokens(other).refresh_token, "access token": lambda: good.token,
        }  # fmt: skip
        return self._over_http(Offer(role, good.user, _one_of(forms, form, "a refresh token")(), f"a refresh token '{form}'", valid=False), PATIENTLY)

    @keyword(tags=("Tokens", "Concurrency"))
    def refresh_together(self, tokens: Tokens, times: Count) -> Renewal:
        """Asks for new tokens with the same refresh token so many times at once, as programs of one user may that do not know of each other.

        | =Argument= | =Meaning=                                          |
        | tokens     | what `Get Tokens` or an earlier refresh returned   |
        | times      | how many requests, 2 or more                       |

        Returns that request which succeeded, else the first. Judged by `Each Race Should Have One Winner`.

        | ${won} =    `Refresh Together`    ${tokens}    8
        | `Each Race Should Have One Winner`
        """
        kit = self._kit
        offer = Offer(tokens.role, tokens.user, tokens.refresh_token, "one refresh token for all", valid=True, race=kit.engine.journal.cursor)
        offers = [replace(offer, request_id=f"racer-{number}") for number in range(times)]
        tried = kit.engine.run(together(kit.engine.journal, kit.target, offers, PATIENTLY))
        return next((one for one in tried if one.accepted), tried[0])

    @keyword(tags=("Tokens", "Concurrency"))
    def refresh_for_many(self, users: Count, *, prefix: str = "user") -> list[Renewal]:
        """Many users ask for new tokens, all at once, each for their own.

        | =Argument= | =Meaning=                                      |
        | users      | how many, 1 or more                            |
        | prefix     | they are called ``user-1``, ``user-2`` and so on |

        Returns the list of what came of each. Judged by `Every Refresh Should Be Judged Rightly`.

        | `Refresh For Many` | 50 |
        """
        kit = self._kit
        known = [self.get_tokens(f"{prefix}-{number + 1}") for number in range(users)]
        offers = [Offer(one.role, one.user, one.refresh_token, "a refresh token", valid=True) for one in known]
        return kit.engine.run(together(kit.engine.journal, kit.target, offers, PATIENTLY))

    @keyword(tags=("Tokens",))
    def refresh_token_in_band(self, tokens: Tokens, client: str | None = None) -> Renewal:
        """Lets a client's connection go on with another token of the same user.

        | =Argument= | =Meaning=                                                   |
        | tokens     | new ones, of `Get Tokens` or `Refresh Token`                |
        | client     | alias; none: the only open client                           |

        Returns ``accepted``, ``way`` (how it was refused, such as ``error token_refused``), ``took_ms`` and ``expires`` (when the new token is
        over, by the target's clock). The client's next connections use the new token too. Fails if the target does not offer ``token_refresh``.

        | ${new} =    `Get Tokens`    alice    30 minutes
        | `Refresh Token In Band`    ${new}    alice
        """
        return self._in_band(client, tokens.token, "a new token", valid=True)

    @keyword(tags=("Tokens", "Isolation"))
    def try_to_refresh_in_band(self, form: str, client: str | None = None, *, other: str = "bob") -> Renewal:
        """Asks for a client's connection to go on with a token that must not be good enough.

        | =Argument= | =Meaning=                                                                           |
        | form       | ``another user's``, ``expired``, ``old`` (replaced by the present one), ``same`` (the present one), ``garbage`` |
        | client     | alias; none: the only open client                                                   |
        | other      | whose token it is, where it is another user's                                       |

        Returns what `Refresh Token In Band` returns. For ``old`` the token is replaced once before. Judged by `Every Refresh Should Be Judged
        Rightly`.

        | `Try To Refresh In Band` | another user's | alice |
        """
        one = self._kit.client(client)
        forms: dict[str, Callable[[], Secret]] = {
            "another user's": lambda: self.get_tokens(other).token, "expired": lambda: self.get_tokens(one.account.role, AT_ONCE).token,
            "old": lambda: self._replaced(one.alias), "same": lambda: self._present(one.alias), "garbage": lambda: Secret("not.a.token"),
        }  # fmt: skip
        return self._in_band(client, _one_of(forms, form, "a token")(), f"a token '{form}'", valid=False)

    @keyword(tags=("Tokens", "Activity"))
    def start_keeping_the_token_fresh(
        self, tokens: Tokens, before: Interval, lifetime: Interval, *, every: Interval = LOOKING, client: str | None = None,
    ) -> None:
        """Lets a client renew its token in band whenever it is close to its end, until `Stop Keeping The Token Fresh`.

        | =Argument= | =Meaning=                                                                      |
        | tokens     | those that the client has now, of `Get Tokens`                                 |
        | before     | it renews when less than this is left, such as ``5 minutes``, by the target's clock |
        | lifetime   | how long its new tokens are valid, such as ``30 minutes``                      |
        | every      | time between two looks, such as ``50 ms``                                      |
        | client     | alias; none: the only open client                                              |

        Fails if the target does not offer ``token_refresh``, ``token_renewal`` and ``clock``.

        | `Start Keeping The Token Fresh` | ${tokens} | 5 minutes | 30 minutes |
        """
        kit, one = self._kit, self._kit.client(client)
        kit.must_offer("token_refresh", "token_renewal", "clock")
        expires = _expiry(tokens.token.value)

        async def new() -> tuple[Secret, str]:
            made = await first_tokens(kit.target, one.account.role, one.account.login, lifetime=float(lifetime), refresh_lifetime=None)
            return made.token, made.user

        async def work(activity: Activity) -> int:
            return await keep_fresh(activity, one, kit.target, before=before, every=every, expires=expires, new=new)

        kit.engine.run(kit.engine.activities.start((KEEPING, one.alias), work))

    @keyword(tags=("Tokens", "Activity"))
    def stop_keeping_the_token_fresh(self, client: str | None = None) -> int:
        """Ends what `Start Keeping The Token Fresh` began.

        | =Argument= | =Meaning=                         |
        | client     | alias; none: the only open client |

        Returns how often the token was renewed.

        | ${renewals} =    `Stop Keeping The Token Fresh`
        """
        kit = self._kit
        return int(kit.engine.run(kit.engine.activities.stop((KEEPING, kit.client(client).alias))))

    @keyword(tags=("Tokens", "Control"))
    def let_the_refresh_service_fail(self, times: Number = NONE, *, status: Count = SERVER_ERROR, delay: Duration = AT_ONCE) -> None:
        """The service that renews tokens answers errors or late from now on, until it is said otherwise or the test ends.

        | =Argument= | =Meaning=                                                              |
        | times      | so many next renewals are answered with an error                       |
        | status     | HTTP status of these answers, such as ``503``                          |
        | delay      | what else is renewed is answered so much later, such as ``2 s``; the renewal is done at once |

        Fails if the target does not offer ``refresh_trouble``.

        | `Let The Refresh Service Fail` | 1 |
        """
        kit, target = self._kit, self._kit.target
        kit.must_offer("refresh_trouble")

        def restore() -> None:
            if kit.has_target and kit.target is target and not target.was_killed:
                kit.engine.run(target.control("auth", count=0, status=int(SERVER_ERROR), delay=0.0))

        kit.scope.undo.append(restore)
        kit.engine.run(target.control("auth", count=int(times), status=int(status), delay=float(delay)))

    # below

    def _over_http(self, offer: Offer, within: float) -> Renewal:
        kit = self._kit
        kit.must_offer("token_renewal")
        return kit.engine.run(over_http(kit.engine.journal, kit.target, offer, float(within)))

    def _in_band(self, client: str | None, token: Secret, what: str, *, valid: bool) -> Renewal:
        kit, one = self._kit, self._kit.client(client)
        kit.must_offer("token_refresh")
        return kit.engine.run(in_band(one, Offer(one.account.role, one.account.user, token, what, valid)))

    def _used(self, tokens: Tokens) -> Secret:
        self.refresh_token(tokens)
        return tokens.refresh_token

    def _revoked(self, tokens: Tokens) -> Secret:
        self.revoke_token(tokens)
        return tokens.refresh_token

    def _present(self, alias: str) -> Secret:
        token = self._kit.client(alias).token
        if token is None:
            raise UsageError(f"{alias} has no token")
        return token

    def _replaced(self, alias: str) -> Secret:
        before = self._present(alias)
        self.refresh_token_in_band(self.get_tokens(self._kit.client(alias).account.role), alias)
        return before


def _one_of(forms: dict[str, Callable[[], Secret]], form: str, what: str) -> Callable[[], Secret]:
    if form not in forms:
        raise UsageError(f"there is no form '{form}' of {what}{did_you_mean(form, sorted(forms))} Known are: {', '.join(forms)}")
    return forms[form]


def _changed(token: str) -> str:
    return ("B" if token[:1] == "A" else "A") + token[1:]


def _expiry(token: str) -> float:
    import jwt  # noqa: PLC0415 - few need it

    try:
        return float(jwt.decode(token, options={"verify_signature": False})["exp"])
    except (jwt.PyJWTError, KeyError, TypeError, ValueError):
        raise UsageError("the token does not say when it ends, so that nobody can know when to renew it") from None
