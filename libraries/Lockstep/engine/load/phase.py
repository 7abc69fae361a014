"""A whole phase of load: tokens for its users, the shards, and what is to be done with the accounts afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from ...targets import Target
from . import preparing, running
from .plan import Plan
from .result import Load
from .running import Take, Tell


class OwnShare(NamedTuple):
    """What this process does of a phase that several share: ``number`` from 0, and how they agree on the instant to begin."""

    number: int
    of: int
    agree: Callable[[float], float]
    """Waits for the others; from the seconds that opening takes to the time of day at which all begin."""


async def run(target: Target, name: str, plan: Plan, mark: str, *, tell: Tell, keep: Take = lambda _line: None, shards: int = 1,
              own: OwnShare | None = None) -> Load:
    """Runs a phase, or one's own share of it; ``tell`` hears of the load and ``keep`` of each line."""
    numbers = range(own.number if own else 0, plan.connections, own.of if own else 1)
    prepared = await preparing.prepared(target, plan, mark, numbers)
    command = prepared.command
    try:
        if own is not None:
            lead = running.lead_for(len(numbers))
            start = await asyncio.get_running_loop().run_in_executor(None, own.agree, lead)
            command = command.model_copy(update={"shard": own.number, "shards": own.of, "start": start})
        return await running.run(name, command, shards, tell, keep)
    finally:
        await asyncio.gather(*(discard() for discard in prepared.discards))
