"""Runs the shards of a phase: one in this process, several in processes of their own. A shard that falls silent is noticed."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from time import time
from typing import IO, Any

import orjson

from ...errors import EnvironmentSetupError
from . import shard
from .plan import Command, Door
from .result import Load, Merge

SILENT = 3.0
"""s without a line after which a shard counts as lost; it says one every second."""
COMES_UP = 20.0
"""s until the first line: a process has to start, and connections have to be opened."""
LIBRARIES = Path(__file__).resolve().parents[3]
MOST_LINE = 2**26
Tell = Callable[[Load], None]


def commands(command: Command, shards: int, lead: float) -> list[Command]:
    """The same phase as several commands: each has its share of the connections, and the instant ``lead`` seconds from now."""
    start = time() + lead
    return [
        command.model_copy(update={"shard": number, "shards": shards, "start": start, "doors": command.doors[number::shards]})
        for number in range(shards)
    ]


def lead_for(doors: Sequence[Door]) -> float:
    """Seconds that processes need before all connections are open, generously: who is late makes the phase invalid."""
    return 2.5 + 0.004 * len(doors)


async def run(name: str, command: Command, shards: int = 1, tell: Tell = lambda _load: None) -> Load:
    """Runs a phase and merges it; ``tell`` hears of it with every line."""
    plan = command.plan
    lasts = plan.lasts
    command = command.model_copy(update={"every": min(1.0, max(0.2, lasts / 10)) if lasts else 1.0})
    merge = Merge(name, plan)

    def take(line: dict[str, Any]) -> None:
        merge.take(line)
        tell(merge.load)

    if shards == 1:
        await shard.run(command, take)
    else:
        parts = commands(command, shards, lead_for(command.doors))
        merge.load.missing += [lost for lost in await asyncio.gather(*(_in_process(part, take) for part in parts)) if lost]
    return merge.finished()


async def _in_process(command: Command, take: Callable[[dict[str, Any]], None]) -> str | None:
    """Runs a shard in a process of its own; returns what became of it if it was lost."""
    with tempfile.TemporaryFile() as errors, _started(errors) as process:
        try:
            return await _followed(process, command, take, errors)
        finally:
            if process.stdin is not None:
                process.stdin.close()
            process.kill()  # it has said all, or will not


def _started(errors: IO[bytes]) -> subprocess.Popen[bytes]:
    inherited = os.environ.get("PYTHONPATH")
    path = os.pathsep.join([str(LIBRARIES), *([inherited] if inherited else [])])
    command = [sys.executable, "-m", str(__package__)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, env={**os.environ, "PYTHONPATH": path})  # noqa: S603 - ourselves


async def _followed(process: subprocess.Popen[bytes], command: Command, take: Callable[[dict[str, Any]], None], errors: IO[bytes]) -> str | None:
    reader = asyncio.StreamReader(limit=MOST_LINE)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), process.stdout)
    label = f"shard {command.shard + 1} of {command.shards}"
    try:
        await loop.run_in_executor(None, _give, process, command)
        patience = COMES_UP
        while True:
            try:
                async with asyncio.timeout(patience):
                    line = await reader.readline()
            except TimeoutError:
                return f"{label} said nothing for {patience:g} s"
            if not line:
                return f"{label} ended by itself (exit code {process.wait()}){_last_words(errors)}"
            said = orjson.loads(line)
            take(said)
            if said["event"] == "done":
                return None
            patience = SILENT
    finally:
        transport.close()


def _give(process: subprocess.Popen[bytes], command: Command) -> None:
    """Through the pipe and nowhere else: the command holds tokens."""
    if process.stdin is not None:
        try:
            process.stdin.write(command.model_dump_json().encode() + b"\n")
            process.stdin.flush()
        except BrokenPipeError:
            raise EnvironmentSetupError("a shard of the load ended before it was told what to do") from None


def _last_words(errors: IO[bytes]) -> str:
    errors.seek(0)
    words = errors.read().decode("utf-8", "replace").strip().splitlines()
    return f": {words[-1][:200]}" if words else ""
