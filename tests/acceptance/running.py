"""Runs of the whole kit as a person starts them, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
from robot.api import ExecutionResult

ROOT = Path(__file__).resolve().parents[2]
WITHIN = 900
LOOK_EVERY = 0.3
"""s"""
# What the surroundings of the test run may have set must not choose the profile or the target of the run under test.
_CHOOSING = ("LOCKSTEP_", "RAPID_", "E2E_", "ENVIRONMENT", "CI", "SKIP_REAL_SERVICES")


@dataclass(frozen=True)
class Finished:
    """A process that ended: its exit code and everything it printed."""

    code: int
    output: str
    folder: Path
    commands: frozenset[str] = frozenset()
    """Command lines of its processes, as far as somebody who looked several times a second saw them."""

    @property
    def review(self) -> dict:
        """final_review.json of the run."""
        return json.loads((self.folder / "final_review.json").read_text(encoding="utf-8"))

    @property
    def tests(self) -> dict[str, tuple[str, str]]:
        """Name of each test to its status and message."""
        return {test.name: (test.status, test.message) for test in ExecutionResult(self.folder / "output.xml").suite.all_tests}

    def of_status(self, status: str) -> dict[str, str]:
        """Tests of a status with their messages."""
        return {name: message for name, (found, message) in self.tests.items() if found == status}


def plain_environment(extra: Mapping[str, str] = {}) -> dict[str, str]:
    """The environment without anything that chooses a profile or a target, and with this Python's tools in front."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_CHOOSING)}
    tools = str(Path(sys.executable).parent)
    return {**kept, "PATH": tools + os.pathsep + kept.get("PATH", ""), **extra}


def finish(command: Sequence[str], folder: Path, extra: Mapping[str, str] = {}, cwd: Path = ROOT) -> Finished:
    """Runs a command to its end; none of its children may be left."""
    before = {process.pid for process in psutil.process_iter()}
    process = subprocess.Popen(
        command, cwd=cwd, env=plain_environment(extra), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    commands: set[str] = set()
    watching = threading.Thread(target=_watch, args=(process, commands))
    watching.start()
    try:
        output, _ = process.communicate(timeout=WITHIN)
    finally:
        process.kill()
        watching.join()
    left = [process.cmdline() for process in psutil.process_iter(["pid"]) if process.pid not in before and "reference_platform" in _words(process)]
    mine = [words for words in left if str(folder) in " ".join(words)]
    assert not mine, f"left behind: {mine}"
    return Finished(process.returncode, output, folder, frozenset(commands))


def _watch(process: subprocess.Popen[str], commands: set[str]) -> None:
    """Adds the command lines of a process and its descendants until it ends."""
    while process.poll() is None:
        with suppress(psutil.Error):
            commands.update(_words(one) for one in psutil.Process(process.pid).children(recursive=True))
        time.sleep(LOOK_EVERY)


def _words(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def run_kit(*arguments: str, extra: Mapping[str, str] = {}) -> Finished:
    """``python run.py ...``; the folder of the run is read from what it printed."""
    done = finish([sys.executable, "run.py", *arguments], ROOT, extra)
    printed = next((line.split()[-1] for line in done.output.splitlines() if "final_review.html" in line), None)
    assert printed, f"no path of a final review in:\n{done.output}"
    return replace(done, folder=(ROOT / printed).parent)
