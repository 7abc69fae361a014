"""Keywords about the target's own pings: how often they come, who does not answer them, and what becomes of those."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from contextlib import suppress
from functools import partial
from time import monotonic

from websockets.exceptions import ConnectionClosed

from ..arguments import Count, Duration, Interval, Number
from ..checks import History, Kind
from ..checks.heartbeats import no_zombies, only_the_silent_are_closed, pings_come_regularly, pings_were_answered
from ..engine.client import Client
from ..engine.outcomes import Disconnected, Unanswered
from ..engine.sending import HANG_GUARD
from ..errors import UsageError
from .decorator import keyword
from .expectation import Check, Expectation
from .kit import Kit
from .setting import set_until_the_test_ends

TOPIC = "heartbeats"
SLACK = Duration(3)
BEYOND = 1.0
"""s that a silent connection is watched beyond its time, so that the journal shows that it was still there."""
STEP = Interval(1)
TEN = Count(10)
ONE = Count(1)


class HeartbeatKeywords:
    """Pings of the target, and clients that answer them as they are told to."""

    def __init__(self, kit: Kit, expectation: Expectation) -> None:
        self._kit = kit
        self._expect = expectation
        self._pace: tuple[float, float] | None = None
        """Interval and time-out (s) that the running test has set."""

    @keyword(tags=("Target", "Control"))
    def set_heartbeat(self, interval: Interval, timeout: Interval) -> None:
        """Says how often the target pings each connection from now on, and how long an answer may take, until the test ends.

        | =Argument= | =Meaning=                                                                      |
        | interval   | time between two pings of a connection, more than 0, such as ``2 s``           |
        | timeout    | a ping that stays unanswered for so long ends the connection, such as ``4 s``  |

        Open connections get their next ping after the new interval. Fails if the target does not offer ``heartbeat`` and ``pings``.

        | `Set Heartbeat` | interval=2 s | timeout=4 s |
        """
        kit = self._kit
        kit.must_offer("pings")
        promised = kit.target.file.guarantees.heartbeat
        before = {"interval": promised.interval, "timeout": promised.timeout} if promised else {}
        kit.scope.undo.append(self._forget)
        set_until_the_test_ends(kit, "heartbeat", before, {"interval": float(interval), "timeout": float(timeout)})
        self._pace = float(interval), float(timeout)

    @keyword(tags=("Connecting",))
    def withhold_pongs(self, client: str | None = None) -> None:
        """Lets a client answer no ping of the target any more, as a program does that has died while its connection still stands.

        | =Argument= | =Meaning=                                                   |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        It sends and receives as before. `Answer Pings Again` ends it.

        | `Withhold Pongs` | carol |
        """
        self._answer(client, None)

    @keyword(tags=("Connecting",))
    def answer_pings_after(self, delay: Duration, client: str | None = None) -> None:
        """Lets a client answer each ping of the target only after a while.

        | =Argument= | =Meaning=                                                   |
        | delay      | such as ``500 ms``                                          |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        `Answer Pings Again` ends it.

        | `Answer Pings After` | 500 ms | alice |
        """
        self._answer(client, float(delay))

    @keyword(tags=("Connecting",))
    def answer_pings_again(self, client: str | None = None) -> None:
        """Lets a client answer pings at once again, from the next one on.

        | =Argument= | =Meaning=                                                   |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        An answer stands for all pings before it (RFC 6455, 5.5.3).

        | `Withhold Pongs` | alice |
        | `Let The Clock Run` | 2 s | alice |
        | `Answer Pings Again` | alice |
        """
        self._answer(client, 0.0)

    @keyword(tags=("Connecting", "Waiting"))
    def let_the_clock_run(self, time: Interval, client: str | None = None, *, step: Interval = STEP) -> None:
        """Moves the target's clock on in small steps; behind each of them everything that the target sent to the clients is read.

        | =Argument= | =Meaning=                                                                               |
        | time       | how far, such as ``5 minutes``                                                          |
        | client     | whose pings are to be seen: alias; none: the only open client; ``everyone``: all clients |
        | step       | so exactly the time of each ping is known, such as ``1 s``                              |

        Only for a target that belongs to this suite alone. Fails if the target does not offer ``advance_clock``.

        | `Let The Clock Run` | 330 s | everyone |
        """
        self._kit.must_offer("advance_clock")
        self._kit.engine.run(self._run_clock(float(time), float(step), self._kit.clients(client)))

    @keyword(tags=("Connecting", "Waiting"))
    def wait_for_pings(self, count: Count, client: str | None = None) -> None:
        """Waits until so many pings of the target have come since the test began. Judges nothing.

        | =Argument= | =Meaning=                                                    |
        | count      | how many on each client, 1 or more                           |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        The wait ends when a connection does, and at the latest after twice the time that so many pings take, and 10 s.

        | `Wait For Pings` | 11 | alice |
        """
        kit = self._kit
        deadline = monotonic() + 2 * count * self._rhythm()[0] + 10
        kit.engine.run(_all(_pinged(one, int(count), kit.scope.cursor, deadline) for one in kit.clients(client)))

    @keyword(tags=("Expectation", "Connecting"))
    def pings_should_come_regularly(self, client: str | None = None, *, least: Count = TEN) -> None:
        """The target pinged each time its interval was over, within a tenth of it or 0.25 s, whichever is more.

        | =Argument= | =Meaning=                                                             |
        | client     | alias; none: the only open client; ``everyone``: all clients          |
        | least      | so many intervals must have been seen on each connection, 1 or more   |

        The interval is that of `Set Heartbeat`, or else what the target file promises (``guarantees.heartbeat``). Records
        ``ping_beyond_tolerance`` (s, by so much the worst interval was off more than is allowed). Violation: too_slow; vacuous where fewer were
        seen. Void (test skipped as *invalid*) when this process itself was late, unless the time passed by `Let The Clock Run`.

        | `Wait For Pings` | 11 | alice |
        | `Pings Should Come Regularly` | alice |
        """
        history = self._history(client)
        pings = history.journal.others[Kind.PINGED]
        by_itself = pings and not any("moved" in (mark.details or {}) for mark in history.journal.others[Kind.MARK])
        late = self._kit.engine.lag.reason_for_invalid(pings[0].time, pings[-1].time) if by_itself else None
        self._expect.conclude([(TOPIC, pings_come_regularly(history, self._rhythm()[0], int(least)))], history, late)

    @keyword(tags=("Expectation", "Connecting"))
    def pings_should_have_been_answered(self, client: str | None = None, *, least: Count = ONE) -> None:
        """Pings of the target came, and each was answered.

        | =Argument= | =Meaning=                                                        |
        | client     | alias; none: the only open client; ``everyone``: all clients     |
        | least      | so many on each connection, 1 or more                            |

        Violation: zombie; vacuous where fewer came.

        | `Pings Should Have Been Answered` | alice | least=3 |
        """
        self._holds(partial(pings_were_answered, least=int(least)), client)

    @keyword(tags=("Expectation", "Connecting"))
    def only_silent_clients_should_be_closed(self, count: Number, *, slack: Duration = SLACK) -> None:
        """The clients that answer no pings have lost their connection in time, and nobody else has.

        | =Argument= | =Meaning=                                                                             |
        | count      | so many are silent (`Withhold Pongs`), 0 or more                                      |
        | slack      | beyond interval and time-out of the heartbeat, such as ``3 s``                        |

        Waits for the end of the silent ones. Nobody may be given up before the time-out was over. Records ``silent_closed`` and
        ``living_kept`` (connections) and ``silent_closed_after`` (ms). Violation: zombie; vacuous where another number of clients is silent.

        | `Withhold Pongs` | carol |
        | `Only Silent Clients Should Be Closed` | 1 |
        """
        kit, (interval, timeout) = self._kit, self._rhythm()
        if timeout is None:
            raise UsageError(f"{kit.target.title} does not promise when it gives up a silent client; say it with 'guarantees.heartbeat.timeout' in its file")
        silent = [one for one in kit.clients("everyone") if one.pongs.after is None]
        kit.engine.run(_all(_ended(one, interval + timeout + slack + BEYOND) for one in silent))
        self._holds(partial(only_the_silent_are_closed, interval=interval, timeout=timeout, slack=float(slack), silent=int(count)), "everyone")

    @keyword(tags=("Expectation", "Connecting"))
    def there_should_be_no_zombies(self, within: Interval, client: str | None = None) -> None:
        """Where pings are answered, messages and questions are answered as well: the application behind the connection lives.

        | =Argument= | =Meaning=                                                                      |
        | within     | so long a message or a question may take while pings are answered, such as ``2 s`` |
        | client     | alias; none: the only open client; ``everyone``: all clients                   |

        Needs `Start Pinging` and messages beside it. Violation: zombie.

        | `Start Sending` | every=100 ms |
        | `Start Pinging` | every=100 ms |
        | `There Should Be No Zombies` | within=2 s |
        """
        self._holds(partial(no_zombies, within=float(within)), client)

    def _forget(self) -> None:
        self._pace = None

    def _rhythm(self) -> tuple[float, float | None]:
        """Interval and time-out (s): as the test has set them, else as promised."""
        promised = self._kit.target.file.guarantees.heartbeat
        if self._pace is not None:
            return self._pace
        if promised is None:
            raise UsageError(f"{self._kit.target.title} promises no pings; begin the test with 'The Target Must Offer    pings' to skip it there")
        return promised.interval, promised.timeout

    def _answer(self, client: str | None, after: float | None) -> None:
        self._kit.engine.run(_all(_change(one, after) for one in self._kit.clients(client)))

    def _history(self, client: str | None) -> History:
        kit = self._kit
        return History(kit.engine.journal.slice(kit.scope.cursor, {one.alias for one in kit.clients(client)}), [])

    def _holds(self, check: Check, client: str | None) -> None:
        self._expect.judge(self._history(client), [check])

    async def _run_clock(self, time: float, step: float, clients: list[Client]) -> None:
        for number in range(1, round(time / step + 0.499) + 1):
            forward = min(step, time - (number - 1) * step)
            there = [one for one in clients if one.is_connected]
            for one in there:
                if one.connection is not None:
                    one.connection.mark(moved=forward)
            await self._kit.target.control("advance_clock", seconds=forward)
            await _all(_heard(one) for one in there)


async def _all(works: Iterable[Awaitable[None]]) -> None:
    await asyncio.gather(*works)


async def _change(client: Client, after: float | None) -> None:
    client.pongs.after = after
    if client.connection is not None:
        client.connection.mark(pongs=after)


async def _heard(client: Client) -> None:
    """Returns when everything has been read that the target had sent when it was asked, or when the connection has ended."""
    with suppress(Disconnected, ConnectionClosed):
        try:
            await asyncio.wait_for(await client.ping(), HANG_GUARD)
        except TimeoutError:
            raise Unanswered(f"{client.alias}'s ping was not answered within {HANG_GUARD:g} s") from None


async def _ended(client: Client, within: float) -> None:
    connection = client.connection
    if connection is not None and connection.close_event is None:
        with suppress(TimeoutError):
            await asyncio.wait_for(connection.ended.wait(), within)


async def _pinged(client: Client, count: int, since: int, deadline: float) -> None:
    connection = client.connection
    while connection is not None and connection.is_open:
        pings = connection.journal.slice(since, {client.alias}).of(Kind.PINGED)
        if len(pings) >= count or not await connection.changed.wait(deadline - monotonic()):
            return
