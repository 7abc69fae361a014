"""Our load lane against others: the same echo server, in turns, the rate read from the server's own counter."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from benchmarks.contenders import CONTENDERS, Contender, Ours, Shape
from benchmarks.peers import Missing
from benchmarks.rows import Row, figure
from benchmarks.stage import HERE, SETTLE, Failed, Generator, Server, Window, watched

SHAPES = {"c100x16": Shape("c100x16", 100, 16), "ping": Shape("ping", 1, 1)}
SPARE = 2.0
"""s that a load goes on beyond what is counted, so that it still runs at the last count."""


def name_of(shape: str, opponent: str) -> str:
    """What the row of a duel is called."""
    return f"physical limit {shape}" if opponent == "raw TCP" else f"{shape} vs {opponent}"


def fought(shape: Shape, opponents: Iterable[str], rounds: int, seconds: float, tell: Callable[[str], None]) -> list[Row]:
    """A row for each opponent. Each round has ours once and every opponent once; who failed is not tried again."""
    rows = {opponent: Row(name_of(shape.name, opponent), "msg/s") for opponent in opponents}
    for number in range(1, rounds + 1):
        if all(row.missing for row in rows.values()):
            break
        ours = one(Ours(), shape, seconds)
        tell(f"{shape.name} round {number}: ours {_told(ours)}")
        for opponent, row in rows.items():
            if row.missing:
                continue
            try:
                other = one(CONTENDERS[opponent](), shape, seconds)
            except (Missing, Failed) as reason:
                row.missing = str(reason)
                tell(f"{shape.name} round {number}: {opponent} missing: {reason}")
                continue
            tell(f"{shape.name} round {number}: {opponent} {_told(other)}")
            row.add(ours.rate, other.rate, ours_us=ours.generator_us, other_us=other.generator_us, ours_core=ours.generator, other_core=other.generator)
    return list(rows.values())


def stacks(rounds: int, seconds: float, tell: Callable[[str], None]) -> list[Row]:
    """The stacks that a server could be built on, in turns, under our load: messages per second, beside the choice of the platform."""
    rows = {stack: Row(f"stack {stack}", "msg/s") for stack in ("websockets", "sans_io")}
    for number in range(1, rounds + 1):
        found = {}
        for stack in (*rows, "fast_lane"):
            found[stack] = one(Ours(), SHAPES["c100x16"], seconds, [sys.executable, str(HERE / "server_stacks.py"), stack])
            tell(f"stacks round {number}: {stack} {_told(found[stack])}")
        chosen = found["fast_lane"]
        for stack, row in rows.items():
            row.add(chosen.rate, found[stack].rate, ours_us=chosen.server_us, other_us=found[stack].server_us)
    return list(rows.values())


def one(contender: Contender, shape: Shape, seconds: float, server: Sequence[str] | None = None) -> Window:
    """One contender on a server of its own."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name, Server(server or contender.server) as running:
        folder, lasts = Path(name), SETTLE + seconds + SPARE
        launch = contender.launch(running.url, shape, lasts, folder)
        with Generator(launch.command, folder / "said", environment=launch.environment, given=launch.given, folder=folder) as generator:
            window = watched(running, generator, shape.connections, seconds)
            if contender.ends:
                contender.judge(generator.finish(lasts + 30))
        return window


def _told(window: Window) -> str:
    return (f"{figure(window.rate)} msg/s at {window.generator_us:.1f} us of its CPU ({window.generator:.0%} of its core; "
            f"server {window.server:.0%}, {window.server_us:.1f} us)")
