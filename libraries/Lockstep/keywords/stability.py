"""Expectations about a long day: connections, pings, neighbours, the size of the server, latency that must not creep up."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from ..arguments import Duration, MaybeNumber, MaybeSize
from ..checks.course import no_latency_trend
from ..checks.events import Kind
from ..checks.heartbeat import connections_stayed_up, pings_answered
from ..checks.leaks import descriptors_flat, memory_flat, memory_within, threads_within
from ..checks.neighbours import not_held_up
from ..checks.progress import no_stall
from ..checks.rate import sending_within
from ..errors import UsageError
from .decorator import keyword
from .expectation import Check, Expectation
from .kit import Kit


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in the journal."""

    cursor: int


class StabilityKeywords:
    """What must hold however long it goes on."""

    def __init__(self, kit: Kit, expectation: Expectation) -> None:
        self._kit = kit
        self._expect = expectation

    @keyword(tags=("Expectation", "Connecting"))
    def the_connection_should_have_stayed_up(self, client: str | None = None) -> None:
        """No connection of this test ended but by our own wish.

        | =Argument= | =Meaning=                                                    |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Records ``disconnects``. Violation: zombie.

        | `The Connection Should Have Stayed Up` |
        """
        self._expect.holds(connections_stayed_up, client=client)

    @keyword(tags=("Expectation", "Connecting"))
    def pings_should_be_answered_within(self, limit: Duration, client: str | None = None) -> None:
        """Each ping of `Start Pinging` was answered in time.

        | =Argument= | =Meaning=                                                    |
        | limit      | such as ``5 s``                                              |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Records ``ping_longest`` (ms). Violation: zombie. Fails as vacuous if no ping was sent.

        | `Pings Should Be Answered Within` | 5 s |
        """
        self._expect.holds(partial(pings_answered, within=float(limit)), client=client)

    @keyword(tags=("Waiting",))
    def remember_this_moment(self) -> Moment:
        """Marks a point in the course of the test, from which a later expectation looks.

        Returns the moment.

        | ${before} =    `Remember This Moment`
        """
        return Moment(self._kit.engine.journal.cursor)

    @keyword(tags=("Expectation", "Fairness"))
    def nobody_should_be_held_up_by(self, neighbour: str, since: Moment) -> None:
        """All other clients were answered about as fast beside this one as before.

        | =Argument= | =Meaning=                                                                     |
        | neighbour  | alias of the client that might hold up the others, such as one that does not read, or who was not let in |
        | since      | what `Remember This Moment` returned before it began                          |

        Each other client is compared with itself before that moment; it needs messages on both sides. Records ``held_up`` (messages).
        Violation: blocked_by_neighbour. Void when the generator itself was late.

        | `Nobody Should Be Held Up By` | bob | since=${before} |
        """
        if neighbour not in self._kit.scope.accounts:  # somebody who was never let in has no client
            self._kit.client(neighbour)
        history = self._expect.history("everyone", without=neighbour)
        sent = [(event.client, event.message_id, event.index < since.cursor) for event in history.events if event.kind is Kind.SEND]
        others = sorted({client for client, _, _ in sent})
        if not others:
            raise UsageError(f"nobody but {neighbour} has sent anything in this test; another client must send before and after that moment")
        checks: list[Check] = [
            partial(
                not_held_up, client=other,
                baseline=[str(name) for client, name, before in sent if client == other and before],
                during=[str(name) for client, name, before in sent if client == other and not before],
            )
            for other in others
        ]
        self._expect.judge(history, checks, timing=True)

    @keyword(tags=("Expectation", "Figures"))
    def the_server_should_stay_small(self, *, memory: MaybeSize = None, threads: MaybeNumber = None, client: str | None = None) -> None:
        """The server's process grew by no more than this while `Start Watching The Server` looked at it.

        | =Argument= | =Meaning=                                                       |
        | memory     | by so much the resident memory may grow, such as ``100 MB``     |
        | threads    | by so many the threads may grow                                 |
        | client     | alias; none: the only open client; ``everyone``: all clients    |

        The first look is what all others are compared with. Records ``server_memory_growth`` (B), ``server_threads_growth`` (threads) and
        ``server_descriptors_growth`` (descriptors). Violation: leak. Left out where the target's process is not known.

        | `The Server Should Stay Small` | memory=100 MB | threads=5 |
        """
        checks: list[Check] = []
        if memory is not None:
            checks.append(partial(memory_within, limit=int(memory)))
        if threads is not None:
            checks.append(partial(threads_within, limit=int(threads)))
        if not checks:
            raise UsageError("say what is small: memory=..., threads=... or both")
        self._about_the_server(checks, client, beside=[descriptors_flat])

    @keyword(tags=("Expectation", "Figures"))
    def memory_should_not_leak(self, client: str | None = None) -> None:
        """Behind a warm-up of messages the server's memory does not grow with every message, and no descriptor stays open.

        | =Argument= | =Meaning=                                                    |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Needs `Start Watching The Server` and clearly more messages than the warm-up of 10 000. Records ``server_memory_per_message`` (B/msg).
        Violation: leak. Left out where the target's process is not known.

        | `Memory Should Not Leak` |
        """
        self._about_the_server([memory_flat], client, beside=[descriptors_flat])

    @keyword(tags=("Expectation", "Figures"))
    def latency_should_not_rise(self, client: str | None = None) -> None:
        """Answers do not become slower and slower in the course of the test.

        | =Argument= | =Meaning=                                                    |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Records ``latency_rise`` (ms). Violation: too_slow. Void (test skipped as *invalid*) when the generator itself was late.

        | `Latency Should Not Rise` |
        """
        self._expect.holds(no_latency_trend, client=client, timing=True)

    @keyword(tags=("Expectation", "Connecting"))
    def nothing_should_have_stalled(self, longest: Duration, client: str | None = None) -> None:
        """While a message waited, some answer came at least every so often.

        | =Argument= | =Meaning=                                                    |
        | longest    | such as ``20 s``; a bound against standstill, not a limit of speed |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Records ``stalls``. Violation: stalled.

        | `Nothing Should Have Stalled` | 20 s |
        """
        self._expect.holds(partial(no_stall, longest=float(longest)), client=client)

    @keyword(tags=("Expectation", "Figures"))
    def sending_should_take(self, *, mean: Duration, at_most: Duration, client: str | None = None) -> None:
        """Messages are on their way soon after they are due; a server that does not read would hold up the sender.

        | =Argument= | =Meaning=                                                    |
        | mean       | on average, such as ``0.5 s``                                |
        | at_most    | the slowest, such as ``2 s``                                 |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Only messages that were sent at a pace have a time at which they were due. Records ``sending_mean`` and ``sending_max`` (ms).
        Violation: too_slow. Void (test skipped as *invalid*) when the generator itself was late.

        | `Sending Should Take` | mean=0.5 s | at_most=2 s |
        """
        self._expect.holds(partial(sending_within, mean=float(mean), most=float(at_most)), client=client, timing=True)

    def _about_the_server(self, checks: list[Check], client: str | None, *, beside: list[Check]) -> None:
        if self._kit.server("server_memory_growth") is not None:
            self._expect.judge(self._expect.history(client, server=True), checks, beside=beside)
