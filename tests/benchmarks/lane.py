"""Our side: the load lane in a process of its own, and its checked result."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.stage import HERE, Failed, Generator
from Lockstep.engine.load.plan import Command, Door, Plan
from Lockstep.engine.load.result import Load, Merge
from Lockstep.targets import load_target

SHARD = [sys.executable, str(HERE / "lane_client.py")]
SLOWEST = 60.0
"""s after the end of a phase in which all answers must have come."""


def command_for(url: str, plan: Plan) -> Command:
    """The command of a phase against a server that asks for no token."""
    target = load_target("reference")
    mark = os.urandom(4).hex()
    doors = tuple(Door(number=number, user=f"user-{number}", prefix=f"{mark}.{number}.", url=url) for number in range(plan.connections))
    return Command(plan=plan, doors=doors, file=target.file, path=str(target.path))


def started(command: Command, folder: Path) -> Generator:
    """The shard, with its command."""
    return Generator(SHARD, folder / "lane.jsonl", given=command.model_dump_json(by_alias=True).encode() + b"\n")


def checked(plan: Plan, said: str) -> Load:
    """The result of a phase that has ended; raises Failed unless every message was answered once, in order and unchanged."""
    merge, done = Merge("benchmark", plan), False
    for line in map(json.loads, said.splitlines()):
        merge.take(line)
        done = done or line["event"] == "done"
    load = merge.finished()
    if not done or not load.answered or load.violations or load.lost or load.refused or load.refused_connections or load.answered != load.sent or load.without_digest:
        raise Failed(f"our own load was not whole: {load.answered} of {load.sent} answered, {dict(load.violations)} {load.sentences[:3]}")
    return load


def phase(command: Command, folder: Path, meanwhile: Callable[[Generator], None] = lambda _generator: None) -> Load:
    """Runs a whole phase; ``meanwhile`` may watch the process and returns when it has seen enough."""
    with started(command, folder) as generator:
        meanwhile(generator)
        return checked(command.plan, generator.finish((command.plan.lasts or 0) + SLOWEST))
