"""What came of a load phase: the lines of all shards merged exactly, and the figures that are read from them."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ...checks.verdict import Verdict
from ..lag import LATE
from ..server_figures import ServerFigures, crowded_out
from .histogram import Histogram
from .plan import Plan

BUSY = 0.9
"""Share of a core above which a generator without a timetable is taken for the limit itself."""
CLOCK_STEP = 0.05
"""s by which the clock of the day may move against the monotonic one during a phase."""
TENTHS = 10


@dataclass(frozen=True, slots=True)
class Moment:
    """What happened between two lines of the shards; ``at`` is its end in seconds after the start of the load."""

    at: float
    lasted: float
    sent: int
    answered: int
    refused: int
    waiting: int
    processor: float
    times: array[int]
    """Its latencies, packed: a phase of an hour has thousands of moments."""

    @property
    def latency(self) -> Histogram:
        """The distribution of its latencies."""
        return Histogram.unpacked(self.times)


@dataclass(frozen=True, slots=True)
class ConnectionAccount:
    """The totals of one connection; times in seconds from the intended sending."""

    number: int
    user: str
    prefix: str
    """Begins the ids of its messages; a number from 0 follows."""
    sent: int
    answered: int
    refused: int
    lost: int
    unsent: int
    p50: float
    p95: float
    last: float
    closed: str | None
    shard: int = 0
    """The process that had it."""


@dataclass(slots=True)
class Load:
    """A load phase. Times are seconds; latency counts from the intended time, service from the sending, lag is the kit's own."""

    name: str
    plan: Plan
    sent: int = 0
    answered: int = 0
    refused: int = 0
    lost: int = 0
    copies_sent: int = 0
    copies_answered: int = 0
    held_up: int = 0
    """Messages that left late because the socket took none."""
    without_digest: int = 0
    latency: Histogram = field(default_factory=Histogram)
    service: Histogram = field(default_factory=Histogram)
    lag: Histogram = field(default_factory=Histogram)
    refusal: Histogram = field(default_factory=Histogram)
    reasons: Counter[str] = field(default_factory=Counter)
    others: Counter[str] = field(default_factory=Counter)
    violations: Counter[str] = field(default_factory=Counter)
    sentences: list[tuple[str, str]] = field(default_factory=list)
    moments: list[Moment] = field(default_factory=list)
    connections: list[ConnectionAccount] = field(default_factory=list)
    refused_connections: Counter[str] = field(default_factory=Counter)
    opening: float = 0.0
    """s in which all connections were opened."""
    begin: float = 0.0
    """Monotonic instant of the start."""
    missing: list[str] = field(default_factory=list)
    """What became of shards that were lost: then neither rate nor time was measured."""
    server: list[ServerFigures] = field(default_factory=list)
    """What was seen of the server's process once a second; none where it is not known."""
    ledger_since: int = 0
    """Index in the ledger behind which the load stands."""
    late_start: float = 0.0
    clock_step: float = 0.0
    interrupted: bool = False
    """Somebody ended it before its time; what is here was measured until then, but for the totals of its connections."""

    @property
    def lasted(self) -> float:
        """From the start to the last answer, or to the interruption."""
        if self.interrupted:
            return self.moments[-1].at if self.moments else 0.0
        return max((account.last for account in self.connections), default=self.begin) - self.begin

    @property
    def rate(self) -> float | None:
        """Answered messages per second, from when the first message behind the ramp was due to the last answer; None where a part of
        the load was not measured.
        """
        if self.missing:
            return None
        ramp = self.plan.ramp
        answered = self.answered - (math.ceil(ramp.messages) if ramp else 0)
        lasted = self.lasted - (ramp.seconds if ramp else 0.0)
        return answered / lasted if answered > 0 and lasted > 0 else 0.0

    @property
    def unsent(self) -> int:
        """Messages that were due and never left, because their connection was gone or took none."""
        return sum(account.unsent for account in self.connections)

    @property
    def unfinished(self) -> list[ConnectionAccount]:
        """Connections that ended before the phase did."""
        return [account for account in self.connections if account.closed]

    @property
    def processor(self) -> float:
        """Share of a core that the busiest stretch of generating took, in the mean of all shards' lines."""
        busy = [moment for moment in self.moments if moment.sent]
        return sum(moment.processor for moment in busy) / len(busy) if busy else 0.0

    @property
    def invalid(self) -> str | None:
        """Why the generator's own figures of time and rate mean nothing, if they do."""
        if self.interrupted:
            of = f" of {self.plan.lasts:g} s" if self.plan.lasts else ""
            return f"invalid: interrupted after {self.lasted:.1f} s{of}; what was measured until then is kept"
        lag = self.lag.percentile(99)
        if lag > LATE:
            return f"invalid: the generator sent late (99 % within {lag * 1000:.0f} ms, {LATE * 1000:.0f} ms allowed) while its sockets took messages"
        if self.late_start > LATE:
            return f"invalid: a shard began {self.late_start * 1000:.0f} ms after the agreed instant"
        if abs(self.clock_step) > CLOCK_STEP:
            return f"invalid: the clock of this machine stepped by {self.clock_step:+.2f} s during the phase"
        return None

    @property
    def crowded(self) -> str | None:
        """Why a time or rate that the target missed is not its own doing, if others kept it from its work; what it kept it has kept."""
        return crowded_out([look for look in self.server if self.begin <= look.time <= self.begin + self.lasted])

    def void(self, verdict: Verdict) -> str | None:
        """Why a verdict on times or rates of this load does not count, if it does not."""
        return self.invalid or (None if verdict.ok else self.crowded)

    @property
    def limited_by_us(self) -> str | None:
        """Why a low rate would be the generator's and not the target's, if it would."""
        if self.plan.stages or self.processor < BUSY:
            return None
        return f"invalid: the generator itself was the limit ({self.processor:.0%} of a core); share the load among more shards"

    @property
    def tenths(self) -> list[Histogram]:
        """The latency of each tenth of the phase."""
        return self.parts(TENTHS)

    def parts(self, count: int) -> list[Histogram]:
        """The latency of so many equally long parts of the phase; those in which nothing was told are empty."""
        parts = [Histogram() for _ in range(count)]
        whole = self.moments[-1].at if self.moments else 1.0
        for moment in self.moments:
            middle = max(0.0, moment.at - moment.lasted / 2)
            parts[min(count - 1, int(middle / whole * count))].add(moment.latency)
        return parts


class Merge:
    """Takes the lines of all shards in whatever order they come."""

    def __init__(self, name: str, plan: Plan) -> None:
        self.load = Load(name, plan)
        self._moments: dict[int, Moment] = {}
        """By their number; ``at`` counts from no beginning yet, and ``processor`` is the sum of all shards."""
        self._lines: Counter[int] = Counter()

    def take(self, line: Mapping[str, Any]) -> None:
        """One line of one shard."""
        load = self.load
        if line["event"] == "done":
            load.begin = min(load.begin or line["start"], line["start"])
            load.opening = max(load.opening, line["opening"])
            load.late_start = max(load.late_start, line["late"])
            load.clock_step = max(load.clock_step, line["clock_step"], key=abs)
            load.refused_connections.update(line["refused"])
            load.connections += [ConnectionAccount(**account, shard=line["shard"]) for account in line["connections"]]
            return
        for name in ("sent", "answered", "refused", "lost", "copies_sent", "copies_answered", "held_up", "without_digest"):
            setattr(load, name, getattr(load, name) + line[name])
        for histogram in ("latency", "service", "lag", "refusal"):
            getattr(load, histogram).add(Histogram(line[histogram]))
        for counter in ("reasons", "others", "violations"):
            getattr(load, counter).update(line[counter])
        load.sentences += [(each["code"], each["sentence"]) for each in line["sentences"]]
        if line["phase"] != "connecting":
            load.begin = load.begin or line["time"] - line["lasted"]  # until the shard itself says it, when it is done
            number = line["second"] - line["first"]
            self._lines[number] += 1
            self._moments[number] = _joined(self._moments.get(number), line)

    def finished(self) -> Load:
        """The merged phase."""
        load = self.load
        load.connections.sort(key=lambda account: account.number)
        load.moments += [
            replace(moment, at=moment.at - load.begin, processor=moment.processor / self._lines[number]) for number, moment in sorted(self._moments.items())
        ]
        return load


def _joined(moment: Moment | None, line: Mapping[str, Any]) -> Moment:
    """What the shards have said of the same stretch. The lines themselves would take a megabyte a second."""
    latency = Histogram(line["latency"])
    if moment is None:
        return Moment(line["time"], line["lasted"], line["sent"], line["answered"], line["refused"], line["waiting"], line["processor"], latency.packed())
    latency.add(moment.latency)
    return Moment(
        max(moment.at, line["time"]), max(moment.lasted, line["lasted"]), moment.sent + line["sent"], moment.answered + line["answered"],
        moment.refused + line["refused"], moment.waiting + line["waiting"], moment.processor + line["processor"], latency.packed(),
    )
