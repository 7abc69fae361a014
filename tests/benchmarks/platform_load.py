"""The reference platform under the load lane: every message through its queue, window of duplicates, store and ledger."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import psutil

from benchmarks import lane
from benchmarks.paced import steady, told
from benchmarks.rows import Row
from benchmarks.stage import SERVERS
from Lockstep.engine.load import preparing
from Lockstep.engine.load.plan import Plan
from Lockstep.engine.load.result import Load
from Lockstep.engine.loop_thread import new_loop
from Lockstep.targets import load_target

Tell = Callable[[str], None]


def saturation(rounds: int, seconds: float, tell: Tell) -> list[Row]:
    """100 connections with 16 unanswered each: processed, committed and answered messages per second."""
    row = Row("platform saturation", "msg/s")
    for number in range(1, rounds + 1):
        load, server_us = _loaded(Plan(connections=100, window=16, seconds=seconds))
        row.add(load.rate, 40_000, server_us=server_us, p99_ms=load.latency.percentile(99) * 1e3, generator_core=load.processor)
        tell(f"platform saturation round {number}: {load.rate:,.0f} msg/s, {server_us:.1f} us of the server's CPU a message; "
             f"p99 {load.latency.percentile(99) * 1e3:.1f} ms, generator {load.processor:.0%} of a core")
    return [row]


def full_peak(rounds: int, seconds: float, tell: Tell) -> list[Row]:
    """The peak of profile full, 10 000 msg/s by timetable."""
    achieved, p95, p99 = Row("platform full peak", "msg/s"), Row("platform full peak, p95", "ms"), Row("platform full peak, p99", "ms")
    for number in range(1, rounds + 1):
        load, server_us = _loaded(steady(10_000, seconds, connections=50))
        achieved.add(load.rate, 10_000, server_us=server_us)
        p95.add(load.latency.percentile(95) * 1e3, 10.0)
        p99.add(load.latency.percentile(99) * 1e3, 20.0)
        tell(f"platform full peak round {number}: p95 {load.latency.percentile(95) * 1e3:.2f} ms, {told(load)}; {server_us:.1f} us of the server's CPU a message")
    return [achieved, p95, p99]


def _loaded(plan: Plan) -> tuple[Load, float]:
    """A phase on a platform of its own; with the CPU that the server's process took per answered message, us."""
    target = load_target("reference")
    target.open()
    try:
        if SERVERS is not None:
            _pin(target.server.pid, SERVERS)
        with asyncio.Runner(loop_factory=new_loop) as runner, tempfile.TemporaryDirectory(prefix="bench-") as folder:
            command = runner.run(_prepared(target, plan))
            server = psutil.Process(target.server.pid)
            before = sum(server.cpu_times()[:2])
            load = lane.phase(command, Path(folder))
            return load, (sum(server.cpu_times()[:2]) - before) / load.answered * 1e6
    finally:
        target.close()


async def _prepared(target, plan):
    try:
        return (await preparing.prepared(target, plan, os.urandom(4).hex())).command
    finally:
        await target.http.close()


def _pin(process: int, core: int) -> None:
    """Puts all threads of a running process on a core."""
    for thread in psutil.Process(process).threads():
        os.sched_setaffinity(thread.id, {core})
