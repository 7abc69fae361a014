"""Writes what the final review reads: one JSON line per figure, verdict and invalid span, at once and for good."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import orjson

from .errors import EnvironmentSetupError

RUN = "LOCKSTEP_RUN"
RUN_ID = "LOCKSTEP_RUN_ID"
_SHARED = "lockstep-run"


class Records:
    """The records of this process in the folder of the run. Nothing is written before the first record."""

    def __init__(self, output_dir: Path) -> None:
        self.folder, self.run = _run_of(output_dir)
        self._file = self.folder / "records" / f"{os.getpid()}.jsonl"

    def write(self, kind: str, **facts: Any) -> None:
        """Appends one record; it is on its way to disk when this returns."""
        line = orjson.dumps({"schema": 1, "run": self.run, "time": time.time(), "kind": kind, **facts}, default=str)
        with _told(self._file):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("ab") as file:
                file.write(line + b"\n")

    def keep(self, name: str, write: Callable[[Path], None]) -> None:
        """Lets something be written to a file of its own in the run's folder."""
        file = self.folder / name
        with _told(file):
            file.parent.mkdir(parents=True, exist_ok=True)
            write(file)


@contextmanager
def _told(file: Path) -> Iterator[None]:
    """What cannot be written is said with its place."""
    try:
        yield
    except OSError as error:
        raise EnvironmentSetupError(
            f"{file} could not be written ({error.strerror}); free some space or choose another results folder - what was written before is kept"
        ) from None


def _run_of(output_dir: Path) -> tuple[Path, str]:
    """Folder and id of the run: from the runner, from pabot's shared values, or this process alone."""
    if folder := os.environ.get(RUN):
        return Path(folder), os.environ.get(RUN_ID) or Path(folder).name
    return _from_pabot(output_dir) or (output_dir, uuid.uuid4().hex[:12])


def _from_pabot(output_dir: Path) -> tuple[Path, str] | None:
    """Plain pabot: the first process names the run for all; its folder is the one that will hold the merged log."""
    from robot.libraries.BuiltIn import BuiltIn, RobotNotRunningError  # noqa: PLC0415 - only inside a Robot run

    with suppress(RobotNotRunningError, ImportError):
        if BuiltIn().get_variable_value("${PABOTLIBURI}") in (None, ""):
            return None
        from pabot.pabotlib import PabotLib  # noqa: PLC0415

        shared = PabotLib()
        shared.acquire_lock(_SHARED)
        try:
            found: Mapping[str, str] | str = shared.get_parallel_value_for_key(_SHARED)
            if not isinstance(found, Mapping):
                merged = next((above.parent for above in output_dir.parents if above.name == "pabot_results"), output_dir)
                merged = merged if output_dir.name != "pabot_results" else output_dir.parent
                found = {"folder": str(merged), "run": uuid.uuid4().hex[:12]}
                shared.set_parallel_value_for_key(_SHARED, found)
        finally:
            shared.release_lock(_SHARED)
        return Path(found["folder"]), found["run"]
    return None
