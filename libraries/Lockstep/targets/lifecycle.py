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
from pathlib import Path
from time import monotonic
from typing import Any

from ..errors import EnvironmentSetupError, UsageError
from ..places import LIBRARIES, ROOT
from .model import Lifecycle
from .placeholders import filled

MOST_LINES = 1000
"""Lines of a target's output that wait to be read; what a chatty one prints beyond them is dropped."""
START_ARGUMENTS = "LOCKSTEP_START_ARGUMENTS"
"""Environment variable whose words are added to the start command (the runner's ``--defect`` and ``--quirk``)."""


class TargetProcess:
    """One started target with a store of its own that survives restarts."""

    def __init__(self, lifecycle: Lifecycle, name: str) -> None:
        self._lifecycle = lifecycle
        self._name = name
        self._store = Path(tempfile.mkdtemp(prefix=f"lockstep-{name}-"))
        self._process: subprocess.Popen[str] | None = None
        self._output: threading.Thread | None = None
        self._errors: Path = self._store / "stderr.txt"

    @property
    def pid(self) -> int | None:
        """Process id while the target runs."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def start(self) -> dict[str, Any]:
        """Starts the process and returns what its ready line says."""
        self._release()
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

        def value_of(name: str) -> str:
            if name not in values:
                raise UsageError(f"target '{self._name}': 'lifecycle.start' uses {{{name}}}; known are: {', '.join(values)}")
            return values[name]

        more = os.environ.get(START_ARGUMENTS, "")
        try:
            return [filled(word, value_of) for word in self._lifecycle.start] + shlex.split(more)
        except ValueError as error:
            raise UsageError(f"{START_ARGUMENTS} cannot be split into words ({error}): {more}") from None

    def _ready_line(self, process: subprocess.Popen[str]) -> dict[str, Any]:
        lines = self._read_output(process)
        within, deadline = self._lifecycle.ready_within, monotonic() + self._lifecycle.ready_within
        while True:
            try:
                line = lines.get(timeout=max(0.0, deadline - monotonic()))
            except queue.Empty:
                raise EnvironmentSetupError(f"target '{self._name}' gave no ready line within {within:g} s{self._last_words()}") from None
            if line is None:
                raise EnvironmentSetupError(f"target '{self._name}' {self._end_of(process)} before it was ready{self._last_words()}")
            try:
                data = json.loads(line)
            except json.JSONDecodeError:
                data = None
            if not isinstance(data, dict):
                raise EnvironmentSetupError(
                    f"target '{self._name}' printed '{line.strip()[:80]}' where a JSON line such as {{\"event\": \"ready\", ...}} was expected; "
                    "see 'lifecycle' in its file"
                )
            if data.get("event") == "ready":
                return data

    def _read_output(self, process: subprocess.Popen[str]) -> queue.Queue[str | None]:
        """Lines of standard output, then None. It is read to its end, so that the target never blocks on a full pipe."""
        lines: queue.Queue[str | None] = queue.Queue()
        stdout = process.stdout

        def read() -> None:
            for line in stdout or ():
                if lines.qsize() < MOST_LINES:
                    lines.put(line)
            lines.put(None)

        self._output = threading.Thread(target=read, name=f"{self._name}-stdout", daemon=True)
        self._output.start()
        return lines

    @staticmethod
    def _end_of(process: subprocess.Popen[str]) -> str:
        try:
            return f"ended with code {process.wait(1)}"
        except subprocess.TimeoutExpired:
            return "closed its standard output"

    def obituary(self, patience: float = 0.0) -> str:
        """How the process ended, when it ended by itself; else nothing. One that is dying has ``patience`` s to be dead."""
        process = self._process
        if process is None:
            return ""
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
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
            self._release()
            shutil.rmtree(self._store, ignore_errors=True)

    def _release(self) -> None:
        """Lets go of the pipes of a process that has ended."""
        process, output = self._process, self._output
        if process is None or output is None:
            return
        output.join(5)
        for stream in (process.stdin, process.stdout):
            if stream is not None and not output.is_alive():
                stream.close()
