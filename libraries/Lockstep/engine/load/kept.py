"""The lines of a load's shares in the run's folder, where another process merges them: exactly what one process would have said."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from ..server_figures import ServerFigures
from .plan import Plan
from .result import Load, Merge

FOLDER, SERVER = "shares", "server.jsonl"


class KeptLines:
    """The lines of one phase: a file for each share. Its first line says of which run and plan it is."""

    def __init__(self, folder: Path, run: str, name: str) -> None:
        self._folder = folder / FOLDER / name
        self._run, self._name = run, name

    def begin(self, plan: Plan, shares: range, of: int) -> None:
        """Files for these shares, which begin now; what an earlier run has left there is replaced."""
        head = {"schema": 1, "event": "plan", "run": self._run, "name": self._name, "shards": of, "plan": plan.model_dump()}
        self._folder.mkdir(parents=True, exist_ok=True)
        for shard in shares:
            self._file(shard).write_bytes(orjson.dumps(head) + b"\n")

    def keep(self, line: dict[str, Any]) -> None:
        """One line of one share."""
        with self._file(line["shard"]).open("ab") as file:
            file.write(orjson.dumps(line) + b"\n")

    def saw(self, looks: Sequence[ServerFigures]) -> None:
        """What was seen of the server during the phase; only a share that knows the server's process sees anything."""
        if looks:
            (self._folder / SERVER).write_bytes(orjson.dumps({"run": self._run, "looks": looks}) + b"\n")

    def load(self, only: int | None = None) -> Load | None:
        """All shares merged, or ``only`` one of them; None where this run has left nothing of the phase."""
        found = {int(file.stem): self._lines(file) for file in self._folder.glob("*.jsonl") if file.stem.isdecimal()}
        found = {shard: lines for shard, lines in found.items() if lines}
        if not found or (only is not None and only not in found):
            return None
        head = found[min(found) if only is None else only][0]
        merge = Merge(self._name, Plan.model_validate(head["plan"]))
        wanted = range(head["shards"]) if only is None else [only]
        for shard in wanted:
            lines = found.get(shard, [])
            for line in lines[1:]:
                merge.take(line)
            if not lines:
                merge.load.missing.append(f"share {shard + 1} of {head['shards']} left nothing")
            elif lines[-1]["event"] != "done":
                merge.load.missing.append(f"share {shard + 1} of {head['shards']} ended before its last word")
        merge.load.server = self._looks()
        return merge.finished()

    def _looks(self) -> list[ServerFigures]:
        """What this run has seen of the server; nothing where the share that sees it is just writing it down."""
        file = self._folder / SERVER
        seen = self._lines(file) if file.exists() else []
        return [ServerFigures(**look) for line in seen for look in line["looks"]]

    def _file(self, shard: int) -> Path:
        return self._folder / f"{shard}.jsonl"

    def _lines(self, file: Path) -> list[dict[str, Any]]:
        """What one share has said in this run; a line that was cut off with its process is left out."""
        lines = [orjson.loads(line) for line in file.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
        return lines if lines and lines[0].get("run") == self._run else []
