"""Starts, stops and kills a target as its file says. Only processes that were started here are ever ended, by pid."""

from __future__ import annotations

import json
import os
import queue
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import Any

from ..errors import EnvironmentSetupError
from .model import Lifecycle

ROOT = Path(__file__).resolve().parents[3]
LIBRARIES = Path(__file__).resolve().parents[2]
START_ARGUMENTS = "LOCKSTEP_START_ARGUMENTS"
"""Environment variable whose words are added to the start command (the runner's ``--defect`` and ``--quirk``)."""


class TargetProcess:
    """One started target with a store of its own that survives restarts."""

    def __init__(self, lifecycle: Lifecycle, name: str) -> None:
        self._lifecycle = lifecycle
        self._name = name
        self._store = Path(tempfile.mkdtemp(prefix=f"lockstep-{name}-"))
        self._process: subprocess.Popen[str] | None = None
        self._errors: Path = self._store / "stderr.txt"

    @property
    def pid(self) -> int | None:
        """Process id while the target runs."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def start(self) -> dict[str, Any]:
        """Starts the process and returns what its ready line says."""
        command = self._command()
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(LIBRARIES), os.environ.get("PYTHONPATH")]))}
        try:
            with self._errors.open("a", encoding="utf-8") as errors:
                self._process = subprocess.Popen(  # noqa: S603 - the command stands in the user's own target file
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, encoding="utf-8", cwd=ROOT,
                    env=environment,
                )
        except OSError as error:
            raise EnvironmentSetupError(
                f"target '{self._name}' could not be started with '{command[0]}': {error.strerror}; see 'lifecycle.start' in its file"
            ) from None
        try:
            return self._ready_line(self._process)
        except BaseException:
            self.kill()
            raise

    def _command(self) -> list[str]:
        values = {"python": sys.executable, "root": str(ROOT), "store": str(self._store / "store")}
        words = [word.format_map(_Known(values, self._name)) for word in self._lifecycle.start]
        return words + shlex.split(os.environ.get(START_ARGUMENTS, ""))

    def _ready_line(self, process: subprocess.Popen[str]) -> dict[str, Any]:
        lines: queue.Queue[str] = queue.Queue()
        stdout = process.stdout

        def read() -> None:
            for line in stdout or ():
                lines.put(line)
            lines.put("")

        threading.Thread(target=read, name=f"{self._name}-stdout", daemon=True).start()
        deadline = monotonic() + self._lifecycle.ready_within
        while True:
            try:
                line = lines.get(timeout=max(0.0, deadline - monotonic()))
            except queue.Empty:
                raise EnvironmentSetupError(
                    f"target '{self._name}' gave no ready line within {self._lifecycle.ready_within:g} s{self._last_words()}"
                ) from None
            if not line:
                process.wait(5)
                raise EnvironmentSetupError(
                    f"target '{self._name}' ended with code {process.returncode} before it was ready{self._last_words()}"
                )
            try:
                data = json.loads(line)
            except json.JSONDecodeError:
                raise EnvironmentSetupError(
                    f"target '{self._name}' printed '{line.strip()[:80]}' where a JSON line such as {{\"event\": \"ready\", ...}} was expected"
                ) from None
            if isinstance(data, dict) and data.get("event") == "ready":
                return data

    def obituary(self) -> str:
        """How the process ended, when it ended by itself; else nothing."""
        process = self._process
        if process is None or process.poll() is None:
            return ""
        return f"; the target's process ended with code {process.returncode}{self._last_words()}"

    def _last_words(self) -> str:
        lines = self._errors.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return f"; its last words: {lines[-1][:300]}" if lines else "; it wrote nothing to its error output"

    def stop(self) -> None:
        """Ends the target in its own graceful way; kills it when that takes too long."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        if self._lifecycle.stop == "close_stdin" and process.stdin is not None:
            process.stdin.close()
        else:
            process.terminate()
        try:
            process.wait(self._lifecycle.stop_within)
        except subprocess.TimeoutExpired:
            self.kill()
            raise EnvironmentSetupError(
                f"target '{self._name}' did not end within {self._lifecycle.stop_within:g} s of being asked and was killed"
            ) from None

    def kill(self) -> None:
        """Ends the process at once, without a chance to tidy up."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
        process.wait(10)

    def discard(self) -> None:
        """Stops the target and removes its store."""
        try:
            self.stop()
        finally:
            for stream in (self._process.stdin, self._process.stdout) if self._process is not None else ():
                if stream is not None:
                    stream.close()
            shutil.rmtree(self._store, ignore_errors=True)


class _Known(dict[str, str]):
    """Placeholders of the start command; an unknown one is a sentence."""

    def __init__(self, values: Mapping[str, str], name: str) -> None:
        super().__init__(values)
        self._name = name

    def __missing__(self, key: str) -> str:
        raise EnvironmentSetupError(f"target '{self._name}': 'lifecycle.start' uses {{{key}}}; known are: {', '.join(self)}")
