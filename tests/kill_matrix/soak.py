"""The soak: one correct platform and one random schedule of faults after the other, each made from its seed by ``soak.robot``.

``results/soak.json`` keeps what was found with the kit as it is now, so that an interrupted soak goes on where it stopped.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from hashlib import sha256
from itertools import count, islice
from pathlib import Path
from typing import Any

from kill_matrix.matrix import AT_ONCE, FIRST_SEED, Outcome, Row, read_outcome
from Lockstep.checks.violations import Code
from runner.own_tests import clean
from runner.project import Project
from runner.version import version

NAME = "soak"
SUITE = Path(__file__).with_name("soak.robot")
WANTED = 500
WITHIN = 120.0
"""s; far more than a schedule takes. One that does not end has hung, which is a result."""
ROW = Row("random faults", "quirk", NAME)
"""Faults on the way are no reason to break a promise: as with a quirk, any violation is one too many."""


class Soak:
    """What became of each seed so far."""

    def __init__(self, project: Project | None = None) -> None:
        self._project = project or Project.here()
        self.file = self._project.results / "soak.json"
        self._kit = {"schema": 1, "wanted": WANTED, "version": version(self._project.root), "suite": sha256(SUITE.read_bytes()).hexdigest()[:8]}
        earlier = _read(self.file)
        same = {key: earlier.get(key) for key in self._kit} == self._kit
        self.runs: dict[int, dict[str, Any]] = {run["seed"]: run for run in earlier["runs"]} if same else {}

    def left(self) -> Iterator[int]:
        """The seeds that have no result yet, as many as are wanted in all; those that broke off come again."""
        done = {seed for seed, run in self.runs.items() if run["agreed"] is not None}
        return islice((seed for seed in count(FIRST_SEED) if seed not in done), max(0, WANTED - len(done)))

    def add(self, seed: int, outcome: Outcome, faults: Counter[str]) -> None:
        """Takes a result in and saves all."""
        self.runs[seed] = {"seed": seed, "agreed": None if outcome.killed is None else not outcome.killed, "faults": dict(faults),
                           "observed": list(outcome.violations), "problem": outcome.problem if outcome.killed is None else ""}
        beside = self.file.with_name(f".{self.file.name}.{os.getpid()}")
        beside.write_text(json.dumps({**self._kit, "runs": [self.runs[one] for one in sorted(self.runs)]}, indent=1) + "\n", encoding="utf-8")
        beside.replace(self.file)

    @property
    def is_clean(self) -> bool:
        """Whether every schedule so far has ended as it should."""
        return all(run["agreed"] for run in self.runs.values())


def go_on(soak: Soak, minutes: float) -> None:
    """Runs schedules until none is left or the time is over; those that have begun then are finished."""
    begun, seeds = time.monotonic(), soak.left()
    running: dict[Future[tuple[Outcome, Counter[str]]], int] = {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while True:
            room = AT_ONCE - len(running) if time.monotonic() - begun < minutes * 60 else 0
            running |= {pool.submit(run, seed): seed for seed in islice(seeds, room)}
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                seed, (outcome, faults) = running.pop(future), future.result()
                soak.add(seed, outcome, faults)
                print(f"{len(soak.runs):4}/{WANTED}  {time.monotonic() - begun:5.0f} s  {told(seed, outcome, faults)}", flush=True)


def told(seed: int, outcome: Outcome, faults: Counter[str]) -> str:
    """One line about a schedule; how to repeat it where it went wrong."""
    struck = f"{faults.total()} faults ({', '.join(f'{name} {times}' for name, times in faults.most_common())})"
    if outcome.as_wanted:
        return f"ok   schedule {seed}: {struck}"
    found = ", ".join(outcome.violations) or outcome.problem
    return f"BAD  schedule {seed}: {found}; {struck}. To repeat it: python run.py prove --replay {seed}"


def run(seed: int, keep: Path | None = None, platform: Sequence[str] = ()) -> tuple[Outcome, Counter[str]]:
    """Runs the schedule of a seed: what it came to, and which faults struck. ``keep``: a folder for everything that Robot writes;
    ``platform``: further words for its command line, such as those that build a defect in.
    """
    with _folder(keep) as folder:
        logs = () if keep else ("--log", "NONE", "--report", "NONE")
        command = [sys.executable, "-m", "robot", "--outputdir", str(folder), *logs, "--console", "none", "--variable", f"SEED:{seed}", str(SUITE)]
        environment = clean(os.environ) | {"LOCKSTEP_PROFILE": "quick", "LOCKSTEP_START_ARGUMENTS": " ".join(platform)}
        begun = time.monotonic()
        try:
            done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=WITHIN, check=False)
        except subprocess.TimeoutExpired:
            return Outcome(ROW, problem=f"the schedule did not end within {WITHIN:g} s"), _struck(folder)
        complaint = next(iter(done.stderr.splitlines()), "nothing was said")
        outcome = read_outcome(ROW, folder, f"after {time.monotonic() - begun:.0f} s: {complaint}")
        return _of_the_platform(outcome), _struck(folder)


def _of_the_platform(outcome: Outcome) -> Outcome:
    """A fault that met nothing says nothing about the platform: that schedule has no result yet."""
    if set(outcome.violations) == {Code.FAULT_NOT_CONFIRMED}:
        return Outcome(ROW, messages=outcome.messages, problem="a fault met nothing that was under way, so nothing was shown")
    return outcome


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        shutil.rmtree(keep, ignore_errors=True)  # records of an earlier run would be read as well
        keep.mkdir(parents=True)
        yield keep
    else:
        with tempfile.TemporaryDirectory(prefix="lockstep-soak-") as folder:
            yield Path(folder)


def _struck(folder: Path) -> Counter[str]:
    """The faults that took effect, by name."""
    return Counter(record["fault"] for record in _records(folder) if record["kind"] == "fault")


def _records(folder: Path) -> Iterable[dict[str, Any]]:
    for file in (folder / "records").glob("*.jsonl"):
        for line in file.read_text(encoding="utf-8").splitlines():
            yield json.loads(line)


def _read(file: Path) -> dict[str, Any]:
    """An earlier soak; an empty one where there is none that can be read."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {"runs": []}
    return content if isinstance(content, dict) and isinstance(content.get("runs"), list) else {"runs": []}
