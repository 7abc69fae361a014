"""Keywords about how much the target carries: steps of rising rate, the phases of a benchmark, and what must hold in them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from robot.api import logger

from ..arguments import BenchmarkPhase, Count, Duration, Durations, MaybeRate, Rate, Rates
from ..checks.scaling import Step, answered_in_full, steps_kept
from ..engine.load import shape
from ..engine.load.plan import Plan, Stage
from ..engine.load.result import Load
from ..errors import UsageError
from .decorator import keyword
from .expectation import Expectation
from .kit import Kit
from .limits import clients_within, rate_within
from .load import LoadKeywords, must_be_measured

MANY = Count(50)


class Steps(list[Load]):
    """What `Run Load Steps` returned: one load for each of the ``rates``, which rise."""

    def __init__(self, rates: Rates, loads: Iterable[Load]) -> None:
        super().__init__(loads)
        self.rates = rates


class ScalingKeywords:
    """Loads of several rates."""

    def __init__(self, kit: Kit, expectation: Expectation, load: LoadKeywords) -> None:
        self._kit = kit
        self._expect = expectation
        self._load = load

    @keyword(tags=("Load", "Sending", "Figures"))
    def run_load_steps(
        self, name: str, *, rates: Rates, each: Duration, within: Duration, promised: MaybeRate = None, connections: Count = MANY,
    ) -> Steps:
        """Offers one rate after the other, each for the same time and in open loop, and waits for the last answer in between.

        | =Argument=  | =Meaning=                                                                               |
        | name        | how the figures are called, such as ``scaling``; the rate of each step is added         |
        | rates       | rising, such as ``100, 300, 600 msg/s``                                                 |
        | each        | how long each rate is offered, such as ``10 s``                                         |
        | within      | how long the last answer may take, such as ``500 ms``                                   |
        | promised    | the rate that is promised; where it is not among the rates it becomes a step as well    |
        | connections | how many, the same in each step; each is a user of its own                              |

        As a rate counts until the last answer, each step offers a little more than its rate: rate * (1 + within / each).

        Returns the loads, one for each rate. Records for each what `Run Load` records: ``scaling_300`` (answered msg/s),
        ``scaling_300_p95`` ... Nothing is judged. Skipped as *not offered* before the first step where one of them is not permitted.

        | ${steps} =    `Run Load Steps`    scaling    rates=100, 300, 600 msg/s    each=10 s    within=500 ms
        """
        if not each:
            raise UsageError("each=... must be more than 0 s")
        if any(before >= after for before, after in pairwise(rates)):
            raise UsageError(f"rates must rise from step to step, not {_told(rates)}")
        if promised is not None:
            rates = Rates(sorted({*rates, promised}))
        offers = [Rate(shape.shown(rate, each, within)) for rate in rates]
        rate_within(self._kit, clients_within(self._kit, connections) / offers[-1])
        self._load.must_be_permitted(name, Plan(connections=connections, stages=(Stage(float(each), offers[-1], offers[-1]),)))
        return Steps(rates, [
            self._load.run_load(f"{name} {rate:g}", rate=offer, lasting=each, connections=connections) for rate, offer in zip(rates, offers, strict=True)
        ])

    @keyword(tags=("Load", "Sending", "Figures"))
    def run_benchmark_phase(
        self, phase: BenchmarkPhase, *, sustained: Rate, peak: Rate, times: Durations, within: Duration, connections: Count = MANY,
    ) -> Load:
        """Runs one phase of the benchmark, whose shape follows from the two agreed rates.

        | =Argument=  | =Meaning=                                                                                            |
        | phase       | ``warm-up``, ``ramp``, ``sustained``, ``peak`` or ``cool-down``                                      |
        | sustained   | the agreed sustained rate, such as ``5000 msg/s``                                                    |
        | peak        | the agreed peak rate, such as ``10000 msg/s``                                                        |
        | times       | how long the five phases take, such as ``30, 60, 120, 60, 30 s``                                     |
        | within      | how long the last answer may take, such as ``200 ms``                                                |
        | connections | how many; each is a user of its own                                                                  |

        Offered are a fifth of the sustained rate (warm-up); a rate that grows to the sustained one in the first half and stays there
        in the second (ramp); the mean of both rates (sustained); the peak rate (peak); two fifths of the sustained rate (cool-down).
        As a rate counts until the last answer, ramp and peak offer a little more than agreed: rate * (1 + within / time).

        Returns the load and records its figures under ``benchmark_`` and the phase, such as ``benchmark_peak_p95``.

        | ${load} =    `Run Benchmark Phase`    peak    sustained=300 msg/s    peak=600 msg/s    times=2, 3, 6, 3, 2 s    within=500 ms
        """
        if len(times) != len(shape.PHASES) or not all(times):
            raise UsageError(f"times=... needs {len(shape.PHASES)} times of more than 0, for {', '.join(shape.PHASES)}, not {_told(times)}")
        seconds = times[shape.PHASES.index(phase.value)]
        offer = shape.offer(phase.value, sustained=sustained, peak=peak, seconds=seconds, within=within)
        return self._load.run_load(
            f"benchmark {phase.name}", rate=Rate(offer.rate), lasting=Duration(offer.lasting), ramp=Duration(offer.ramp) if offer.ramp else None,
            connections=connections,
        )

    @keyword(tags=("Load", "Expectation"))
    def load_should_be_answered_in_full(self, *loads: Load) -> None:
        """No message of a load was refused or left without an answer; for rates that are promised.

        | =Argument= | =Meaning=                             |
        | loads      | what `Run Load` returned; one or more |

        Violation: rate_not_sustained. A message that was refused when the generator was late is no violation but *invalid* (the test is
        skipped), for then it sent more at once than agreed; put it behind expectations of order and loss.

        | `Load Should Be Answered In Full` | ${load} |
        """
        for load in loads:
            must_be_measured(self._kit, load)
            verdict = answered_in_full(load.sent, load.answered)
            self._expect.conclude([("rate", verdict)], invalid=None if verdict.ok else load.void(verdict))

    @keyword(tags=("Load", "Expectation", "Figures"))
    def the_target_should_keep_up_with_each_step(self, steps: Steps, *, up_to: Rate, within: Duration) -> None:
        """Each step up to a rate was answered in full, at its rate, 95 % of it in time; tells where the target stops keeping up.

        | =Argument= | =Meaning=                                                         |
        | steps      | what `Run Load Steps` returned                                    |
        | up_to      | the rate that is promised, such as ``300 msg/s``                  |
        | within     | the limit of 95 % of the answers, such as ``500 ms``              |

        Each step is judged by itself, its time by an exact binomial test. Records ``knee`` (msg/s: the last rate before the first step
        that misses a limit), ``headroom`` (msg/s: by how much the knee lies above ``up_to``; where no step misses, more was not
        offered) and ``rate_correlation`` (Pearson's r of offered and answered rates). Violations: rate_not_sustained, too_slow. Void (test skipped as
        *invalid*) when the generator was late in a step up to this rate; above it the knee is only looked for below such a step.

        | `The Target Should Keep Up With Each Step` | ${steps} | up_to=300 msg/s | within=500 ms |
        """
        if steps.rates[0] > up_to:
            raise UsageError(f"no step offers {up_to:g} msg/s or less; the first is at {steps.rates[0]:g} msg/s")
        for load in steps:
            must_be_measured(self._kit, load)
        judged = [
            Step(float(rate), load.sent, load.answered, load.latency.above(float(within)), load.rate or 0.0)
            for rate, load in zip(steps.rates, steps, strict=True)
        ]
        void = [load.void(steps_kept([step], step.rate, float(within))) for step, load in zip(judged, steps, strict=True)]
        invalid = next((reason for step, reason in zip(judged, void, strict=True) if step.rate <= up_to and reason), None)
        sound = len(steps) if invalid else next((place for place, reason in enumerate(void) if reason), len(steps))
        verdict = steps_kept(judged[:sound], float(up_to), float(within))
        knee = next(figure.value for figure in verdict.measurements if figure.name == "knee")
        self._kit.scope.knee = next((load.name for rate, load in zip(steps.rates, steps, strict=True) if rate == knee), "")
        self._expect.conclude([("rate", verdict)], invalid=invalid)
        if sound < len(steps):
            logger.warn(f"the knee was looked for below {steps.rates[sound]:g} msg/s only; there it was {void[sound]}")


def _told(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:g}" for value in values)
