"""The life of a target: where it is, and the process that serves there, as far as the kit has started it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from ..errors import UsageError
from .lifecycle import TargetProcess
from .model import FromEnvironment, TargetFile

DYING = 0.5
"""s; connections of a process that dies break a moment before it is dead. Spent only where a test fails anyway."""


class Life:
    """Of one target, from ``open`` to ``close``."""

    def __init__(self, file: TargetFile, path: Path) -> None:
        self.file = file
        self.path = path
        self.process: TargetProcess | None = None
        self.second: TargetProcess | None = None
        """Another process on the store of the first, which stands by."""
        self.values: dict[str, str] = {}
        """Addresses, and what else the process has said of itself."""
        self._clients: int | None = None
        self._server: psutil.Process | None = None
        self._killed = False

    def endpoints(self) -> list[tuple[str, str, str | None]]:
        """Every address that must answer before a run: label, URL, environment variable that sets it."""
        named = [
            (label.removesuffix("_url"), self._endpoint(label), value.environment if isinstance(value, FromEnvironment) else None)
            for label, value in self.file.endpoints.items()
        ]
        if named or self.file.lifecycle is not None:
            return named
        return [("websocket", self.file.connect.url, None)]

    def _endpoint(self, label: str) -> str:
        value = self.file.endpoints[label]
        if isinstance(value, str):
            return value
        found = os.environ.get(value.environment) or value.default
        if found is None:
            raise UsageError(f"{self.path}: endpoint '{label}' is read from the environment variable {value.environment}, which is not set; set it or give a default")
        return found

    def make_room(self, clients: int) -> None:
        """Lets the target be started for so many clients at a time, if its file says how; otherwise its own limit stays."""
        file = self.file
        if file.lifecycle is not None and file.lifecycle.room:
            self._clients = clients
            self.file = file.model_copy(update={"limits": file.limits.model_copy(update={"clients": clients})})

    def open(self) -> None:
        """Starts the target if that is ours to do; otherwise only notes where it is."""
        self.values = {label: self._endpoint(label) for label in self.file.endpoints}
        if self.file.lifecycle is not None:
            self.process = TargetProcess(self.file.lifecycle, self.file.name, self._clients)
            try:
                self.serves(self.process.start())
            except BaseException:  # a test time-out too: nothing that was begun stays behind
                self.close()
                raise

    @property
    def is_open(self) -> bool:
        """Its addresses are known."""
        return bool(self.values)

    @property
    def addresses(self) -> Mapping[str, str]:
        """What another process needs to know to use the same server."""
        return dict(self.values)

    def open_at(self, addresses: Mapping[str, str]) -> None:
        """Uses the server that another process has started; it is theirs to end."""
        self.values = dict(addresses)

    def serves(self, ready: Mapping[str, Any]) -> None:
        """This is said by the process that serves from now on."""
        self.values.update({key: str(value) for key, value in ready.items() if value is not None})
        self._killed, self._server = False, None
        with suppress(psutil.NoSuchProcess, KeyError, ValueError):
            self._server = psutil.Process(int(self.values["pid"]))  # knows its start time, so that it is never another process of this number

    def restart(self, *, gracefully: bool) -> None:
        """Ends the process, gently or not, and starts it again on the same store."""
        process = self.own_process("restarted")
        process.stop() if gracefully else process.kill()
        self.start_again()

    def start_again(self) -> None:
        """Starts the process, which has ended, on the same store."""
        self.serves(self.own_process("started again").start())

    def ended(self) -> int:
        """Waits until the process, which was asked to end, has done so; returns its exit code."""
        return self.own_process("restarted").ended()

    def kill(self) -> None:
        """Ends the server's process without a chance to tidy up; `restart` starts it again on the same store."""
        process = self.own_process("killed")
        self._killed = True
        with suppress(psutil.NoSuchProcess):
            if self._server is not None:
                self._server.kill()
        process.kill()

    def is_gone_on_purpose(self) -> None:
        """The process was ended by a test, and nobody wonders that it is gone."""
        self._killed = True

    def start_again_if_gone(self) -> None:
        """Starts the process again if a test has ended it and got no further."""
        if self._killed and self.process is not None:
            self.start_again()

    def own_server(self, wanted: str) -> psutil.Process | None:
        """The server's process, if it was started here; None where it has ended."""
        self.own_process(wanted)
        return self.server

    @property
    def was_killed(self) -> bool:
        """Its process was ended on purpose and was not started again."""
        return self._killed

    def close(self) -> None:
        """Ends what was started and forgets the addresses."""
        process, second = self.process, self.second
        self.process = self.second = None
        self.values = {}
        try:
            if second is not None:
                second.end()
        finally:
            if process is not None:
                process.discard()

    def start_second(self) -> None:
        """Starts another process on the same store, which stands by."""
        if self.second is not None:
            raise UsageError(f"a second instance of {self.file.name} stands by already; use 'Hand Over To Second Instance' first")
        self.second = second = self.own_process("joined by a second instance").beside()
        second.start()

    def end_second(self) -> None:
        """Ends the process that stands by, if there is one."""
        second, self.second = self.second, None
        if second is not None:
            second.end()

    def must_have_second(self) -> TargetProcess:
        """The process that stands by."""
        if self.second is None:
            raise UsageError(f"no second instance of {self.file.name} stands by; use 'Start Second Instance' first")
        return self.second

    def handed_over(self) -> int:
        """Waits until the process that stood by serves, and the one before has ended; returns the exit code of that."""
        first, second = self.own_process("handed over"), self.must_have_second()
        self.serves(second.serving())
        self.process, self.second = second, None
        second.inherits(first)
        return first.ended()

    def obituary(self) -> str:
        """Says that the server's process is dead, with its last words, where it is; else nothing."""
        return self.process.obituary(DYING) if self.process is not None else ""

    def own_process(self, wanted: str) -> TargetProcess:
        """The process that was started here."""
        if self.process is None:
            raise UsageError(f"target '{self.file.name}' was not started by this kit and cannot be {wanted}; its file has no 'lifecycle'")
        return self.process

    def died(self) -> str:
        """How the process ended if it was started here and ended by itself; else nothing."""
        return "" if self._killed else self.end_of_process()

    def end_of_process(self) -> str:
        """How the process ended if it was started here and ended, for whatever reason; else nothing."""
        return self.process.obituary().removeprefix("; ") if self.process is not None else ""

    @property
    def server(self) -> psutil.Process | None:
        """The server's process, for figures of memory and processor; None where its pid is not known."""
        return self._server if self.process is not None and self.process.pid else None
