"""Expectations about a flood: how soon it is refused, how soon it is over, and that it leaves no trace."""

from __future__ import annotations

from functools import partial

from ..arguments import Count, Duration, Percentile
from ..checks.answers import nothing_lost
from ..checks.latency import latency_within, percentile
from ..checks.load import Part, percentile_within
from ..checks.progress import drained_within, nothing_refused
from ..checks.queue.pressure import pressure_told
from ..checks.violations import Code
from ..engine.load.result import Load
from .decorator import keyword
from .expectation import Expectation, violated
from .kit import Kit
from .load import must_be_measured
from .measuring import Phase
from .queueing import FAILED

P95 = Percentile(95)
FACTOR, FLOOR = 5, 0.05
"""So many times, and so many seconds above, what an answer took before."""


class PressureKeywords:
    """More than the target can do, and the time behind that."""

    def __init__(self, kit: Kit, expectation: Expectation) -> None:
        self._kit = kit
        self._expect = expectation

    @keyword(tags=("Load", "Expectation", "Backpressure", "Figures"))
    def refusals_should_come_within(self, limit: Duration, load: Load, percentile: Percentile = P95) -> None:
        """Whoever is turned away hears it soon: a percentile of the time from the sending to the refusal is within the limit.

        | =Argument= | =Meaning=                                                                                      |
        | limit      | such as ``100 ms``                                                                             |
        | load       | what `Run Load` returned; with ``in_flight``, since what waits on the way would count as well  |
        | percentile | such as ``p95``                                                                                |

        By an exact binomial test: one false alarm in a million on a target that just meets the limit. Records ``refusal_p95`` (ms).
        Violation: too_slow; vacuous if nothing was refused. Void (test skipped as *invalid*) when this kit was late, or when the
        server got no processor for more than a fifth of the time although it was ready to work.

        | `Refusals Should Come Within` | 100 ms | ${load} |
        """
        kit = self._kit
        must_be_measured(kit, load)
        part = Part("refusals", load.refusal.total, load.refusal.above(float(limit)))
        verdict = percentile_within([part], float(limit), percentile / 100)
        if part.replies:
            verdict.measured(f"refusal_p{percentile:g}".replace(".", "_"), load.refusal.percentile(percentile) * 1000, "ms", part.replies)
        late = load.void(verdict) or kit.engine.lag.reason_for_invalid(load.begin, load.begin + load.lasted)
        self._expect.conclude([("refusals", verdict)], invalid=late)

    @keyword(tags=("Expectation", "Backpressure"))
    def pressure_should_have_been_told(self, client: str | None = None) -> None:
        """Who was refused for lack of room had been told before, unasked, that the queue fills, and was told when it was relieved.

        | =Argument= | =Meaning=                                                    |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        The shares of the capacity at which this is due come from the target file (``guarantees.pressure``); left out where it promises
        none. Violations: no_backpressure (not told), miscounted (told at another depth), disagreement (told twice), slow_recovery
        (never relieved); vacuous if nothing was refused and nothing told.

        | `Pressure Should Have Been Told` |
        """
        file = self._kit.target.file
        capacity, promised = file.limits.queue_capacity, file.guarantees.pressure
        if promised is not None and capacity is not None and self._expect.offered("pressure", "words about pressure"):
            self._expect.holds(partial(pressure_told, capacity=capacity, begins=promised.begins, ends=promised.ends), client=client)

    @keyword(tags=("Expectation", "Backpressure"))
    def the_queue_should_drain_to(self, below: Count, within: Duration, client: str | None = None) -> None:
        """After the last message that was sent, soon fewer messages wait than this.

        | =Argument= | =Meaning=                                                    |
        | below      | fewer than so many messages, such as ``100``                 |
        | within     | of the last sending, such as ``30 s``                        |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Counted by what was let in and what was answered. Use it before anything else is sent. Records ``drained`` (ms). Violation:
        slow_recovery. The limit is one of seconds, beside which the lateness of a generator does not count.

        | `The Queue Should Drain To` | 100 | within=30 s |
        """
        self._expect.holds(partial(drained_within, below=int(below), limit=float(within)), client=client)

    @keyword(tags=("Expectation", "Backpressure"))
    def everything_should_be_answered_as_in(self, baseline: Phase, phase: Phase) -> None:
        """Behind a disturbance every message is let in and answered, as it was before.

        | =Argument= | =Meaning=                                             |
        | baseline   | what `Measure Phase` returned before the disturbance, at a higher rate |
        | phase      | what it returned behind                               |

        Violations: lost, slow_recovery; rate_not_sustained where the target refused messages of the baseline already.

        | `Everything Should Be Answered As In` | ${baseline} | ${recovery} |
        """
        before = nothing_refused(baseline.history, Code.RATE_NOT_SUSTAINED)
        if before.ok:
            self._expect.judge(phase.history, [nothing_lost, nothing_refused])
        else:
            self._expect.conclude([("rate", before)], baseline.history, baseline.invalid or baseline.crowded)

    @keyword(tags=("Load", "Expectation"))
    def so_many_messages_should_have_failed(self, count: Count, load: Load) -> None:
        """The agent failed on exactly so many messages of a load, and the target said so of each.

        | =Argument= | =Meaning=                                             |
        | count      | how many, as `Let Messages Fail` was told             |
        | load       | what `Run Load` returned                              |

        Violation: lost. That they had no effect is for `The Ledger Should Agree With` to say.

        | `So Many Messages Should Have Failed` | 2000 | ${failing} |
        """
        failed = load.reasons[FAILED]
        if failed != count:
            told = ", ".join(f"{number} {reason}" for reason, number in load.reasons.most_common()) or "none"
            violated(self._kit, "failed messages are told", Code.LOST,
                     f"the agent was to fail on {count} messages of '{load.name}', but {failed} were refused for that (refused: {told})")

    @keyword(tags=("Expectation", "Figures"))
    def answers_should_come_as_fast_as_in(self, baseline: Phase, phase: Phase) -> None:
        """Behind a disturbance answers come about as fast as before it: 95 % of them within five times the p95 of then, and 50 ms.

        | =Argument= | =Meaning=                                             |
        | baseline   | what `Measure Phase` returned before the disturbance  |
        | phase      | what it returned behind                               |

        Judged by an exact binomial test. Violation: too_slow. Void (test skipped as *invalid*) when the generator was late in either.

        | `Answers Should Come As Fast As In` | ${baseline} | ${recovery} |
        """
        limit = FACTOR * percentile(baseline.history.sorted_latencies, 95) + FLOOR if baseline.history.sorted_latencies else FLOOR
        verdict = latency_within(phase.history, limit)
        self._expect.conclude([("latency", verdict)], phase.history, baseline.invalid or phase.invalid or (None if verdict.ok else phase.crowded))
