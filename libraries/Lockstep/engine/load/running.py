"""Runs the shards of a phase: one in this process, several in processes of their own. A shard that falls silent is noticed."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from time import time
from typing import Any

import orjson

from ...errors import EnvironmentSetupError
from ...places import LIBRARIES
from . import shard
from .plan import Command
from .result import Load, Merge
from .shard import Agree

SILENT = 3.0
"""s without a line after which a shard counts as lost; it says one every second."""
LEAD = 0.4
"""s from the moment when the last shard is ready to the instant at which all begin: enough for the word to reach them on a busy machine, too."""
COMES_UP = 30.0
"""s until a process can take a command."""
MOST_LINE = 2**26
Take = Callable[[dict[str, Any]], None]
Tell = Callable[[Load], None]


async def run(name: str, command: Command, shards: int = 1, tell: Tell = lambda _load: None, *, keep: Take = lambda _line: None,
              agree: Agree | None = None) -> Load:
    """Runs a phase and merges it; ``tell`` hears of it with every line, and ``keep`` of the line.

    ``agree`` tells when to begin where the phase is one shard of several that run elsewhere.
    """
    command = command.model_copy(update={"every": command.plan.stretch})
    merge = Merge(name, command.plan)

    def take(line: dict[str, Any]) -> None:
        keep(line)
        merge.take(line)
        tell(merge.load)

    try:
        if shards == 1:
            await shard.run(command, take, agree)
        else:
            merge.load.missing += await _in_processes(command, shards, take)
    except asyncio.CancelledError:
        merge.load.interrupted = True
        merge.finished()  # for whoever was told of it
        raise
    return merge.finished()


def parts_of(command: Command, shards: int) -> list[Command]:
    """The same phase as several commands: each has its share of the connections."""
    return [command.model_copy(update={"shard": number, "shards": shards, "doors": command.doors[number::shards]}) for number in range(shards)]


async def _in_processes(command: Command, shards: int, take: Take) -> list[str]:
    """Runs each shard in a process of its own; returns what became of those that were lost."""
    processes = [_Process(f"shard {number + 1} of {shards}") for number in range(shards)]
    try:
        await asyncio.gather(*(process.comes_up() for process in processes))
        parts = zip(processes, parts_of(command, shards), strict=True)
        opened = await asyncio.gather(*(process.opens(part, take) for process, part in parts))
        start = time() + LEAD
        ended = await asyncio.gather(*(process.runs(start, take) for process, lost in zip(processes, opened, strict=True) if not lost))
        return [lost for lost in (*opened, *ended) if lost]
    finally:
        for process in processes:
            process.end()


class _Process:
    """A shard in a process of its own."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed in end()
        inherited = os.environ.get("PYTHONPATH")
        path = os.pathsep.join([str(LIBRARIES), *([inherited] if inherited else [])])
        command = [sys.executable, "-m", str(__package__)]
        self._process = subprocess.Popen(  # noqa: S603 - ourselves
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, env={**os.environ, "PYTHONPATH": path})
        self._lines = asyncio.StreamReader(limit=MOST_LINE)
        self._transport: asyncio.BaseTransport | None = None

    async def comes_up(self) -> None:
        """Waits until it can take a command."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(self._lines), self._process.stdout)
        line, lost = await self._next_line(COMES_UP)
        if line is None:
            raise EnvironmentSetupError(f"{lost}; it should have come up to put load on the target")

    async def opens(self, command: Command, take: Take) -> str | None:
        """Gives it the command and follows what it says until its connections are open; returns what became of it if it was lost."""
        return await self._follows(command.model_dump_json(by_alias=True).encode(), take, until="open")

    async def runs(self, start: float, take: Take) -> str | None:
        """Lets it begin at an instant (time of day), and follows what it says to the end."""
        return await self._follows(orjson.dumps({"start": start}), take, until="done")

    async def _follows(self, told: bytes, take: Take, *, until: str) -> str | None:
        await asyncio.get_running_loop().run_in_executor(None, self._give, told)
        while True:
            line, lost = await self._next_line(SILENT)
            if line is None:
                return lost
            if line["event"] != "open":
                take(line)
            if line["event"] == until:
                return None

    def end(self) -> None:
        """It has said all, or will not."""
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):
                self._process.stdin.close()
        self._process.kill()
        self._process.wait()
        if self._transport is not None:
            self._transport.close()
        self._errors.close()

    async def _next_line(self, patience: float) -> tuple[dict[str, Any] | None, str]:
        try:
            async with asyncio.timeout(patience):
                line = await self._lines.readline()
        except TimeoutError:
            return None, f"{self._label} said nothing for {patience:g} s"
        if not line.endswith(b"\n"):
            return None, f"{self._label} ended by itself (exit code {self._process.wait()}){self._last_words()}"
        return orjson.loads(line), ""

    def _give(self, line: bytes) -> None:
        """Through the pipe and nowhere else: the command holds tokens. A process that is gone is noticed by its silence."""
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):
                self._process.stdin.write(line + b"\n")
                self._process.stdin.flush()

    def _last_words(self) -> str:
        self._errors.seek(0)
        words = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        return f": {words[-1][:200]}" if words else ""
