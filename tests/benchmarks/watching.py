"""Does it disturb a measurement that somebody looks on? The same paced load in turns: alone, and told, drawn and watched from a second process.

    PYTHONPATH=libraries:tests python tests/benchmarks/watching.py [--rounds N] [--seconds S] [--rate R]

Told means all that a run does: the file replaced each second, the server's figures read, the line drawn on a console; ``run.py watch``
reads it meanwhile on the server's core. Prints what each way cost: CPU of the generator per message, latency, lag of the sender.
"""

from __future__ import annotations

import argparse
import io
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import nullcontext
from pathlib import Path

import psutil

import phase_progress
from benchmarks import stage
from benchmarks.lane import command_for
from Lockstep.engine.engine import Engine
from Lockstep.engine.load import running
from Lockstep.engine.load.histogram import Histogram
from Lockstep.engine.load.onlooker import Onlooker
from Lockstep.engine.load.plan import Plan, Stage
from Lockstep.engine.load.result import Load
from Lockstep.progress import PhaseProgress
from Lockstep.telling.console import Console
from runner.project import Project

WATCH = "import os, sys; from pathlib import Path; from runner.watch import watch; watch(Path(), sys.argv[1])"
FIGURES = ("CPU, µs a message", "p50, ms", "p99, ms", "sender lag p99, ms")


class Screen(io.StringIO):
    """A console that takes everything."""

    def isatty(self) -> bool:
        return True


def one(engine: Engine, server: stage.Server, plan: Plan, folder: Path | None) -> tuple[float, ...]:
    """One phase; with a folder it is told there."""
    onlooker = Onlooker(plan, None if folder is None else psutil.Process(server.pid))
    told = nullcontext() if folder is None else PhaseProgress(folder, "Suite.Test", "sustained", onlooker.look, console=Console(Screen(), "Test", 78, {}))
    tell = (lambda _load: None) if folder is None else onlooker.tell
    before = time.process_time()
    with told:
        load = engine.run(running.run("sustained", command_for(server.url, plan), 1, tell))
    spent = time.process_time() - before
    return spent / load.answered * 1e6, load.latency.percentile(50) * 1e3, load.latency.percentile(99) * 1e3, load.lag.percentile(99) * 1e3


def one_word(folder: Path, server: psutil.Process) -> float:
    """CPU seconds of what is done each second beside a phase of a thousand different latencies."""
    plan = Plan(connections=10, stages=(Stage(600.0, 5000, 5000),))
    onlooker, console = Onlooker(plan, server), Console(Screen(), "Test", 78, {})
    load = Load("sustained", plan, sent=100_000, answered=100_000, latency=Histogram(dict.fromkeys(range(1, 1001), 100)))
    times = 200
    before = time.process_time()
    for _ in range(times):
        onlooker.tell(load)
        word = onlooker.look()
        phase_progress.write(folder, word)
        console.show(word.text(time.time()))
    return (time.process_time() - before) / times


def main() -> None:
    """In turns, and who begins changes from round to round."""
    parser = argparse.ArgumentParser()
    for name, default in (("rounds", 6), ("seconds", 6), ("rate", 5000)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    plan = Plan(connections=10, stages=(Stage(float(given.seconds), given.rate, given.rate),))
    engine, found = Engine(), defaultdict[str, list[tuple[float, ...]]](list)
    with stage.Server() as server, tempfile.TemporaryDirectory() as run:
        folder = Path(run)
        (folder / "records").mkdir()
        for number in range(given.rounds):
            for way in ("alone", "watched") if number % 2 else ("watched", "alone"):
                if way == "alone":
                    found[way].append(one(engine, server, plan, None))
                    continue
                (folder / "records" / f"{psutil.Process().pid}.jsonl").touch()  # so that there is something to watch
                watching = subprocess.Popen([sys.executable, "-c", WATCH, run], stdout=subprocess.PIPE, env=Project.here().environment())
                watching.stdout.readline()  # it looks on from now
                found[way].append(one(engine, server, plan, folder))
                assert watching.poll() is None, "nobody watched"
                watching.kill()
                watching.wait()
        word = one_word(folder, psutil.Process(server.pid))
    engine.stop()
    print(f"{'':20}{'alone':>10}{'watched':>10}{'ratio':>8}   medians of {given.rounds} rounds, {given.rate} msg/s for {given.seconds} s")
    for place, figure in enumerate(FIGURES):
        alone, watched = (statistics.median(each[place] for each in found[way]) for way in ("alone", "watched"))
        ratio = statistics.median(told[place] / quiet[place] for told, quiet in zip(found["watched"], found["alone"], strict=True))
        print(f"{figure:20}{alone:10.2f}{watched:10.2f}{ratio:8.2f}")
    print(f"one word, said once a second: {word * 1e3:.2f} ms of CPU")


if __name__ == "__main__":
    main()
