"""Keywords about who may come in and who may stay: tokens that expire, and pages from which a browser may connect."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial

from ..access_arguments import Refused, SessionExpiry
from ..arguments import Duration, Interval
from ..checks import History
from ..checks.refusals import refused_as_promised
from ..engine.client import Client
from ..errors import UsageError
from .connecting import ConnectingKeywords
from .decorator import keyword
from .expectation import Expectation
from .kit import Kit
from .setting import set_until_the_test_ends

PATIENTLY = Duration(30)


class AccessKeywords:
    """Policies of the target that change while clients are there, and what it promises then."""

    def __init__(self, kit: Kit, expectation: Expectation, connecting: ConnectingKeywords) -> None:
        self._kit = kit
        self._expect = expectation
        self._connecting = connecting

    @keyword(tags=("Connecting",))
    def let_tokens_last(self, lifetime: Interval, role: str) -> None:
        """Each token that is fetched for a user from now on in this test is valid for so long.

        | =Argument= | =Meaning=                                                          |
        | lifetime   | such as ``1 minute``, by the target's clock                        |
        | role       | the user's name in this test, such as ``alice``                    |

        Connections use the token that they have until it is refused, and fetch a fresh one then. Fails if the target does not offer
        ``token_lifetime`` (``connect.auth.token`` in its file must say ``{lifetime}``).

        | `Let Tokens Last` | 1 minute | alice |
        | `Connect As` | alice |
        """
        self._kit.must_offer("token_lifetime")
        self._kit.account(role).token_lifetime = float(lifetime)

    @keyword(tags=("Connecting",))
    def take_all_places(self, prefix: str = "user") -> list[str]:
        """Connects users until the target has no place left (``limits.clients`` in its file).

        | =Argument= | =Meaning=                                          |
        | prefix     | they are called ``user-1``, ``user-2`` and so on   |

        Returns the list of aliases. Clients that are connected already have their places. Fails if the target does not offer
        ``client_limit``.

        | `Take All Places` |
        | `Disconnect` | user-1 |
        """
        kit = self._kit
        kit.must_offer("client_limit")
        places, aliases = kit.target.file.limits.clients or 0, list[str]()
        while sum(one.is_connected for one in kit.engine.clients.values()) < places:  # a client may notice its end only now
            aliases.append(self._connecting.connect_as(f"{prefix}-{len(aliases) + 1}"))
        return aliases

    @keyword(tags=("Target", "Control"))
    def set_session_expiry(self, policy: SessionExpiry) -> None:
        """Says what becomes of a connection whose token expires from now on, until the test ends.

        | =Argument= | =Meaning=                                                          |
        | policy     | ``allow``: it goes on; ``close``: the target ends it               |

        Fails if the target does not offer ``session_expiry``.

        | `Set Session Expiry` | close |
        """
        set_until_the_test_ends(
            self._kit, "session_expiry", {"policy": self._kit.target.file.guarantees.session_expiry}, {"policy": policy.value},
        )

    @keyword(tags=("Target", "Control"))
    def allow_origins(self, *origins: str) -> None:
        """Says from which pages a browser may open a connection from now on, until the test ends.

        | =Argument= | =Meaning=                                                                        |
        | origins    | such as ``https://app.example.test``; none: from any                             |

        A client comes from the page that its header ``Origin`` names (``headers`` of `Connect As`). Connections that are open stay. Fails if
        the target does not offer ``origins``.

        | `Allow Origins` | https://app.example.test | https://beta.example.test |
        """
        set_until_the_test_ends(self._kit, "origins", {"origins": None}, {"origins": list(origins) or None})

    @keyword(tags=("Connecting", "Expectation"))
    def the_refusal_should_be_as_promised(self, reason: Refused, client: str | None = None, *, within: Duration = PATIENTLY) -> None:
        """The target ended a client's newest connection, or did not let it in, as its file promises (``guarantees.refusal``).

        | =Argument= | =Meaning=                                                                                           |
        | reason     | ``crowded``: all places are taken; ``expired``, ``revoked``: its token is over; ``origin``: it comes from a page that is not allowed |
        | client     | alias; none: the only open client                                                                   |
        | within     | so long an open connection is waited for until it ends, such as ``30 s``                              |

        Whoever was not let in was told nothing. Violations: not_refused,
        wrong_close, data_before_auth. Fails if the file promises nothing about this.

        | `Move The Clock By` | 1 minute |
        | `The Refusal Should Be As Promised` | expired | alice |
        """
        kit, one = self._kit, self._kit.client(client)
        ways = getattr(kit.target.file.guarantees.refusal, reason.value)
        if ways is None:
            raise UsageError(f"{kit.target.title} does not promise how it refuses; say it with 'guarantees.refusal.{reason.value}' in its file")
        kit.engine.run(_ended(one, float(within)))
        events = kit.engine.journal.slice(kit.scope.cursor, {one.alias})
        self._expect.judge(History(events, []), [partial(refused_as_promised, ways=ways, client=one.alias, why=reason.why)])


async def _ended(client: Client, within: float) -> None:
    """Returns when its connection has ended, or after so many seconds."""
    if client.connection is not None and client.connection.close_event is None:
        with suppress(TimeoutError):
            await asyncio.wait_for(client.connection.ended.wait(), within)
