"""Keywords by which clients come back to their sessions, of their own accord or when they are told to."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from robot.api import logger

from ..arguments import Count, Duration, MaybeDurations, MaybeInterval
from ..connecting_arguments import Factor, Jitter, MaybeLocalAddress
from ..engine.by_itself import ByItself
from ..engine.client import Client
from ..engine.ladder import Ladder
from ..engine.reconnect import Manner, NotBack, Reconnection, reconnect, reconnect_so_often
from ..engine.session import SessionState
from ..errors import EnvironmentSetupError, UsageError
from ..profiles import active_values
from .decorator import keyword
from .kit import Kit, variable

FIRST, CAP = Duration(1), Duration(30)
FACTOR, JITTER, TRIES = Factor(2), Jitter(0.1), Count(10)
ONCE, WITHIN, PATIENCE, AT_ONCE = Count(1), Duration(30), Duration(1), Duration(0)
RETURNING = "Reconnecting By Themselves"


class ReconnectingKeywords:
    """Sessions that go on over several connections."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._steps = Ladder(FIRST, FACTOR, CAP, JITTER, TRIES)

    @property
    def ladder(self) -> Ladder:
        """The ladder as it was set, at the scale of the profile."""
        scale: Any = variable("${LADDER_SCALE}", None) or active_values()["LADDER_SCALE"]
        return replace(self._steps, scale=float(scale))

    @keyword(tags=("Sessions",))
    def set_reconnect_ladder(
        self, first: Duration = FIRST, factor: Factor = FACTOR, cap: Duration = CAP, jitter: Jitter = JITTER, tries: Count = TRIES,
        *, steps: MaybeDurations = None,
    ) -> None:
        """Says how long clients wait before they try to come back, from now on.

        | =Argument= | =Meaning=                                                                        |
        | first      | the first wait, such as ``1 s``                                                  |
        | factor     | each further wait is so many times as long, 1 or more                            |
        | cap        | no wait becomes longer than this; at least ``first``                             |
        | jitter     | each wait is longer or shorter by up to this part of it, by seed; 0 to 100 %      |
        | tries      | then the client gives up; 1 or more                                              |
        | steps      | instead of ``first``, ``factor`` and ``cap``: the waits one by one, such as ``1 s, 2 s, 4 s, 10 s``; the last one again and again |

        The profile shortens all waits alike (``LADDER_SCALE``: 0.02 in quick, 1 in full). Each try is in the journal, with its number
        and the wait before it. Source of the shape: truncated exponential backoff with jitter, as in IEEE 802.3 and RFC 8961.

        | `Set Reconnect Ladder` | first=1 s | factor=2 | cap=60 s | jitter=20 % | tries=7 |
        """
        self._steps = Ladder(first, factor, cap, jitter, tries, steps=tuple(steps or ()))

    @keyword(tags=("Sessions",))
    def reconnect(
        self, client: str | None = None, *, resume: bool = True, resend: bool = True, source: MaybeLocalAddress = None,
        headers: dict[str, str] | None = None, after: Duration = AT_ONCE, streams: bool = True,
    ) -> Reconnection:
        """Opens a new connection for a client and takes its session up again.

        | =Argument= | =Meaning=                                                                                          |
        | client     | alias; none: the only open client                                                                  |
        | resume     | ``yes``: back to its session, with the last offset that it received; ``no``: a new session         |
        | resend     | ``yes``: messages whose answer was lost are sent again: same id, same words, next attempt          |
        | source     | the local address to come from, such as ``127.0.0.2``; none: the one of before                     |
        | headers    | a dictionary of HTTP headers of its own, such as ``User-Agent``; none: those of before              |
        | after      | so long it stays away before the first try, such as ``2 s``                                          |
        | streams    | ``yes``: of each stream that has not ended it is told which chunk is wanted next; ``no``: `Resume Streams` does that |

        What is left of the old connection is dropped without a closing handshake. The first try comes at once, the others as
        `Set Reconnect Ladder` says. Returns when everything missed was received and, with ``resend``, the rest sent again; what comes of
        that is for an expectation to say. The result has ``recovered``, ``reason``, ``session_kept``, ``tries``, ``took`` (s, from the
        first try until everything missed was received), ``ready_after`` and ``away`` (s), ``replayed``, ``caught_up``, ``resent``.
        Fails if no try succeeds, and with ``resume`` for a client that did not connect with ``resumable=yes``.

        | ${back} =    `Reconnect`    alice
        | Should Be True    ${back.recovered}
        """
        kit, one = self._kit, self._kit.client(client)
        if one.comes_back:
            raise UsageError(f"{one.alias} comes back by itself; use 'Wait Until Reconnected', or 'Stop {RETURNING}' first")
        if resume:
            self._must_be_resumable(one)
        one.source, one.headers = source or one.source, headers or one.headers
        try:
            return kit.engine.run(reconnect(kit.engine, one, kit.target, self._manner(resume=resume, resend=resend, after=after, streams=streams)))
        except NotBack as failure:
            raise EnvironmentSetupError(f"{failure}{kit.obituary()}") from None

    @keyword(tags=("Sessions",))
    def reconnect_so_often(
        self, times: Count, client: str | None = None, *, up: Duration = AT_ONCE, down: Duration = AT_ONCE,
    ) -> list[Reconnection]:
        """Takes a client's session up again and again, on a new connection each time.

        | =Argument= | =Meaning=                                                                                            |
        | times      | 1 or more                                                                                            |
        | client     | alias; none: the only open client; ``everyone``: all that connected with ``resumable=yes``, at the same time |
        | up         | so long each connection is there before it is dropped, such as ``100 ms``                             |
        | down       | so long the client stays away then                                                                    |

        Each return is one of `Reconnect`. One that fails does not end it: how many succeeded is for an expectation to say. Returns those
        that succeeded.

        | `Reconnect So Often` | 1000 | alice |
        | `Reconnect So Often` | 20 | up=100 ms | down=50 ms | client=everyone |
        """
        kit, clients, manner = self._kit, self._resumable(client), self._manner(after=down)

        async def together() -> list[list[Reconnection]]:
            again = (reconnect_so_often(kit.engine, one, kit.target, manner, times=times, up=up) for one in clients)
            return await asyncio.gather(*again)

        done = [one for each in kit.engine.run(together()) for one in each]
        logger.info(f"{', '.join(one.alias for one in clients)}: {len(done):,} of {times * len(clients):,} returns succeeded")
        return done

    @keyword(tags=("Sessions", "Activity"))
    def let_clients_reconnect_by_themselves(
        self, client: str = "everyone", *, resend: bool = True, ping_every: MaybeInterval = None, patience: Duration = PATIENCE,
    ) -> None:
        """From now on these clients come back by themselves whenever a connection ends against their will.

        | =Argument= | =Meaning=                                                                                     |
        | client     | alias; ``everyone``: all that connected with ``resumable=yes``                                |
        | resend     | ``yes``: messages whose answer was lost are sent again: same id, same words, next attempt     |
        | ping_every | they ping so often, such as ``200 ms``, to notice a path that is dead without a sign; none: they do not |
        | patience   | a ping without an answer for so long means that the path is dead                              |

        They wait before each try as `Set Reconnect Ladder` says, the first one too, so that many do not come at the same instant.
        `Send Burst` and the activities of such a client wait for the new connection and go on; so do expectations. Ends with
        `Stop Reconnecting By Themselves` or the test. A client that the test disconnects stays away.

        | `Let Clients Reconnect By Themselves` | ping_every=200 ms | patience=1 s |
        """
        kit, chosen = self._kit, self._resumable(client)
        for one in chosen:
            if (RETURNING, one.alias) in kit.engine.activities.names:
                raise UsageError(f"{one.alias} was let to come back by itself already; use 'Stop {RETURNING}' before that is begun again")
        for one in chosen:
            one.by_itself = ByItself(kit.engine, one, kit.target, self._manner(resend=resend), ping_every=ping_every, patience=patience)
            kit.engine.run(kit.engine.activities.start((RETURNING, one.alias), one.by_itself.work))

    @keyword(tags=("Sessions", "Activity"))
    def stop_reconnecting_by_themselves(self, client: str = "everyone") -> list[Reconnection]:
        """Ends what `Let Clients Reconnect By Themselves` began, and tells an error in it.

        | =Argument= | =Meaning=                                  |
        | client     | alias; ``everyone``: all that were let to  |

        Returns each reconnection. Fails if one of them did not come back.

        | ${reconnections} =    `Stop Reconnecting By Themselves`
        """
        engine = self._kit.engine
        names = [(RETURNING, one.alias) for one in self._kit.clients(client) if (RETURNING, one.alias) in engine.activities.names]
        if not names and client != "everyone":
            raise UsageError(f"{client} was not let to come back by itself; use 'Let Clients Reconnect By Themselves    {client}' first")

        async def together() -> list[Any]:
            return await asyncio.gather(*(engine.activities.stop(name) for name in names), return_exceptions=True)

        done: list[Reconnection] = []
        for came in engine.run(together()):  # all of them end before one failure is told
            if isinstance(came, NotBack):
                raise EnvironmentSetupError(f"{came}{self._kit.obituary()}") from None
            if isinstance(came, BaseException):
                raise came
            done += came
        logger.info(f"{len(done)} reconnections of {', '.join(alias for _, alias in names) or 'nobody'}")
        return done

    @keyword(tags=("Sessions", "Waiting"))
    def wait_until_reconnected(self, client: str | None = None, *, times: Count = ONCE, within: Duration = WITHIN) -> list[Reconnection]:
        """Waits until a client that comes back by itself has done so.

        | =Argument= | =Meaning=                                                                                  |
        | client     | alias; none: the only open client; ``everyone``: all that come back by themselves           |
        | times      | so often since it was let to; so a second cut is waited for with ``times=2``                |
        | within     | such as ``30 s``                                                                            |

        Returns each of its reconnections so far. Fails if that does not happen in time, with what the last try met.

        | `Let Clients Reconnect By Themselves` |
        | `Wait Until Reconnected` | alice |
        """
        clients = [one for one in self._kit.clients(client) if client != "everyone" or one.by_itself is not None]
        watches = [self._watch_of(one) for one in clients]

        async def together() -> list[bool]:
            return await asyncio.gather(*(watch.wait(times, within) for watch in watches))

        for one, watch, came in zip(clients, watches, self._kit.engine.run(together()), strict=True):
            if not came:
                how = watch.failure or f"{one.alias} came back {len(watch.done)} of {times} times within {within:g} s"
                raise EnvironmentSetupError(f"{how}{self._kit.obituary()}")
        return [done for watch in watches for done in watch.done]

    @keyword(tags=("Sessions",))
    def forget_session(self, client: str | None = None) -> None:
        """Lets a client forget which session it had, as a program does that lost its memory; its next connection begins a new one.

        | =Argument= | =Meaning=                         |
        | client     | alias; none: the only open client |

        An open connection stays open.

        | `Forget Session` | alice |
        | `Reconnect` | alice |
        """
        self._kit.client(client).session = SessionState()

    @keyword(tags=("Sessions", "Sending"))
    def resend_the_unanswered(self, client: str | None = None) -> int:
        """Sends each message once more whose answer was lost with a connection: same id, same words, next attempt.

        | =Argument= | =Meaning=                         |
        | client     | alias; none: the only open client |

        Messages whose answer came on a later connection are not among them. Returns how many were sent.

        | `Reconnect` | resend=no |
        | ${resent} =    `Resend The Unanswered`
        """
        one = self._kit.client(client)
        if one.connection is None or not one.is_connected:
            raise UsageError(f"{one.alias} is not connected; use 'Reconnect    {one.alias}' first")
        return self._kit.engine.run(one.resend(one.connection))

    @keyword(tags=("Sessions",))
    def get_session(self, client: str | None = None) -> SessionState:
        """Returns what a client knows of its session: ``id``, ``epoch``, ``offset`` (the last one received) and ``recovered``.

        | =Argument= | =Meaning=                         |
        | client     | alias; none: the only open client |

        It is a copy of this moment; later events do not change it.

        | ${session} =    `Get Session`    alice
        | `Try To Resume` | ${session.id} | bob | epoch=${session.epoch} | offset=${session.offset} |
        """
        return replace(self._kit.client(client).session)

    def _manner(self, *, resume: bool = True, resend: bool = True, streams: bool = True, after: float = 0.0) -> Manner:
        return Manner(self.ladder, self._kit.seed, resume=resume, resend=resend, streams=streams, after=after, fence=self._kit.fence)

    def _resumable(self, client: str | None) -> list[Client]:
        """That client, or all that can come back for ``everyone``."""
        clients = self._kit.clients(client)
        chosen = [one for one in clients if one.resumable] if client == "everyone" else clients
        for one in chosen or clients[:1]:
            self._must_be_resumable(one)
        return chosen

    def _must_be_resumable(self, one: Client) -> None:
        self._kit.must_offer("resume")
        if not one.resumable:
            raise UsageError(f"{one.alias} has no session to come back to: connect with 'Connect As    {one.account.role}    resumable=yes'")

    @staticmethod
    def _watch_of(one: Client) -> ByItself:
        if one.by_itself is None:
            raise UsageError(f"{one.alias} does not come back by itself; use 'Let Clients Reconnect By Themselves    {one.alias}' first, or 'Reconnect'")
        return one.by_itself
