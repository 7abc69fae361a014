"""Our load lane against others: the same echo server, in turns, the rate read from the server's own counter."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks.contenders import CONTENDERS, Contender, Ours, Shape
from benchmarks.peers import Missing
from benchmarks.rows import Row, figure
from benchmarks.stage import SETTLE, Failed, Generator, Server, Window, watched

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


def one(contender: Contender, shape: Shape, seconds: float) -> Window:
    """One contender on a server of its own."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name, Server(contender.server) as server:
        folder, lasts = Path(name), SETTLE + seconds + SPARE
        launch = contender.launch(server.url, shape, lasts, folder)
        with Generator(launch.command, folder / "said", environment=launch.environment, given=launch.given, folder=folder) as generator:
            window = watched(server, generator, shape.connections, seconds)
            if contender.ends:
                contender.judge(generator.finish(lasts + 30))
        return window


def _told(window: Window) -> str:
    return (f"{figure(window.rate)} msg/s at {window.generator_us:.1f} us of its CPU ({window.generator:.0%} of its core; "
            f"server {window.server:.0%}, {window.server_us:.1f} us)")
