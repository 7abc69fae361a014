"""Starts, stops and kills a target as its file says. Only processes that were started here are ever ended, by pid."""

from __future__ import annotations

import json
import os
import queue
import secrets
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
from .model import Lifecycle, Url
from .needs import installed
from .placeholders import filled
from .reach import answering, free_port, port_is_taken

MOST_LINES = 1000
"""Lines of a target's output that wait to be read; what a chatty one prints beyond them is dropped."""
READY, STANDS_BY, ACTIVE = "ready", "standby", "active"
"""What a target says in the line that it prints: it serves; it waits for the store of another; it has got that, and serves."""
MOST_PORTS = 3
"""Starts of a target whose free port somebody else was quicker to take."""
START_ARGUMENTS = "LOCKSTEP_START_ARGUMENTS"
"""Environment variable whose words are added to the start command (the runner's ``--defect`` and ``--quirk``)."""


class TargetProcess:
    """One started target with a store of its own that survives restarts; or a second one on the store of another, which stands by."""

    def __init__(self, lifecycle: Lifecycle, name: str, clients: int | None = None, *, beside: TargetProcess | None = None) -> None:
        self._lifecycle = lifecycle
        self._clients = clients
        self._name = name
        self._store = beside.folder if beside is not None else Path(tempfile.mkdtemp(prefix=f"lockstep-{name}-"))
        self._stands_by = beside is not None
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._process: subprocess.Popen[str] | None = None
        self._output: threading.Thread | None = None
        self.secret: str = secrets.token_urlsafe(24) if beside is None else beside.secret
        """Of all processes on this store: what one of them has signed the next one takes for good."""
        self._errors: Path = self._store / ("stderr.txt" if beside is None else f"stderr-{secrets.token_hex(4)}.txt")
        self._values: dict[str, str] = {}

    @property
    def pid(self) -> int | None:
        """Process id while the target runs."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    @property
    def folder(self) -> Path:
        """Where its store is."""
        return self._store

    def beside(self) -> TargetProcess:
        """A second one on the same store, which is not started yet."""
        if self._lifecycle.second is None:
            raise UsageError(f"target '{self._name}' cannot have a second instance; its file has no 'lifecycle.second'")
        return TargetProcess(self._lifecycle, self._name, self._clients, beside=self)

    def inherits(self, first: TargetProcess) -> None:
        """The one before has ended: this one is the only one, and starts like that if it is started again."""
        self._stands_by, self._errors = False, first._errors

    def start(self) -> dict[str, Any]:
        """Starts the process and returns what it and its file say of it: addresses, ``pid``, ``secret``, ``free_port``."""
        if self._lifecycle.needs is not None:
            installed(self._lifecycle.needs, self._name)
        for _ in range(MOST_PORTS - 1):
            try:
                return self._start()
            except EnvironmentSetupError:
                if not (self.pid is None and port_is_taken(self._values["free_port"])):
                    raise  # else somebody was quicker and has the port that was free a moment ago
        return self._start()

    def _start(self) -> dict[str, Any]:
        self._release()
        self._values = {
            "python": sys.executable, "root": str(ROOT), "folder": str(self._store), "store": str(self._store / "store"),
            "free_port": str(free_port()), "secret": self.secret, "clients": str(self._clients),
        }
        command = self._command()
        try:
            with self._errors.open("a", encoding="utf-8") as errors:
                self._process = subprocess.Popen(  # noqa: S603 - the command stands in the user's own target file
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, encoding="utf-8", cwd=ROOT,
                    env=self._environment(),
                )
        except OSError as error:
            raise EnvironmentSetupError(
                f"target '{self._name}' could not be started with '{command[0]}': {error.strerror}; see 'lifecycle.start' in its file"
            ) from None
        try:
            return self._ready(self._process)
        except BaseException:
            self.kill()
            raise

    def _command(self) -> list[str]:
        more = os.environ.get(START_ARGUMENTS, "")
        try:
            second = self._lifecycle.second if self._stands_by else None
            words = [self._filled(word, "start") for word in (second or self._lifecycle).start]
            words += [self._filled(word, "room") for word in self._lifecycle.room if self._clients is not None]
            return words + shlex.split(more)
        except ValueError as error:
            raise UsageError(f"{START_ARGUMENTS} cannot be split into words ({error}): {more}") from None

    def _environment(self) -> dict[str, str]:
        given = {name: self._filled(value, "environment") for name, value in self._lifecycle.environment.items()}
        return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(LIBRARIES), os.environ.get("PYTHONPATH")])), **given}

    def _filled(self, text: str, key: str) -> str:
        def value_of(name: str) -> str:
            if name not in self._values:
                raise UsageError(f"target '{self._name}': 'lifecycle.{key}' uses {{{name}}}; known are: {', '.join(self._values)}")
            return self._values[name]

        return filled(text, value_of)

    def _ready(self, process: subprocess.Popen[str]) -> dict[str, Any]:
        own = {name: self._values[name] for name in ("free_port", "secret")}
        self._lines = self._read_output(process)
        ready = self._lifecycle.ready
        if not isinstance(ready, Url):
            return {**own, **self._said(process, STANDS_BY if self._stands_by else READY)}
        if not self._stands_by:
            self._ready_url(process, ready)
        return {**own, "pid": process.pid}

    def serving(self) -> dict[str, Any]:
        """Waits until one that stood by serves, and returns what it and its file say of it."""
        process, ready = self._process, self._lifecycle.ready
        if process is None:
            raise UsageError(f"the second instance of '{self._name}' was not started")
        own = {name: self._values[name] for name in ("free_port", "secret")}
        if not isinstance(ready, Url):
            return {**own, **self._said(process, ACTIVE)}
        self._ready_url(process, ready)
        return {**own, "pid": process.pid}

    def _ready_url(self, process: subprocess.Popen[str], ready: Url) -> None:
        url = self._filled(ready.url, "ready.url")
        headers = {name: self._filled(value, "ready.headers") for name, value in ready.headers.items()}
        within = self._lifecycle.ready_within
        said = answering(url, headers, within, while_=lambda: process.poll() is None)
        if process.poll() is not None:
            raise EnvironmentSetupError(f"target '{self._name}' {self._end_of(process)} before it was ready{self._last_words()}")
        if said:
            raise EnvironmentSetupError(f"target '{self._name}' did not get ready within {within:g} s: {url} {said}{self._last_words()}")

    def _said(self, process: subprocess.Popen[str], event: str) -> dict[str, Any]:
        """The line in which the process says that this has happened."""
        within, deadline = self._lifecycle.ready_within, monotonic() + self._lifecycle.ready_within
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, deadline - monotonic()))
            except queue.Empty:
                raise EnvironmentSetupError(f"target '{self._name}' gave no {event} line within {within:g} s{self._last_words()}") from None
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
            if data.get("event") == event:
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
        self.ended()

    def kill(self) -> None:
        """Ends the process at once, without a chance to tidy up."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
        process.wait(10)

    def ended(self) -> int:
        """Waits until the process, which was asked to end, has done so; returns its exit code. Kills it when that takes too long."""
        process, within = self._process, self._lifecycle.stop_within
        if process is None:
            return 0
        try:
            return process.wait(within)
        except subprocess.TimeoutExpired:
            self.kill()
            raise EnvironmentSetupError(f"target '{self._name}' did not end within {within:g} s of being asked and was killed") from None

    def end(self) -> None:
        """Stops the target and leaves its store to others."""
        try:
            self.stop()
        finally:
            self._release()

    def discard(self) -> None:
        """Stops the target and removes its store."""
        try:
            self.end()
        finally:
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
