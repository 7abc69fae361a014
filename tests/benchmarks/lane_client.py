"""The load lane in a process of its own, as ``Run Load`` has it in the keyword's: a command as a line on standard input, the shard's lines on standard output."""

import asyncio
import sys
from pathlib import Path

import orjson

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "libraries"))
from Lockstep.engine.load import shard
from Lockstep.engine.load.plan import Command
from Lockstep.engine.loop_thread import new_loop


def emit(line):
    sys.stdout.buffer.write(orjson.dumps(line) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    command = Command.model_validate_json(sys.stdin.buffer.readline())
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(shard.run(command, emit))
