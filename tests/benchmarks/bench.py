"""All benchmarks of the kit by one command: figures, no verdict.

    python run.py bench [--only NAME] [--rounds N] [--seconds S] [--peers yes|no]

The generator runs on one core, the server on another where the system lets programs be put on cores. Whoever is compared runs in
turns, on the same echo server, whose own counter is read; on our side every reply is checked. Ends all that it starts, and talks
to addresses of this machine only.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import duels, events, paced, platform_load, rows
from benchmarks.contenders import CONTENDERS
from benchmarks.stage import CORES, Failed
from runner import run_folder
from runner.command_line import Parser
from runner.errors import Exit, StartError
from runner.outcome import shorter
from runner.project import Project

DUEL_ROUNDS, DUEL_SECONDS = 3, 5.0
LONGEST = 3600
NEED_NOTHING = ("websockets", "raw TCP")
"""Opponents that come with the kit's own requirements."""


@dataclass(frozen=True)
class Single:
    """A benchmark that is not a duel; its sizes where the command says none."""

    measure: Callable[[int, float, Callable[[str], None]], list[rows.Row]]
    rounds: int
    seconds: float
    on_request: bool = False
    """Runs only where its name is asked for: it takes minutes."""


SINGLES = {
    "paced 10000": Single(paced.paced_10000, 3, 60),
    "echo 50000": Single(paced.echo_50000, 3, 20),
    "open 500": Single(paced.open_500, 3, 1),
    "memory 600 s": Single(paced.memory_600, 1, 600, on_request=True),
    "platform saturation": Single(platform_load.saturation, 3, 10),
    "platform full peak": Single(platform_load.full_peak, 3, 30),
    "checks of 1000000 events": Single(events.checked, 3, 1),
    "stack": Single(duels.stacks, 3, 4, on_request=True),
}
DUELS = {duels.name_of(shape, opponent): (shape, opponent) for shape in duels.SHAPES for opponent in CONTENDERS}
NAMES = (*DUELS, *SINGLES)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0: measured, whatever the figures are; 2: something of ours failed; 3 for bad input; 130 when interrupted."""
    try:
        given = parser().parse_args(arguments)
    except StartError as mistake:
        print(mistake, file=sys.stderr)
        return Exit.BAD_INPUT
    chosen = [name for name in NAMES if _is_chosen(name, given)]
    if not chosen:
        print(f"--only {given.only} fits no benchmark. They are: {', '.join(NAMES)}. See: python run.py bench --help", file=sys.stderr)
        return Exit.BAD_INPUT
    found: list[rows.Row] = []
    code = Exit.READY
    try:
        for names, measure in _parts(chosen, given):
            begun, before = time.monotonic(), _taken()
            try:
                measured = measure()
                for row in measured:
                    row.taken = (_taken() - before) / (time.monotonic() - begun)
                found += measured
            except Failed as reason:
                tell(f"{names[0]} failed: {reason}")
                found += [rows.Row(name, "-", missing=f"our own side failed: {reason}") for name in names]
                code = Exit.CANNOT_SAY
    except KeyboardInterrupt:
        code = Exit.INTERRUPTED
    file = rows.write(found, run_folder.create(Project.here().results), heading())
    print(f"\n{heading()}\n\n{rows.table(found)}\n\n{shorter(file, Path.cwd())}")
    return code


def parser() -> argparse.ArgumentParser:
    """What may be asked for."""
    found = Parser(prog="python run.py bench", allow_abbrev=False, description="Measures the kit: load lane, platform, checks; against peers.",
                                    epilog=f"names: {', '.join(NAMES)}")
    found.add_argument("--only", metavar="NAME", help="benchmarks whose name is this, begins so or matches, such as ping or '*vs locust'")
    found.add_argument("--rounds", metavar="N", type=_rounds, help="how often each is measured (default: each has its own)")
    found.add_argument("--seconds", metavar="S", type=_seconds, help="how long each is measured (default: each has its own)")
    found.add_argument("--peers", choices=("yes", "no"), default="yes", help="no: without the tools that have to be installed first")
    return found


def _rounds(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} must be a whole number, 1 or more")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= LONGEST:
        raise argparse.ArgumentTypeError(f"{text!r} must be a number above 0, at most {LONGEST} (s)")
    return seconds


def _is_chosen(name: str, given: argparse.Namespace) -> bool:
    if given.peers == "no" and name in DUELS and DUELS[name][1] not in NEED_NOTHING:
        return False
    if given.only is None:
        return name not in SINGLES or not SINGLES[name].on_request
    return fnmatchcase(name, given.only) or name.startswith(given.only)


def _parts(chosen: Sequence[str], given: argparse.Namespace) -> Iterator[tuple[list[str], Callable[[], list[rows.Row]]]]:
    """What runs one after the other: the names of its rows, and how to get them."""
    for shape in duels.SHAPES.values():
        names = [name for name in chosen if name in DUELS and DUELS[name][0] == shape.name]
        opponents = [DUELS[name][1] for name in names]
        if names:
            yield names, partial(duels.fought, shape, opponents, given.rounds or DUEL_ROUNDS, given.seconds or DUEL_SECONDS, tell)
    for name in chosen:
        if name in SINGLES:
            single = SINGLES[name]
            yield [name], partial(single.measure, given.rounds or single.rounds, given.seconds or single.seconds, tell)


def _taken() -> float:
    """Seconds for which each of this machine's processors stood still because its host had other work, as far as the system tells."""
    return float(getattr(psutil.cpu_times(), "steal", 0.0) / (psutil.cpu_count() or 1))


def tell(line: str) -> None:
    """One line of progress."""
    print(line, flush=True)


def heading() -> str:
    """When and on what machine; how busy it was with other work can only be guessed from the load."""
    facts = run_folder.machine()
    load = f", load {os.getloadavg()[0]:.1f} at the end" if hasattr(os, "getloadavg") else ""
    pinned = "one core for each side" if len(CORES) > 1 else "cores not assigned"
    return (f"{datetime.now().astimezone():%Y-%m-%d %H:%M}, Python {platform.python_version()}, {facts['system']}, {facts['processor']}, "
            f"{facts['cores']} cores, {facts['memory_mb']} MB; {pinned}{load}")


if __name__ == "__main__":
    sys.exit(main())
