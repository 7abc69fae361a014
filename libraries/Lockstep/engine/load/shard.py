"""One shard of a load phase: a command in, one line a second out. It runs in this process or in one of its own, and does not know which.

Lines, each a JSON object with ``event``:

- ``second``: what happened since the last line, while connecting, sending and waiting for the last answers (``phase``); short phases
  have them more often, so that a tenth of the phase can be told from the next
- ``done``: the totals of each connection, and how it ended
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, thread_time, time
from typing import Any

from ...targets.target import adapter_of
from ..handshake import Refused, tls
from .codec import Contents
from .columns import Columns, pairs
from .histogram import Histogram
from .lane import Lane
from .plan import Command
from .reading import reader
from .tally import Tally
from .traffic import traffic

Emit = Callable[[dict[str, Any]], None]
Agree = Callable[[], Awaitable[float]]
"""Asked when all connections are open: the time of day at which all shards begin."""
AT_A_TIME = 64
"""Handshakes under way at the same time."""
SILENT = 2.0
"""s without an answer after which the target is asked whether it still works on something."""
PENDING = "agent_state"
"""The question whose answer names how much is still to be processed."""


async def run(command: Command, emit: Emit, agree: Agree | None = None) -> None:
    """Opens the connections, agrees with other shards on the instant to begin, puts the load on, waits for the last answer, closes."""
    with _undisturbed():
        await _Shard(command, emit, agree).run()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """No collection of cycles during the phase: nothing here makes any, and looking for them costs milliseconds."""
    was_on = gc.isenabled()
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.unfreeze()
        if was_on:
            gc.enable()


class _Shard:
    """The connections of a shard and its clockwork."""

    def __init__(self, command: Command, emit: Emit, agree: Agree | None) -> None:
        self._command = command
        self._agree = agree
        self._emit = emit
        self._phase = "connecting"
        self._columns = Columns(Contents(command.plan.size, command.plan.seed))
        self._adapter = adapter_of(command.file, Path(command.path))
        self._traffic = traffic(command.plan)
        self._lanes = [self._lane(number) for number in range(len(command.doors))]
        self._profiles = [Histogram() for _ in self._lanes]
        self._opening = self._start = self._begun = self._stopped = 0.0
        self._told: Counter[str] = Counter()
        self._cpu = (monotonic(), thread_time())
        self._second = self._first = 0
        self._asked: dict[int, int] = {}
        """How many messages each connection had sent when it asked whether the target has anything to do."""
        self._wall = time() - monotonic()

    def _lane(self, number: int) -> Lane:
        command, door = self._command, self._command.doors[number]
        self._columns.prefixes.add(door.prefix)
        read, promised = reader(self._adapter, command.file), command.file.guarantees
        tally = Tally(f"connection {door.number + 1}", door.prefix, self._columns, read, self._adapter, continuous=promised.offsets == "continuous",
                      ordered=promised.order != "none", answer="none" if promised.duplicates.key == "none" else promised.duplicates.answer)
        return Lane(door, command, adapter=self._adapter, tally=tally, columns=self._columns, traffic=self._traffic)

    async def run(self) -> None:
        """The whole life of the shard."""
        teller = asyncio.create_task(self._tell(monotonic()))
        try:
            refused = await self._open()
            late = await self._until_start()
            teller.cancel()
            self._line()
            self._phase, self._first = "sending", self._second
            teller = asyncio.create_task(self._tell(self._start))
            if not refused:
                await self._load()
                self._phase = "waiting"
                await self._drain()
            self._phase = "closing"
        except asyncio.CancelledError:
            for lane in self._lanes:
                lane.abort()  # whoever interrupts does not wait for the target to say good-bye
            raise
        finally:
            teller.cancel()
            self._traffic.stop()
            self._line()
            ends = {lane.door.number: lane.closed for lane in self._lanes if lane.closed}
            await asyncio.gather(*(lane.close() for lane in self._lanes), return_exceptions=True)
        self._emit({**self._head("done"), "refused": refused, "opening": self._opening, "late": late, "start": self._start, "began": self._begun, "stopped": self._stopped,
                    "clock_step": time() - monotonic() - self._wall, "connections": [self._account(*each, ends) for each in enumerate(self._lanes)]})

    # phases

    async def _open(self) -> list[str]:
        """Opens all connections, a limited number at a time; returns why some could not be opened."""
        turns, reasons = asyncio.Semaphore(AT_A_TIME), list[str]()
        secure = any(lane.door.url.startswith("wss:") for lane in self._lanes)
        context = tls(self._command.file.connect) if secure else None

        async def opened(lane: Lane) -> None:
            async with turns:
                try:
                    await lane.open(context)
                except Refused as refusal:
                    reasons.append(str(refusal))

        begin = monotonic()
        await asyncio.gather(*(opened(lane) for lane in self._lanes))
        self._opening = monotonic() - begin
        return reasons

    async def _until_start(self) -> float:
        """Waits for the agreed instant; returns by how many seconds it was missed."""
        agreed = None if self._agree is None else await self._agree()
        now = monotonic()
        wanted = now if agreed is None else agreed - self._wall
        if wanted > now:
            await asyncio.sleep(wanted - now)
        self._start = wanted
        return max(0.0, now - wanted)

    async def _load(self) -> None:
        plan = self._command.plan
        lanes = [lane for lane in self._lanes if lane.is_open]
        self._begun = monotonic()
        self._traffic.begin(lanes, self._start)
        end = math.inf if plan.lasts is None else self._start + plan.lasts
        while any(lane.is_open for lane in lanes) and (now := monotonic()) < end:
            if plan.count is not None and all(self._has_sent_its_part(lane) for lane in lanes):
                break
            await asyncio.sleep(min(0.01, end - now))
        if plan.stages:
            await asyncio.sleep(0.002)  # the tick that is due now
        self._traffic.stop()
        self._stopped = monotonic()

    def _has_sent_its_part(self, lane: Lane) -> bool:
        part = self._command.plan.part_of(lane.door.number)
        return not lane.is_open or part is None or lane.tally.sent >= part

    async def _drain(self) -> None:
        """Waits until nothing waits any more; what the target has lost is written off by the second hand."""
        while any(lane.is_open and (lane.owed or not lane.tally.is_settled) for lane in self._lanes):  # noqa: ASYNC110 - looking is cheaper than telling
            await asyncio.sleep(0.005)
        for lane in self._lanes:
            lane.tally.write_off()

    # the second hand

    async def _tell(self, begin: float) -> None:
        for number in itertools.count(1):
            await asyncio.sleep(max(0.0, begin + number * self._command.every - monotonic()))
            self._line()
            self._look_for_losses()

    def _look_for_losses(self) -> None:
        """Asks where nothing came for a while; writes off what is missing when the target has nothing to do any more."""
        now = monotonic()
        for lane in self._lanes:
            silent = now - max(lane.tally.last_arrival, self._begun)
            if not lane.is_open or silent < SILENT or (lane.tally.is_settled and not lane.owed):
                continue
            if silent > self._command.plan.patience and lane.owed:
                lane.give_up()
            elif silent > self._command.plan.patience or self._has_nothing_to_do(lane):
                self._traffic.ended(lane, lane.tally.write_off())

    def _has_nothing_to_do(self, lane: Lane) -> bool:
        """True when the target has answered that it works on nothing of this user; else it is asked, if it can be.

        Its answer says nothing of what was sent after the question.
        """
        number, tally = lane.door.number, lane.tally
        if number in self._asked:
            if tally.target_is_idle is None:
                return False
            if self._asked.pop(number) == tally.sent and tally.target_is_idle:
                return True
        if PENDING in self._command.file.questions and lane.ask(PENDING, f"{tally.prefix}q{self._second}"):
            tally.target_is_idle = None
            self._asked[number] = tally.sent
        return False

    def _line(self) -> None:
        """Says what happened since the last line."""
        now, cpu = monotonic(), thread_time()
        lasted = max(now - self._cpu[0], 1e-9)
        times: list[int] = []
        for lane, profile in zip(self._lanes, self._profiles, strict=True):
            column = lane.tally.times
            if column:
                lane.tally.times = []
                times += column
                profile.add(Histogram.of(column, rough=True))
        counts = Counter({name: sum(getattr(lane.tally, name) for lane in self._lanes) for name in ("sent", "answered", "refused", "lost")})
        line = {
            **self._head("second"), "second": self._second, "first": self._first, "phase": self._phase, "time": now, "lasted": lasted,
            **{name: counts[name] - self._told[name] for name in counts},
            "waiting": sum(len(lane.tally.waiting) for lane in self._lanes), "open": sum(lane.is_open for lane in self._lanes),
            "processor": (cpu - self._cpu[1]) / lasted, "latency": pairs(times), **self._columns.fold(),
        }
        self._told, self._cpu = counts, (now, cpu)
        self._second += 1
        self._emit(line)

    def _head(self, event: str) -> dict[str, Any]:
        return {"schema": 1, "event": event, "shard": self._command.shard}

    def _account(self, position: int, lane: Lane, ends: dict[int, str]) -> dict[str, Any]:
        tally, profile = lane.tally, self._profiles[position]
        return {"number": lane.door.number, "user": lane.door.user, "prefix": lane.door.prefix, "sent": tally.sent, "answered": tally.answered, "refused": tally.refused,
                "lost": tally.lost, "unsent": lane.owed, "p50": profile.percentile(50), "p95": profile.percentile(95),
                "last": tally.last_arrival, "closed": ends.get(lane.door.number)}
