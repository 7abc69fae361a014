"""Keywords that begin and end what goes on during later keywords. What is still going on when the test ends, ends with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any

from robot.api import logger
from robot.libraries.BuiltIn import BuiltIn

from ..arguments import Count, Duration, Interval, MaybeCount, MaybeInterval, MaybePriority, MaybeSize, Share
from ..engine.activity import ENDS_WITHIN, Activity
from ..engine.client import Client
from ..engine.schedule import Schedule
from ..engine.sending import Burst, BurstBroken, Plan, contents
from ..engine.watching import SERVER, ask_at_once, ask_every, ping_every, sample_every
from .decorator import keyword
from .kit import Kit
from .sending import SendingKeywords

WATCHING = Interval(0.020)
PINGING = Interval(1.0)
SAMPLING = Interval(0.100)
WITHOUT_END = 1_000_000_000
IN_FLIGHT = Count(32)
ALL_OF_IT = Share(1)
QUEUE, SNAPSHOTS, AGENTS, PINGS, FIGURES, ASKING, SENDING = (
    "Watching The Queue", "Taking Snapshots", "Watching The Agents", "Pinging", "Watching The Server", "Asking", "Sending",
)


class ActivityKeywords:
    """``Start ...`` and ``Stop ...``."""

    def __init__(self, kit: Kit, sending: SendingKeywords) -> None:
        self._kit = kit
        self._sending = sending

    @keyword(tags=("Activity",))
    def let_time_pass(self, time: Duration, *, share: Share = ALL_OF_IT) -> None:
        """Does nothing for a while; whatever was begun goes on meanwhile. For a pause that is the stimulus, never to wait for something.

        | =Argument= | =Meaning=                                                                        |
        | time       | such as ``2 s``                                                                  |
        | share      | which part of it, such as ``30 %`` or a scale of the profile; more than 0, at most 1 |

        To wait for a condition there is a keyword for each: `Wait Until Everything Is Answered` and its kin.

        | `Let Time Pass`    2 s    share=${LADDER_SCALE}
        """
        BuiltIn().sleep(timedelta(seconds=time * share), "this pause is the stimulus")

    @keyword(tags=("Activity", "Backpressure"))
    def start_watching_the_queue(self, every: Interval = WATCHING, client: str | None = None) -> None:
        """Asks the target for the state of the user's queue again and again, until `Stop Watching The Queue`.

        | =Argument= | =Meaning=                                              |
        | every      | time between two questions, more than 0, such as ``20 ms`` |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Judged by `The Queue Should Stay Within Its Capacity`. Fails if the target does not offer ``queue_state``.

        | `Start Watching The Queue` | every=20 ms |
        """
        self._ask("queue_state", QUEUE, every, client)

    @keyword(tags=("Activity", "Backpressure"))
    def stop_watching_the_queue(self, client: str | None = None) -> int:
        """Ends what `Start Watching The Queue` began, and tells an error in it.

        | =Argument= | =Meaning=                         |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Returns how often the queue's state was told.

        | ${times} =    `Stop Watching The Queue`
        """
        return sum(self._stop(QUEUE, client))

    @keyword(tags=("Activity", "State"))
    def start_taking_snapshots(self, every: Interval = WATCHING, client: str | None = None) -> None:
        """Asks the agent for its state again and again, whatever else goes on, until `Stop Taking Snapshots`.

        | =Argument= | =Meaning=                                              |
        | every      | time between two questions, more than 0, such as ``20 ms`` |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Judged by `Snapshots Should Be Whole` and `The Agent Should Have Processed`. Fails if the target does not offer ``agent_state``.

        | `Start Taking Snapshots` | every=20 ms |
        """
        self._ask("agent_state", SNAPSHOTS, every, client)

    @keyword(tags=("Activity", "State"))
    def stop_taking_snapshots(self, client: str | None = None) -> int:
        """Ends what `Start Taking Snapshots` began, and tells an error in it.

        | =Argument= | =Meaning=                         |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Returns how many snapshots were taken.

        | ${times} =    `Stop Taking Snapshots`
        """
        return sum(self._stop(SNAPSHOTS, client))

    @keyword(tags=("Activity", "Agents"))
    def start_watching_the_agents(self, every: Interval = WATCHING, client: str | None = None) -> None:
        """Asks for the states of all agents of the user again and again, until `Stop Watching The Agents`.

        | =Argument= | =Meaning=                                              |
        | every      | time between two questions, more than 0, such as ``20 ms`` |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Judged by `All Agents Should Agree`. Fails if the target does not offer ``all_agent_states``.

        | `Start Watching The Agents` | every=20 ms |
        """
        self._ask("all_agent_states", AGENTS, every, client)

    @keyword(tags=("Activity", "Agents"))
    def stop_watching_the_agents(self, client: str | None = None) -> int:
        """Ends what `Start Watching The Agents` began, and tells an error in it.

        | =Argument= | =Meaning=                         |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Returns how often the states were told.

        | ${times} =    `Stop Watching The Agents`
        """
        return sum(self._stop(AGENTS, client))

    @keyword(tags=("Activity", "Connecting"))
    def start_pinging(self, every: Interval = PINGING, client: str | None = None) -> None:
        """Sends WebSocket pings again and again, until `Stop Pinging`; none while an earlier one has no answer of its own.

        | =Argument= | =Meaning=                                         |
        | every      | time between two pings, more than 0, such as ``1 s`` |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Judged by `Pings Should Be Answered Within`.

        | `Start Pinging` | every=1 s |
        """
        self._start(PINGS, client, lambda one, activity: ping_every(activity, one, every))

    @keyword(tags=("Activity", "Connecting"))
    def stop_pinging(self, client: str | None = None) -> int:
        """Ends what `Start Pinging` began; waits at most 5 s for the last answers.

        | =Argument= | =Meaning=                         |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Returns how many pings were sent.

        | ${pings} =    `Stop Pinging`
        """
        return sum(self._stop(PINGS, client))

    @keyword(tags=("Activity", "Figures"))
    def start_watching_the_server(self, every: Interval = SAMPLING) -> None:
        """Reads memory, threads and descriptors of the server's own process again and again, until `Stop Watching The Server`.

        | =Argument= | =Meaning=                                             |
        | every      | time between two looks, more than 0, such as ``100 ms`` |

        Judged by `The Server Should Stay Small` and `Memory Should Not Leak`. Where the process of the target is not known, nothing is
        watched, and this is noted as *not offered*.

        | `Start Watching The Server` | every=100 ms |
        """
        kit, process = self._kit, self._kit.server("server_memory_growth")
        if process is not None:
            kit.engine.run(kit.engine.activities.start((FIGURES, SERVER), lambda activity: sample_every(activity, kit.engine.journal, process, every)))

    @keyword(tags=("Activity", "Figures"))
    def stop_watching_the_server(self) -> int:
        """Ends what `Start Watching The Server` began.

        Returns how often the server was looked at; 0 where its process is not known.

        | ${times} =    `Stop Watching The Server`
        """
        kit = self._kit
        return int(kit.engine.run(kit.engine.activities.stop((FIGURES, SERVER)))) if kit.target.server is not None else 0

    @keyword(tags=("Activity", "Sending"))
    def start_asking(self, question: str, times: Count, client: str | None = None) -> None:
        """Asks the target the same question so many times at once and does not wait for the answers.

        | =Argument= | =Meaning=                                                    |
        | question   | as the target file calls it, such as ``agent_state``         |
        | times      | 1 or more                                                    |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        A small question with a large answer, asked by a client that does not read, shows how much a target keeps for it. Fails if the
        target does not offer the question.

        | `Start Asking` | agent_state | 5000 | client=bob |
        """
        self._kit.must_offer(question)
        self._start(ASKING, client, lambda one, activity: ask_at_once(activity, one, question, times))

    @keyword(tags=("Activity", "Sending"))
    def stop_asking(self, client: str | None = None) -> int:
        """Waits until everything that `Start Asking` asked is answered.

        | =Argument= | =Meaning=                                                    |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Returns how many answers came. Fails if some are missing and none has come for 30 s.

        | ${answers} =    `Stop Asking`
        """
        return sum(self._stop(ASKING, client, within=None))

    @keyword(tags=("Activity", "Sending"))
    def start_sending(
        self, *, in_flight: Count = IN_FLIGHT, every: MaybeInterval = None, priority: MaybePriority = None, high_every: MaybeCount = None,
        size: MaybeSize = None, client: str | None = None,
    ) -> None:
        """Sends numbered messages without end, until `Stop Sending`.

        | =Argument= | =Meaning=                                                                       |
        | in_flight  | at most this many unanswered messages                                           |
        | every      | time between two sends, such as ``10 ms``; none: as fast as the window allows   |
        | priority   | ``high`` or ``normal``, of every message; none: the messages do not say         |
        | high_every | every so many-th message has high priority, such as ``10``                      |
        | size       | size of each message's text, such as ``64 KiB``; none: a short line             |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Fails if the target does not offer ``priorities`` where one of them is given.

        | `Start Sending` | priority=high | in_flight=32 |
        """
        says, kit = self._sending.says(priority, high_every), self._kit

        def work(one: Client, activity: Activity) -> Awaitable[Burst]:
            schedule = Schedule(WITHOUT_END, every)
            return one.send_burst(Plan(schedule, contents(one.account, size, kit.seed), says=says, in_flight=in_flight, fence=kit.fence,
                                       stopped=activity.is_ending))

        self._start(SENDING, client, work)

    @keyword(tags=("Activity", "Sending"))
    def stop_sending(self, client: str | None = None) -> Burst:
        """Ends what `Start Sending` began; what was sent is not awaited.

        | =Argument= | =Meaning=                         |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Returns the burst: all that was sent (by the first client). Fails if the connection closed meanwhile.

        | ${sent} =    `Stop Sending`
        """
        try:
            bursts: list[Burst] = self._stop(SENDING, client)
        except BurstBroken as broken:
            self._sending.tell_broken(broken)
        return bursts[0]

    def _ask(self, question: str, what: str, every: float, client: str | None) -> None:
        self._kit.must_offer(question)
        self._start(what, client, lambda one, activity: ask_every(activity, one, question, every))

    def _start(self, what: str, client: str | None, work: Callable[[Client, Activity], Awaitable[Any]]) -> None:
        for one in self._kit.clients(client):
            self._kit.engine.run(self._kit.engine.activities.start((what, one.alias), partial(work, one)))

    def _stop(self, what: str, client: str | None, within: float | None = ENDS_WITHIN) -> list[Any]:
        results = []
        for one in self._kit.clients(client):
            results.append(self._kit.engine.run(self._kit.engine.activities.stop((what, one.alias), within)))
            logger.info(f"{what} of {one.alias} ended after {results[-1].count if isinstance(results[-1], Burst) else results[-1]}")
        return results
