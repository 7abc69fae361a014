"""What one generator core holds by a timetable, how fast connections open, and what it keeps in memory."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import lane
from benchmarks.rows import Row
from benchmarks.stage import Generator, Server
from Lockstep.engine.load.plan import Plan, Stage
from Lockstep.engine.load.result import Load

Tell = Callable[[str], None]
CONNECTIONS = 10
COMING_UP = 10
"""Looks at a process, half a second apart, before what it keeps in memory is compared."""


def steady(rate: int, seconds: float, connections: int = CONNECTIONS) -> Plan:
    """A timetable of one rate."""
    return Plan(connections=connections, stages=(Stage(seconds, rate, rate),))


def paced_10000(rounds: int, seconds: float, tell: Tell) -> list[Row]:
    """10 000 msg/s: the achieved rate, the latency from the intended time, the generator's CPU."""
    return _held("paced 10000", 10_000, rounds, seconds, tell, late_ms=10, core=45)


def echo_50000(rounds: int, seconds: float, tell: Tell) -> list[Row]:
    """50 000 msg/s."""
    return _held("echo 50000", 50_000, rounds, seconds, tell)


def _held(name: str, rate: int, rounds: int, seconds: float, tell: Tell, *, late_ms: float | None = None, core: float | None = None) -> list[Row]:
    achieved, late, busy = Row(name, "msg/s"), Row(f"{name}, p99", "ms"), Row(f"{name}, generator CPU", "% of a core")
    for number in range(1, rounds + 1):
        load = _on_echo(steady(rate, seconds))
        achieved.add(load.rate, rate, sent_late_ms=load.lag.percentile(99) * 1e3)
        late.add(load.latency.percentile(99) * 1e3, late_ms, p50=load.latency.percentile(50) * 1e3, service_p99=load.service.percentile(99) * 1e3)
        busy.add(load.processor * 100, core)
        tell(f"{name} round {number}: {told(load)}")
    return [achieved, late, busy]


def told(load: Load) -> str:
    """The figures of a load by a timetable, in a line."""
    return (f"{load.rate:,.0f} msg/s achieved, latency p50 {load.latency.percentile(50) * 1e3:.2f} p99 {load.latency.percentile(99) * 1e3:.2f} ms, "
            f"lag p99 {load.lag.percentile(99) * 1e3:.2f} ms, generator {load.processor:.0%} of a core; {load.invalid or 'valid'}")


def _on_echo(plan: Plan, meanwhile: Callable[[Generator], None] = lambda _generator: None) -> Load:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, Server() as server:
        return lane.phase(lane.command_for(server.url, plan), Path(folder), meanwhile)


def open_500(rounds: int, seconds: float, tell: Tell) -> list[Row]:
    """500 connections: seconds until all are open, and how much larger the process is than with one."""
    opening, memory = Row("open 500", "s"), Row("open 500, each", "KiB")
    for number in range(1, rounds + 1):
        sizes = []
        for connections in (1, 500):
            seen: list[int] = []
            load = _on_echo(steady(100, min(seconds, 2.0), connections), lambda generator, seen=seen: _look(generator, seen, 0.02))
            sizes.append(max(seen))
        each = (sizes[1] - sizes[0]) / 499 / 1024
        opening.add(load.opening, 1.0)
        memory.add(each, 20.0)
        tell(f"open 500 round {number}: all open in {load.opening:.2f} s, {each:.1f} KiB each")
    return [opening, memory]


def memory_600(rounds: int, seconds: float, tell: Tell) -> list[Row]:
    """10 000 msg/s for ten minutes: the size of the process in the last tenth against that in the second."""
    row = Row("memory 600 s", "MB")
    for number in range(1, rounds + 1):
        seen: list[int] = []
        load = _on_echo(steady(10_000, seconds), lambda generator, seen=seen: _look(generator, seen, 0.5))
        seen = seen[COMING_UP:]
        tenth = max(1, len(seen) // 10)
        early, late = (statistics.median(part) / 1e6 for part in (seen[tenth : 2 * tenth] or seen, seen[-tenth:]))
        row.add(late, early, most=max(seen) / 1e6)
        tell(f"memory round {number}: {early:.1f} MB in the second tenth, {late:.1f} MB in the last; {told(load)}")
    return [row]


def _look(generator: Generator, seen: list[int], every: float) -> None:
    """Notes the size of the process until it ends."""
    while generator.process.poll() is None:
        if size := generator.memory:
            seen.append(size)
        time.sleep(every)
