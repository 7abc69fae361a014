"""Runs the suites against a platform with one seeded defect (or quirk) and says by which code it was caught."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from robot.api import ExecutionResult

ROOT = Path(__file__).resolve().parents[2]
MATRIX = Path(__file__).with_name("matrix.yaml")
LIMITS = frozenset({"too_slow", "rate_not_sustained", "unfair"})
"""Limits of time are not judged under a quirk."""
WITHIN = 600.0


@dataclass(frozen=True)
class Row:
    """One run of the matrix."""

    name: str
    kind: str                                    # defect | quirk
    case: str
    expected: tuple[str, ...] = ()
    test: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    target: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Readable and unique."""
        return f"{self.name}-{self.case}"


@dataclass(frozen=True)
class Outcome:
    """What a run came to. ``violations`` are codes found in failed tests of the case; ``failures`` their messages."""

    row: Row
    violations: tuple[str, ...]
    failures: tuple[str, ...]
    tests: int

    @property
    def killed(self) -> bool:
        """The named case failed with an expected code."""
        return bool(set(self.row.expected) & set(self.violations))

    @property
    def quiet(self) -> bool:
        """A quirk caused no violation and no other failure."""
        return self.tests > 0 and set(self.violations) <= LIMITS and len(self.failures) <= len(self.violations)

    def as_json(self) -> dict[str, Any]:
        """The entry of kill_matrix.json."""
        if self.row.kind == "quirk":
            return {"quirk": self.row.name, "case": self.row.case, "expected": [], "observed": list(self.violations), "killed": not self.quiet}
        return {"defect": self.row.name, "case": self.row.case, "expected": list(self.row.expected), "observed": list(self.violations),
                "killed": self.killed}


def rows(path: Path = MATRIX, *, thorough: bool = False) -> Iterator[Row]:
    """The rows of the matrix; ``thorough``: with each quirk on every case, not only where it bites most."""
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    for entry in data["defects"]:
        yield Row(entry["defect"], "defect", entry["case"], tuple(entry["expected"]), entry.get("test"), entry.get("variables", {}),
                  entry.get("target", {}))
    for entry in data["quirks"]:
        for case in [*entry["cases"], *(entry.get("also", []) if thorough else [])]:
            yield Row(entry["quirk"], "quirk", case, (), entry.get("test"), entry.get("variables", {}), entry.get("target", {}))


def run(row: Row, seed: int) -> Outcome:
    """Runs the row's case; everything is written to a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="lockstep-kill-") as folder:
        output = Path(folder)
        command = [sys.executable, "-m", "robot", "--outputdir", folder, "--include", row.case, "--log", "NONE", "--report", "NONE",
                   "--console", "none", "--variable", f"SEED:{seed}"]
        command += ["--test", row.test] if row.test else []
        for name, value in row.variables.items():
            command += ["--variable", f"{name}:{value}"]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LOCKSTEP_")}
        environment |= {"LOCKSTEP_PROFILE": "quick", "LOCKSTEP_START_ARGUMENTS": f"--{row.kind} {row.name} --seed {seed}"}
        if row.target:
            target = output / "target.yaml"
            target.write_text(yaml.safe_dump({"schema": 1, "extends": "reference", **row.target}), encoding="utf-8")
            environment["LOCKSTEP_TARGET"] = str(target)
        subprocess.run([*command, str(ROOT / "suites")], env=environment, cwd=folder, capture_output=True, timeout=WITHIN, check=False)
        return _outcome(row, output)


def _outcome(row: Row, output: Path) -> Outcome:
    tests = [test for test in ExecutionResult(output / "output.xml").suite.all_tests if row.case in test.tags]
    failed = {test.full_name: test.message for test in tests if test.failed}
    codes: dict[str, None] = {}
    for file in (output / "records").glob("*.jsonl"):
        for line in file.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            if record["kind"] == "verdict" and record["test"] in failed:
                codes.update(dict.fromkeys(record["counts"]))
    return Outcome(row, tuple(codes), tuple(f"{name.rpartition('.')[2]}: {message}" for name, message in failed.items()), len(tests))
