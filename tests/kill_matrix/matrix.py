"""Runs the suites against a platform with one seeded defect (or quirk) and says by which code it was caught."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import yaml
from robot.api import ExecutionResult
from robot.errors import DataError

from reference_platform.registry import replacements
from runner.own_tests import clean

ROOT = Path(__file__).resolve().parents[2]
MATRIX = Path(__file__).with_name("matrix.yaml")
LIMITS = frozenset({"too_slow", "rate_not_sustained", "unfair"})
"""Limits of time are not judged under a quirk."""
WITHIN = 600.0
FIRST_SEED = 4711
TRIES = 3
"""So often a row is run at most while this machine was too busy to measure: that says nothing about what is built in."""
CALM = 50.0
"""%; where others leave so much of the processors idle, a row that could not be measured is tried again."""
PATIENCE = 30.0
"""s; so long that is waited for, at most."""
AT_ONCE = 3
"""So many rows run at the same time: each is a robot and a server of its own, which wait most of the time."""


@dataclass(frozen=True)
class Row:
    """One run of the matrix."""

    name: str
    kind: str                                    # defect | quirk
    case: str
    expected: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    variables: Mapping[str, Any] = field(default_factory=dict)
    target: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Readable and unique."""
        return f"{self.name}-{self.case}"

    @property
    def description(self) -> str:
        """What the defect or quirk does, as it says itself: the first paragraph of its docstring."""
        defects, quirks = ((self.name,), ()) if self.kind == "defect" else ((), (self.name,))
        (port,) = replacements(defects, quirks).values()
        return " ".join((port.__doc__ or "").split("\n\n")[0].split())


@dataclass(frozen=True)
class Outcome:
    """What a run came to. ``failed``: each failed test of the case with the codes of its violations; ``problem``: what broke off."""

    row: Row
    failed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    messages: tuple[str, ...] = ()
    problem: str = ""
    void: str = ""
    """Why this machine could not measure, as a test that was skipped for it says; empty where it could."""

    @property
    def violations(self) -> tuple[str, ...]:
        """All codes, each once."""
        return tuple(dict.fromkeys(code for codes in self.failed.values() for code in codes))

    @property
    def killed(self) -> bool | None:
        """A defect: the case failed with an expected code. A quirk: it was reported. None: there is no result.

        What is void is a limit of time: under a quirk none is judged, but it may be what a defect would have missed.
        """
        wanted = set(self.row.expected) if self.row.kind == "defect" else set(self.violations) - LIMITS
        return True if wanted & set(self.violations) else None if self.problem or (self.void and self.row.kind == "defect") else False

    @property
    def invalid(self) -> str:
        """Why there is no result, where only this machine is to blame: says nothing about what is built in, neither red nor green."""
        return self.void if self.killed is None and self.problem in ("", self.void) else ""

    @property
    def told(self) -> str:
        """One line about it: what was wanted and what came."""
        found = self.invalid or ", ".join(self.violations) or self.problem or "no violation"
        return f"{'ok' if self.as_wanted else 'void' if self.invalid else 'BAD':<4} {self.row.name} on {self.row.case}: {found}"

    @property
    def as_wanted(self) -> bool:
        """A defect is killed; a quirk is not."""
        return self.killed is (self.row.kind == "defect")


def rows(path: Path = MATRIX, *, thorough: bool = False) -> Iterator[Row]:
    """The rows of the matrix; ``thorough``: each quirk on the whole of every case, not only where it bites most."""
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    for entry in data["defects"]:
        yield _row(entry, "defect", entry["case"], _listed(entry.get("test")))
    for entry in data["quirks"]:
        for case in data["quirk_cases"] if thorough else entry["cases"]:
            yield _row(entry, "quirk", case, () if thorough else _listed(entry.get("test")))


class _Machine:
    """What all rows run on: side by side, or one of them alone."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running = self._wanted = 0

    @contextmanager
    def beside_others(self) -> Iterator[None]:
        """Waits only for whoever wants it alone."""
        with self._changed:
            self._changed.wait_for(lambda: not self._wanted)
            self._running += 1
        try:
            yield
        finally:
            self._leave()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Waits until nobody else runs; nobody begins meanwhile."""
        with self._changed:
            self._wanted += 1
            self._changed.wait_for(lambda: not self._running)
            self._running += 1
        try:
            yield
        finally:
            with self._changed:
                self._wanted -= 1
            self._leave()

    def _leave(self) -> None:
        with self._changed:
            self._running -= 1
            self._changed.notify_all()


_MACHINE = _Machine()


def run(row: Row, seed: int) -> Outcome:
    """Runs the row's case; again, and alone, where there is no result since the machine was too busy to measure."""
    with _MACHINE.beside_others():
        outcome = _tried(row, seed)
    for _ in range(TRIES - 1):
        if outcome.killed is not None or not outcome.void:
            break
        with _MACHINE.alone():
            _wait_until_calm()
            outcome = _tried(row, seed)
    return outcome


def _wait_until_calm() -> None:
    """Until this machine has hardly anything to do: nothing of ours runs now."""
    until = time.monotonic() + PATIENCE
    while psutil.cpu_times_percent(interval=1.0).idle < CALM and time.monotonic() < until:
        pass


def _tried(row: Row, seed: int) -> Outcome:
    """Runs the row's case once; everything is written to a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="lockstep-kill-") as folder:
        output = Path(folder)
        command = [sys.executable, "-m", "robot", "--outputdir", folder, "--include", row.case, "--log", "NONE", "--report", "NONE",
                   "--console", "none", "--variable", f"SEED:{seed}", *_only_its_files(row)]
        for pattern in row.tests:
            command += ["--test", pattern]
        for name, value in row.variables.items():
            command += ["--variable", f"{name}:{value}"]
        environment = clean(os.environ) | {"LOCKSTEP_PROFILE": "quick", "LOCKSTEP_START_ARGUMENTS": f"--{row.kind} {row.name} --seed {seed}"}
        if row.target:
            target = output / "target.yaml"
            target.write_text(yaml.safe_dump({"schema": 1, "extends": "reference", **row.target}), encoding="utf-8")
            environment["LOCKSTEP_TARGET"] = str(target)
        begun = time.monotonic()
        try:
            done = subprocess.run([*command, str(ROOT / "suites")], env=environment, cwd=folder, capture_output=True, text=True,
                                  timeout=WITHIN, check=False)
        except subprocess.TimeoutExpired:
            return Outcome(row, problem=f"the run did not end within {WITHIN:g} s")
        complaint = next(iter(done.stderr.splitlines()), "nothing was said")
        return read_outcome(row, output, f"after {time.monotonic() - begun:.0f} s: {complaint}")


def _only_its_files(row: Row) -> list[str]:
    """What keeps Robot from reading the suites in which the case is not even named; all if it is in none."""
    files = [file for file in sorted((ROOT / "suites").rglob("*.robot")) if row.case in file.read_text(encoding="utf-8")]
    return [word for file in files for word in ("--parseinclude", str(file))]


def read_outcome(row: Row, output: Path, how_it_ended: str) -> Outcome:
    """What the run in a folder came to."""
    try:
        tests = [test for test in ExecutionResult(output / "output.xml").suite.all_tests if row.case in test.tags]
    except DataError:
        return Outcome(row, problem=f"the run left no result, it ended {how_it_ended}")
    void = next((test.message for test in tests if test.skipped and test.message.startswith("invalid")), "")
    if all(test.skipped for test in tests):
        return Outcome(row, problem=void or f"no test of {row.case} {'was run to its end' if tests else 'has such a name'}", void=void)
    codes: dict[str, dict[str, None]] = {test.full_name: {} for test in tests if test.failed}
    for file in (output / "records").glob("*.jsonl"):
        for line in file.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            if record["kind"] == "verdict" and record["test"] in codes:
                codes[record["test"]].update(dict.fromkeys(record["counts"]))
    messages = {test.full_name: f"{test.name}: {test.message}" for test in tests if test.failed}
    without = next((messages[name].splitlines()[0] for name, found in codes.items() if not found), "")
    return Outcome(row, {name: tuple(found) for name, found in codes.items()}, tuple(messages.values()), without, void)


def _row(entry: Mapping[str, Any], kind: str, case: str, tests: tuple[str, ...]) -> Row:
    return Row(entry[kind], kind, case, tuple(entry.get("expected", ())), tests, entry.get("variables", {}), entry.get("target", {}))


def _listed(value: str | list[str] | None) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value or ())
