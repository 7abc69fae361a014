"""Expectations about what a load costs: memory, threads, descriptors and processor time of the server, memory of this kit."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from functools import partial

from robot.api import logger

from ..arguments import Duration, MaybeCount, Size
from ..checks.consumption import Look, given_back, kept_within, memory_level, tasks_given_back, undecided, work_level
from ..checks.events import Event, Kind
from ..checks.leaks import FLOOR, memory_slope_within
from ..checks.verdict import Verdict
from ..engine.load.result import Load
from ..engine.load.volume import Volume
from ..engine.sending import HANG_GUARD
from ..engine.watching import GENERATOR, SERVER, idle
from ..errors import UsageError
from .decorator import keyword
from .expectation import Expectation
from .kit import Kit
from .stability import Moment
from .target import MaybeFigures

AT_MOST = "server_memory_per_message_most"
"""The upper end of the interval: what a message costs for certain at most."""
KEPT = 256
"""B; so much a refused message may leave behind while a flood lasts: the names of things, never the texts."""
TOPIC = "leaks"


class ConsumptionKeywords:
    """What `Start Watching The Server` saw, held against the messages of one or more loads."""

    def __init__(self, kit: Kit, expectation: Expectation) -> None:
        self._kit = kit
        self._expect = expectation

    @keyword(tags=("Load", "Waiting"))
    def let_the_server_rest(self, lasting: Duration) -> Moment:
        """Sends nothing for so long, in real time, so that the server can give back what the load has taken.

        | =Argument= | =Meaning=          |
        | lasting    | such as ``5 s``    |

        Returns the moment at which the rest began, for `What Was Taken Should Be Given Back`.

        | ${rest} =    `Let The Server Rest`    5 s
        """
        kit = self._kit
        begun = Moment(kit.engine.journal.cursor)
        kit.engine.run(asyncio.sleep(float(lasting)))
        return begun

    @keyword(tags=("Waiting", "Figures"))
    def wait_until_the_server_is_idle(self) -> None:
        """Waits until the server's process has used next to no processor time for half a second, with everything done or held up.

        After 30 s the wait ends with a warning. Left out where the target's process is not known.

        | `Wait Until The Server Is Idle` |
        """
        process = self._kit.server("server_memory_growth")
        if process is not None and not self._kit.engine.run(idle(process, HANG_GUARD)):
            logger.warn(f"the server was still at work after {HANG_GUARD:g} s")

    @keyword(tags=("Load", "Expectation", "Figures"))
    def memory_should_not_leak_under_load(self, limit: Size, warm_up: Load, *loads: Load) -> None:
        """Behind the warm-up no message leaves more than so much memory behind, neither in the server nor in this kit.

        | =Argument= | =Meaning=                                                                  |
        | limit      | for each message, such as ``50 B``                                         |
        | warm_up    | the first load, as `Run Load` returned it: caches fill, buffers are made   |
        | loads      | the loads behind it, one or more; the first of them with ``in_flight``, since for others this kit must remember what waits |

        Needs `Start Watching The Server` before the warm-up. This kit is judged in the first of the loads only. The slope is the median over all pairs of looks; it counts as a leak only where
        it is no chance. Records ``server_memory_per_message`` (B/msg), with ``_least`` and ``_most`` the ends of its interval, and the same
        of the ``generator``. Where the interval is too wide to say that the limit is kept, the upper end is *not measured*, with what the
        samples support. Violation: leak. Left out where the target's process is not known.

        | `Memory Should Not Leak Under Load` | 50 B | ${warm up} | ${soak} |
        """
        looks, ours = self._looks(SERVER, (warm_up, *loads)), self._looks(GENERATOR, (warm_up, *loads[:1]), to_the_end=False)
        if not self._seen(looks, AT_MOST):
            return
        behind = warm_up.answered + warm_up.refused
        slope = partial(memory_slope_within, limit=int(limit), warm_up=behind)
        server = slope([(look.messages, look.memory) for look in looks])
        self._say_what_is_supported(server, int(limit))
        generator = slope([(look.messages, look.memory) for look in ours], floor=4 * FLOOR, whose="generator")
        self._expect.conclude([(TOPIC, server), ("generator", generator)])

    @keyword(tags=("Load", "Expectation", "Backpressure", "Figures"))
    def refused_messages_should_leave_no_memory_behind(self, load: Load) -> None:
        """While a load is refused, the server keeps nothing of what it has refused.

        | =Argument= | =Meaning=                                                        |
        | load       | what `Run Load` returned; most of its messages were refused      |

        Needs `Start Watching The Server` before the load, with several looks a second. From the first look to the last the memory must not grow
        by more than 256 B for each refused message, and 4 MB in all: texts of 2 KiB that are kept show at once. Records
        ``server_memory_per_message`` (B/msg). Violation: leak; vacuous if nothing was refused. Left out where the target's process is not known.

        | `Refused Messages Should Leave No Memory Behind` | ${flood} |
        """
        looks = self._looks(SERVER, [load])
        if self._seen(looks, "server_memory_per_message"):
            self._expect.conclude([(TOPIC, kept_within(looks, load.refused, KEPT))])

    @keyword(tags=("Load", "Expectation", "Figures"))
    def work_should_be_linear_in_the_messages(self, *loads: Load) -> None:
        """A message costs the server no more processor time at the end of a load than at its beginning.

        | =Argument= | =Meaning=                                                          |
        | loads      | loads of one kind, as `Run Load` returned them; one or more        |

        Needs `Start Watching The Server` before them, with 20 looks or more during the loads. Records ``server_work_per_message`` (us of
        processor time). Violation: leak. Skipped as *invalid* where this machine was too late to look so often. Left out where the
        target's process is not known.

        | `Work Should Be Linear In The Messages` | ${soak} |
        """
        looks = self._looks(SERVER, loads)
        if self._seen(looks, "server_work_per_message"):
            verdict = work_level(looks)
            late = None if verdict.exercised else self._too_late_to_look(loads)
            self._expect.conclude([] if late else [(TOPIC, verdict)], invalid=late)

    @keyword(tags=("Load", "Expectation", "Figures"))
    def what_was_taken_should_be_given_back(self, before: MaybeFigures, since: Moment, *loads: Load) -> None:
        """At rest the server has no more threads and descriptors than before, and behind a load its memory has levelled off or come back.

        | =Argument= | =Meaning=                                                                           |
        | before     | what `Take Server Figures` returned, warmed up and with nothing going on            |
        | since      | what `Let The Server Rest` returned                                                 |
        | loads      | all loads of the test, as `Run Load` returned them; none: memory is not judged      |

        Needs `Start Watching The Server` before the first load and until after the rest. Five threads and descriptors more are allowed.
        Records ``server_threads_left``, ``server_descriptors_left``, ``server_memory_growth`` (B, the most since the first look) and
        ``server_memory_left`` (B). Violation: leak. Left out where the target's process is not known.

        | `What Was Taken Should Be Given Back` | ${before} | ${rest} | ${warm up} | ${soak} |
        """
        at_rest = [_look(event, 0) for event in self._samples(SERVER, since.cursor)]
        looks = self._looks(SERVER, loads) if loads else at_rest
        if not self._seen(looks, "server_memory_growth") or before is None:  # no earlier figures: that was said where they were to be taken
            return
        calm = Look(0, before.memory, before.threads, before.descriptors, before.processor)
        judged = [(TOPIC, given_back(calm, at_rest))]
        if loads:
            judged.append((TOPIC, memory_level(looks[: len(looks) - len(at_rest)], at_rest)))
        self._expect.conclude(judged)

    @keyword(tags=("Figures",))
    def count_the_servers_tasks(self, client: str | None = None) -> int | None:
        """Asks the target how many tasks its loop runs; connections and work under way are among them.

        | =Argument= | =Meaning=                             |
        | client     | who asks; none: the only open client  |

        Returns the number; ``${None}`` where the target does not tell (``tasks`` in ``questions.performance_stats``), which is noted as *not offered*.

        | ${tasks} =    `Count The Servers Tasks`
        """
        if not self._expect.offered("tasks", "tasks of the server"):
            return None
        answer = self._kit.engine.run(self._kit.client(client).ask("performance_stats", HANG_GUARD))
        return int((answer.details or {})["fields"]["tasks"])

    @keyword(tags=("Expectation", "Figures"))
    def no_tasks_should_be_left_over(self, before: MaybeCount, client: str | None = None) -> None:
        """At rest behind a load the server's loop runs no more tasks than before it; five more are allowed.

        | =Argument= | =Meaning=                                                                                      |
        | before     | what `Count The Servers Tasks` returned, with as many connections and with nothing going on    |
        | client     | who asks; none: the only open client                                                           |

        Records ``server_tasks_left``. Violation: leak. Left out where the target does not tell.

        | `No Tasks Should Be Left Over` | ${tasks} |
        """
        now = self.count_the_servers_tasks(client)
        if before is not None and now is not None:
            self._expect.conclude([(TOPIC, tasks_given_back(before, [now]))])

    def _say_what_is_supported(self, verdict: Verdict, limit: int) -> None:
        """Where neither a leak nor its absence is shown, the upper end of the interval is not held against the limit."""
        reason = undecided(verdict, AT_MOST, limit)
        if reason is not None:
            self._kit.record("not_measured", check=verdict.check, reason=reason, measurements=[AT_MOST])
            logger.warn(f"not measured: {reason}")
            verdict.measurements = [figure for figure in verdict.measurements if figure.name != AT_MOST]

    def _too_late_to_look(self, loads: Sequence[Load]) -> str | None:
        """Why the server was not looked at more often, if this process was late during one of the loads."""
        reasons = (self._kit.engine.lag.reason_for_invalid(load.begin, load.begin + load.lasted) for load in loads)
        return next((reason for reason in reasons if reason is not None), None)

    def _looks(self, whose: str, loads: Sequence[Load], *, to_the_end: bool = True) -> list[Look]:
        """Each look at a process in this test, with the messages that these loads had settled by then; else until the last of them was over."""
        if not loads:
            raise UsageError("say which load: give what 'Run Load' returned")
        volume, end = Volume(loads), math.inf if to_the_end else max(load.begin + load.lasted for load in loads)
        return [_look(event, round(volume.at(event.time))) for event in self._samples(whose, self._kit.scope.cursor) if event.time <= end]

    def _samples(self, whose: str, since: int) -> list[Event]:
        return [event for event in self._kit.engine.journal.slice(since, {whose}) if event.kind is Kind.SAMPLE]

    def _seen(self, looks: Sequence[Look], measurement: str) -> bool:
        """Whether the server was looked at; where its process is not known that is noted."""
        if self._kit.server(measurement) is None:
            return False
        if not looks:
            raise UsageError("the server was not looked at; use 'Start Watching The Server' before the first load")
        return True


def _look(event: Event, messages: float) -> Look:
    figures = event.details or {}
    return Look(messages, figures["memory"], figures["threads"], figures.get("descriptors"), figures["processor"])
