"""``results/kill_matrix.json`` and its page: what was proven so far about the kit as it stands now.

One entry for each row of the matrix. What was found with other suites, another library, platform or row does not count any more;
a row without a run is an entry whose ``killed`` is null.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import final_review
from kill_matrix.matrix import Outcome, Row
from runner.project import Project
from runner.version import version

Entry = dict[str, Any]
NO_RESULT: Entry = {"observed": None, "killed": None, "made": None, "runs": []}


class Account:
    """Keeps an entry for each row of the whole plan up to date on disk, so that an interrupted proof goes on where it stopped."""

    def __init__(self, plan: Iterable[Row], project: Project | None = None) -> None:
        self._project = project or Project.here()
        self.version = version(self._project.root)
        self.file = self._project.results / "kill_matrix.json"
        shipped = self._project.root / "docs" / "kill_matrix.json"
        earlier = {_key(entry): entry for file in (shipped, self.file) for entry in _read(file)}
        self._entries = {}
        for row in plan:
            fresh = self._entry(row)
            known = earlier.get(_key(fresh), fresh)
            self._entries[row.id] = known if {**known, **NO_RESULT} == fresh else fresh

    def known(self, row: Row, seed: int) -> bool:
        """Whether there is a result of exactly these tests with this seed."""
        return any(_same(run, row, seed) and run["killed"] is not None for run in self._entries[row.id]["runs"])

    def add(self, outcome: Outcome, seed: int) -> None:
        """Takes a result in and saves all; a later one of the same tests and seed replaces it."""
        row, entry = outcome.row, self._entries[outcome.row.id]
        run = {"seed": seed, "tests": list(row.tests), "observed": list(outcome.violations), "killed": outcome.killed,
               "problem": (outcome.problem or outcome.void) if outcome.killed is None else ""}
        runs = [*(one for one in entry["runs"] if not _same(one, row, seed)), run]
        entry["runs"] = runs
        entry["observed"] = list(dict.fromkeys(code for one in runs for code in one["observed"]))
        entry["killed"] = _together([one["killed"] for one in runs], row.kind)
        entry["made"] = datetime.now().astimezone().isoformat(timespec="seconds")
        self._save()

    def as_wanted(self, row: Row) -> bool:
        """Whether a defect was killed, or a quirk not reported, in every run of the row."""
        return self._entries[row.id]["killed"] is (row.kind == "defect")

    def publish(self) -> final_review.ProofPage:
        """Makes the page for people."""
        self._save()
        page = self._project.results / "proven.html"
        return final_review.make_proof(self.file, page, self._project.resources, self.version)

    def _save(self) -> None:
        """Replaces the file in one step; a reader never sees half of it."""
        beside = self.file.with_name(f".{self.file.name}.{os.getpid()}")
        beside.write_text(json.dumps(list(self._entries.values()), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        beside.replace(self.file)

    def _entry(self, row: Row) -> Entry:
        """An entry without a result."""
        laid_over = {name: dict(value) for name, value in (("variables", row.variables), ("target", row.target)) if value}
        return {row.kind: row.name, "case": row.case, "expected": list(row.expected), "description": row.description, **laid_over,
                "version": self.version, **NO_RESULT}


def _same(run: dict[str, Any], row: Row, seed: int) -> bool:
    return bool(run["seed"] == seed and run["tests"] == list(row.tests))


def _together(killed: list[bool | None], kind: str) -> bool | None:
    """Of several seeds: a defect that escaped once was not caught, a quirk that was reported once was reported."""
    escaped = kind == "quirk"
    return escaped if escaped in killed else None if None in killed else not escaped


def _key(entry: Entry) -> tuple[str, str, str]:
    kind = "quirk" if "quirk" in entry else "defect"
    return kind, str(entry.get(kind)), str(entry.get("case"))


def _read(file: Path) -> list[Entry]:
    """The entries of an earlier proof; none where there is no readable one."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [entry for entry in content if isinstance(entry, dict)] if isinstance(content, list) else []
