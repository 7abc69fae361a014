"""What the clients of each share did about their connections, in the run's folder, where another process merges it into one history."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson

from ..checks.events import Event, Kind
from ..checks.history import History

FOLDER = "comebacks"
KEPT = frozenset({Kind.CONNECT, Kind.CONNECTED, Kind.CONNECT_FAILED, Kind.CLOSE, Kind.FAULT, Kind.MARK})
A_SHARE = 100_000
"""Connections of a share are numbered from so many times its number on: each process counts its own from 1."""


class KeptJournals:
    """One file for each share; its first line says of which run it is."""

    def __init__(self, folder: Path, run: str, name: str) -> None:
        self._folder = folder / FOLDER / name.replace(" ", "_")
        self._run = run

    def keep(self, events: Iterable[Event], number: int, of: int) -> None:
        """What this share has seen; contents are not in it."""
        lines: list[dict[str, Any]] = [{"schema": 1, "run": self._run, "share": number, "of": of}]
        lines += [
            {"time": event.time, "kind": event.kind, "client": f"{number}/{event.client}", "connection": number * A_SHARE + event.connection,
             "user": event.user, "details": event.details}
            for event in events if event.kind in KEPT
        ]  # fmt: skip
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / f"{number}.jsonl").write_bytes(b"".join(orjson.dumps(line, default=str) + b"\n" for line in lines))

    def merged(self) -> tuple[History, str]:
        """The history of all shares, by the clock that all processes of this machine share; and what is missing of it, in words."""
        found = [lines for file in sorted(self._folder.glob("*.jsonl")) if (lines := _lines(file)) and lines[0]["run"] == self._run]
        if not found:
            return History([]), "no share has run before; run the suites in the order of suites/pabot.ordering"
        of = int(found[0][0]["of"])
        there = {int(lines[0]["share"]) for lines in found}
        missing = [str(number) for number in range(1, of + 1) if number not in there]
        events = sorted((line for lines in found for line in lines[1:]), key=lambda line: line["time"])
        history = History([
            Event(index, line["time"], Kind(line["kind"]), line["client"], line["connection"], line["user"], details=line["details"])
            for index, line in enumerate(events)
        ])  # fmt: skip
        return history, f"share {', '.join(missing)} of {of} left nothing" if missing else ""


def _lines(file: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in file.read_bytes().splitlines()]
