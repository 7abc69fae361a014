"""Records what the correct reference platform does, again and again, for `alarms.py` to judge: one JSON line a run.

    PYTHONPATH=libraries python tests/benchmarks/alarms_recording.py FILE [--latency 100] [--noisy 100] [--memory 100] [--long 3]

Each run is new load on real sockets, on the platform as a process of its own; those of one kind share a platform, and those of memory
have each their own. `--noisy` runs have a process beside them on every core that does nothing but count. About 25 minutes on 2 cores.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import uvloop

from Lockstep.checks.course import STRETCHES
from Lockstep.engine.load import preparing, shard
from Lockstep.engine.load.plan import Plan, Stage
from Lockstep.engine.load.result import Load, Merge
from Lockstep.targets import Target, load_target

RATE, SECONDS, CONNECTIONS = 300.0, 4.0, 10
"""As profile quick sustains it; in 4 s a load tells 20 stretches."""
SHORT, LONG = 60_000, 210_000
"""Messages of a soak: 10 000 to warm up, and as many more as quick and full send."""
SAMPLED_EVERY = 0.05


@contextlib.contextmanager
def noise(wanted: bool) -> Iterator[None]:
    """A process on each core that wants all of it."""
    burning = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 1)] if wanted else []
    try:
        yield
    finally:
        for process in burning:
            process.kill()
            process.wait()


@contextlib.asynccontextmanager
async def platform() -> AsyncIterator[Target]:
    """A fresh correct platform."""
    target = load_target("reference")
    target.open()
    try:
        yield target
    finally:
        await target.http.close()
        target.close()


async def put(target: Target, plan: Plan, every: float, tell: Callable[[Load], None] = lambda _load: None) -> Load:
    """One load, which a correct platform answers without a violation; `tell` hears of it `every` so many seconds."""
    prepared = await preparing.prepared(target, plan, os.urandom(4).hex())
    merge = Merge("run", plan)

    def take(line: dict[str, Any]) -> None:
        merge.take(line)
        tell(merge.load)

    await shard.run(prepared.command.model_copy(update={"every": every}), take)
    load = merge.finished()
    if load.violations or load.lost or load.answered != load.sent:
        raise RuntimeError(f"the platform is not correct: {dict(load.violations)} {load.sentences[:3]}")
    return load


async def latency(target: Target) -> dict[str, Any]:
    """The latencies of a paced load, in microseconds, by stretch, and how late the generator itself was."""
    load = await put(target, Plan(connections=CONNECTIONS, stages=(Stage(SECONDS, RATE, RATE),)), SECONDS / STRETCHES)
    stretches = [sorted(part.counts.items()) for part in load.parts(STRETCHES)]
    return {"invalid": load.invalid, "lag": sorted(load.lag.counts.items()), "stretches": stretches}


async def memory(target: Target, messages: int) -> dict[str, Any]:
    """The platform's size beside the number of its answers, in a load as fast as it can take."""
    process, samples = psutil.Process(target.server.pid), []
    await put(target, Plan(connections=CONNECTIONS, window=16, count=messages), SAMPLED_EVERY,
              lambda load: samples.append((load.answered, process.memory_info().rss)))
    return {"samples": samples}


async def record(file: Path, arguments: argparse.Namespace) -> None:
    """All runs, each written as soon as it is done."""
    with file.open("a", encoding="utf-8") as out:

        def note(kind: str, found: dict[str, Any]) -> None:
            out.write(json.dumps({"kind": kind, **found}) + "\n")
            out.flush()

        for kind in ("latency", "noisy"):
            async with platform() as target:
                with noise(kind == "noisy"):
                    for _ in range(getattr(arguments, kind)):
                        note(kind, await latency(target))
        for kind, messages in (("memory", SHORT), ("long", LONG)):
            for _ in range(getattr(arguments, kind)):
                async with platform() as target:
                    note(kind, await memory(target, messages))


def main() -> None:
    """Records as many runs as are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    for kind, count in (("latency", 100), ("noisy", 100), ("memory", 100), ("long", 3)):
        parser.add_argument(f"--{kind}", type=int, default=count)
    arguments = parser.parse_args()
    uvloop.run(record(arguments.file, arguments))


if __name__ == "__main__":
    main()
