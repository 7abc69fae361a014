"""Keywords that put load on the target: one call is one phase over many connections, every reply checked while it runs."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from robot.api import SkipExecution, logger

from ..arguments import (
    Count,
    Duration,
    MaybeCount,
    MaybeDuration,
    MaybePortion,
    MaybeRate,
    MaybeShare,
    MaybeSize,
    Percentile,
    Portion,
)
from ..checks.load import Part, lossless_and_ordered, percentile_within
from ..checks.violations import Code
from ..engine.load import phase, preparing
from ..engine.load.histogram import Histogram
from ..engine.load.onlooker import Onlooker
from ..engine.load.plan import Plan, Stage
from ..engine.load.result import Load
from ..errors import EnvironmentSetupError, UsageError
from .decorator import keyword
from .expectation import Expectation, violated
from .kit import Kit
from .limits import clients_within, rate_within, size_within
from .sharing import Sharing

ONE = Count(1)
TOO_LARGE = "; it takes no message of this size: send smaller ones, or name its limit as 'limits.message_size' in its file"
LETS_GO = 1.0
"""s that an interrupted phase may take to drop its connections."""
PERCENTILES = (50, 90, 95, 99, 99.9, 100)


class LoadKeywords:
    """Phases of load, and what is expected of them."""

    def __init__(self, kit: Kit, expectation: Expectation) -> None:
        self._kit = kit
        self._expect = expectation
        self._phases = 0

    @keyword(tags=("Load", "Sending", "Figures"))
    def run_load(
        self, name: str, *, rate: MaybeRate = None, in_flight: MaybeCount = None, lasting: MaybeDuration = None, count: MaybeCount = None,
        connections: Count = ONE, ramp: MaybeDuration = None, burst: Count = ONE, size: MaybeSize = None, high: MaybeShare = None,
        copies: MaybeShare = None, shards: Count = ONE, share: MaybePortion = None,
    ) -> Load:
        """Puts load on the target over connections of its own, waits for the last answer, and records the figures.

        | =Argument=  | =Meaning=                                                                                             |
        | name        | how the figures are called, such as ``peak``                                                          |
        | rate        | open loop: messages are due at this rate over all connections, whatever the answers do                |
        | in_flight   | closed loop: so many unanswered messages on each connection; neither ``rate`` nor this: all at once   |
        | lasting     | how long messages fall due, such as ``60 s``                                                          |
        | count       | instead of ``lasting``: how many messages over all connections                                        |
        | connections | how many, 1 or more; each is a user of its own                                                        |
        | ramp        | with ``rate``: before that, the rate grows from 0 for so long                                         |
        | burst       | with ``rate``: so many messages are due at one instant                                                |
        | size        | size of each message's text, such as ``1 KiB``; none: a short line                                    |
        | high        | share of messages with high priority, such as ``10 %``                                                |
        | copies      | share of messages that are sent a second time with the same id                                        |
        | shards      | so many processes share the connections; 1: in this process                                           |
        | share       | this process puts on only its share, such as ``2 of 4``; see `Start Shared Target`                    |

        Returns the load, with ``sent``, ``answered``, ``refused``, ``lost``, ``rate`` (answered msg/s behind the ramp), ``lasted`` (s),
        ``latency`` (from the intended time), ``service`` (from the sending) and ``lag`` (the kit's own), ``tenths``, ``moments`` and
        ``connections``. Records ``<name>`` (msg/s), ``<name>_mean``, ``<name>_p50``, ``<name>_p90``, ``<name>_p95``, ``<name>_p99``,
        ``<name>_p99_9``, ``<name>_max`` (ms), ``<name>_sender_lag``, ``<name>_lost``, ``<name>_refused`` and ``<name>_processor``
        (share of a core), and writes the percentiles to ``histograms/`` in the run's folder. Nothing is judged: say what you expect with a ``... Should ...`` keyword.

        Every reply is checked as it comes: order, loss, second answers, strangers, contents. Figures of time are marked invalid when
        the generator itself was late; where others kept the server from the processor, a limit that is missed is *invalid*, and one that is kept is kept; with a lost shard they are *not measured*. Fails if connections are refused. Skipped as *not
        offered* where the owner of a foreign target does not permit the load (``permissions``).

        | ${load} =    `Run Load`    peak    rate=1000 msg/s    lasting=10 s    connections=10
        | ${load} =    `Run Load`    saturation    in_flight=16    lasting=5 s    connections=100
        """
        connections = Count(clients_within(self._kit, connections))
        rate_within(self._kit, connections / rate if rate is not None else None)
        size_within(self._kit, size)
        plan = Plan(
            connections=connections, stages=_stages(rate, lasting, count, ramp), burst=burst, window=_window(rate, in_flight, count),
            seconds=None if rate is not None or lasting is None else float(lasting), count=None if rate is not None else count,
            size=size, high_share=float(high or 0), duplicate_share=float(copies or 0), seed=self._kit.seed,
        )
        if count is not None and lasting is not None:
            raise UsageError("lasting=... and count=... contradict each other; give one of them")
        if plan.lasts is None and plan.count is None:
            raise UsageError("say how much load: lasting=... or count=...")
        if rate is None and (ramp is not None or burst > 1):
            raise UsageError("ramp=... and burst=... belong to rate=...: without a rate the answers decide when messages are sent")
        load = self._run(figure_name(name), plan, shards, share)
        self.conclude(load, whole=share is None)
        return load

    @keyword(tags=("Load", "Expectation"))
    def load_should_be_lossless_and_ordered(self, *loads: Load) -> None:
        """Every message of a load was answered exactly once (or refused openly), in order, with its own content, on its own connection.

        | =Argument= | =Meaning=                       |
        | loads      | what `Run Load` returned; one or more |

        Everything was checked while the load ran. Violations: lost, duplicated, phantom, corrupted (topic answers), reordered, gap
        (order), miscounted_duplicates (duplicates), leaked_to_other_user (isolation), and wrong_close for connections that ended early.

        | `Load Should Be Lossless And Ordered` | ${load} |
        """
        if not loads:
            raise UsageError("say which load: give what 'Run Load' returned")
        for load in loads:
            if load.unfinished:
                first = load.unfinished[0]
                violated(self._kit, "connections stay open under load", Code.WRONG_CLOSE,
                         f"{len(load.unfinished)} of {len(load.connections)} connections ended during '{load.name}'; connection {first.number + 1} was {first.closed}{TOO_LARGE * ('code 1009' in (first.closed or ''))}")
            ends = {"answered": load.answered, "refused": load.refused, "lost": load.lost}
            if load.missing:
                ends["not heard of"] = load.sent - sum(ends.values())
            self._expect.conclude(list(lossless_and_ordered(load.sent, ends, load.violations, load.sentences).items()))

    @keyword(tags=("Load", "Expectation", "Figures"))
    def latency_percentile_should_be_below(self, percentile: Percentile, limit: Duration, load: Load, *, tenths: bool = False) -> None:
        """A percentile of the latency, from the intended time, is within the limit, by an exact binomial test.

        | =Argument= | =Meaning=                                                                         |
        | percentile | such as ``p95`` or ``99.9``                                                       |
        | limit      | such as ``100 ms``                                                                |
        | load       | what `Run Load` returned                                                          |
        | tenths     | ``yes``: each tenth of the phase is judged by itself as well                      |

        One false alarm in a million on a target that just meets the limit. Violation: too_slow, which is void (test skipped as *invalid*)
        where the server was kept from the processor by others; so is everything when the generator was late; *not measured* when a shard was lost. Put it behind expectations of order and loss.

        | `Latency Percentile Should Be Below` | p95 | 100 ms | ${load} | tenths=yes |
        """
        must_be_measured(self._kit, load)
        stretches = [("the whole phase", load.latency), *((f"tenth {number}", tenth) for number, tenth in enumerate(load.tenths, 1) if tenths)]
        parts = [Part(name, histogram.total, histogram.above(float(limit))) for name, histogram in stretches]
        verdict = percentile_within(parts, float(limit), percentile / 100)
        self._expect.conclude([("latency", verdict)], invalid=load.void(verdict))

    # running

    def must_be_permitted(self, name: str, plan: Plan) -> None:
        """Skips the test as *not offered* where nobody may put this load on the target; for the largest of several before the first."""
        if reason := preparing.not_offered(self._kit.target, plan):
            self._kit.record("not_offered", check=name, reason=reason)
            raise SkipExecution(f"not offered: {reason}")

    def mark(self) -> str:
        """Begins message ids and account names of a phase; no other phase of the run has it, in no process."""
        self._phases += 1
        return f"load-{self._kit.records.run[-6:]}{os.getpid():x}-{self._kit.scope.number}-{self._phases}".lower()

    def conclude(self, load: Load, *, whole: bool = True) -> None:
        """Notes a load for the test's plot, refuses one whose connections were refused, and records the figures of a whole one."""
        self._kit.scope.loads.append(load)
        self._look_at_doors(load)
        if whole:
            self.record(load)

    def _run(self, name: str, plan: Plan, shards: int, share: Portion | None) -> Load:
        kit, target = self._kit, self._kit.target
        self.must_be_permitted(name, plan)
        preparing.check(target, plan, shards if share is None else share.of)
        ledger_since, mark = kit.ledger_end, self.mark()
        onlooker = Onlooker(plan, target.server)

        over = threading.Event()

        async def whole() -> Load:
            try:
                return await phase.run(target, name, plan, mark, tell=onlooker.tell, shards=shards)
            finally:
                over.set()

        with kit.progress(name.replace("_", " "), onlooker.look, plan.stretch):
            if share is None:
                with self._kept_when_interrupted(onlooker, over):
                    load = kit.engine.run(whole())
                load.ledger_since = ledger_since
            else:
                load = self._sharing().run(name, plan, share, mark, onlooker)
        load.server = onlooker.server
        return load

    @contextmanager
    def _kept_when_interrupted(self, onlooker: Onlooker, over: threading.Event) -> Iterator[None]:
        """Ctrl-C or a test time-out: the figures until then are recorded, and said to be of an interrupted phase."""
        try:
            yield
        except BaseException:
            load = onlooker.load
            if load is not None and over.wait(LETS_GO) and load.interrupted:
                self._kit.scope.loads.append(load)
                self.record(load)
            raise

    def _sharing(self) -> Sharing:
        if self._kit.sharing is None:
            raise UsageError("share=... needs the others: use 'Start Shared Target' in the Suite Setup")
        return self._kit.sharing

    def _look_at_doors(self, load: Load) -> None:
        """Load over half of the connections says nothing about all of them."""
        refused = sum(load.refused_connections.values())
        if refused:
            told = "; ".join(f"{count} times: {reason}" for reason, count in load.refused_connections.most_common(3))
            raise EnvironmentSetupError(f"{refused} of {load.plan.connections} connections to {self._kit.target.title} could not be opened: {told}; "
                                        f"what the others carry would say nothing of all; ask for fewer, or let the target take more{self._kit.obituary()}")

    def record(self, load: Load) -> None:
        """Writes the figures of a load."""
        name, invalid, crowded = load.name, load.invalid or ("; ".join(load.missing) or None), load.crowded
        if disturbed := invalid or crowded:
            self._kit.record("invalid", reason=f"{name}: {disturbed}")
            logger.warn(f"{name}: {disturbed}")
        figures = _figures(load)
        if figures:
            self._kit.records.keep(f"histograms/{os.getpid()}-{self._phases}-{name}.hgrm", load.latency.write)
        for figure, value, unit, samples in figures:
            self._kit.record("measurement", name=f"{name}{figure}", value=value, unit=unit, samples=samples, repetition=1, valid=invalid is None,
                             crowded=crowded is not None)
        for figure, number in (("lost", load.lost), ("refused", load.refused)):
            self._kit.record("measurement", name=f"{name}_{figure}", value=number, unit="messages", samples=load.sent, repetition=1, valid=True)
        logger.info(f"{name}: {load.sent:,} sent, {load.answered:,} answered, {load.refused:,} refused, {load.lost:,} lost"
                    + "".join(f"; {figure.lstrip('_') or 'rate'} {value:,.4g} {unit}" for figure, value, unit, _ in figures))


def figure_name(name: str) -> str:
    """How the figures of a load are called."""
    return name.lower().replace(" ", "_")


def must_be_measured(kit: Kit, load: Load) -> None:
    """Ends the test as not measured where a shard was lost: what the others did says nothing about time and rate."""
    if load.missing:
        reason = f"not measured: {'; '.join(load.missing)}"
        kit.record("invalid", reason=f"{load.name}: {reason}")
        raise SkipExecution(reason)


def _figures(load: Load) -> Sequence[tuple[str, float, str, int]]:
    """Figures of time and rate: none where a part of the load was not measured."""
    if load.rate is None:
        return ()
    samples = load.latency.total
    figures: list[tuple[str, float, str, int]] = [("", load.rate, "msg/s", load.answered), ("_mean", load.latency.mean * 1000, "ms", samples)]
    figures += [(f"_p{p:g}".replace(".", "_") if p < 100 else "_max", _milliseconds(load.latency, p), "ms", samples) for p in PERCENTILES]
    figures += [("_service_p99", _milliseconds(load.service, 99), "ms", load.service.total)] if load.service.total else []
    figures += [("_sender_lag", _milliseconds(load.lag, 99), "ms", load.lag.total)] if load.lag.total else []
    return [*figures, ("_processor", load.processor, "", len(load.moments))]


def _milliseconds(histogram: Histogram, p: float) -> float:
    return histogram.percentile(p) * 1000


def _stages(rate: float | None, lasting: float | None, count: int | None, ramp: float | None) -> tuple[Stage, ...]:
    if rate is None:
        return ()
    if lasting is None and count is None:
        raise UsageError("say how much load: lasting=... or count=...")
    seconds = lasting if lasting is not None else (count or 0) / rate
    if not seconds:
        raise UsageError("lasting=... must be more than 0 s")
    steady = Stage(float(seconds), float(rate), float(rate))
    return (Stage(float(ramp), 0.0, float(rate)), steady) if ramp else (steady,)


def _window(rate: float | None, in_flight: int | None, count: int | None) -> int | None:
    if rate is None:
        return in_flight if in_flight is not None else count
    if in_flight is not None:
        raise UsageError("rate=... and in_flight=... contradict each other: a rate goes on whatever the answers do; give one of them")
    return None
