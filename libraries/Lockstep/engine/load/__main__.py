"""A shard in a process of its own: ``python -m Lockstep.engine.load``, the command as one line on standard input, lines on standard output.

It says ``up`` once it can take a command, and ``open`` once all its connections are; then it is told the instant to begin, which so
need leave time for neither. It ends when its standard input closes, so that nothing keeps loading a server after whoever started it is gone.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from typing import Any

import orjson

from ..loop_thread import new_loop
from . import shard
from .plan import Command


def main() -> None:
    """Runs one shard."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; whoever started us closes our input
    _emit({"schema": 1, "event": "up"})
    command = Command.model_validate_json(sys.stdin.buffer.readline())
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(shard.run(command, _emit, _told_when))


async def _told_when() -> float:
    _emit({"schema": 1, "event": "open"})
    line = await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.readline)
    if not line:
        os._exit(1)
    threading.Thread(target=_end_with_input, daemon=True).start()
    return float(orjson.loads(line)["start"])


def _emit(line: dict[str, Any]) -> None:
    sys.stdout.buffer.write(orjson.dumps(line) + b"\n")
    sys.stdout.buffer.flush()


def _end_with_input() -> None:
    while os.read(sys.stdin.fileno(), 65_536):  # not through sys.stdin: a thread that waits in there would break the orderly end
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
