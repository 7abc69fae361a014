"""A whole phase of load: tokens for its users, the shards, and what is to be done with the accounts afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
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
    agree: Callable[[], float]
    """Waits for the others, and says at which time of day all begin."""


async def run(target: Target, name: str, plan: Plan, mark: str, *, tell: Tell, keep: Take = lambda _line: None, shards: int = 1,
              own: OwnShare | None = None) -> Load:
    """Runs a phase, or one's own share of it; ``tell`` hears of the load and ``keep`` of each line."""
    if own is None:
        prepared = await preparing.prepared(target, plan, mark)
    else:
        prepared = await preparing.prepared(target, plan, mark, range(own.number, plan.connections, own.of))
    command, agree = prepared.command, None
    if own is not None:
        command = command.model_copy(update={"shard": own.number, "shards": own.of})
        agree = partial(_in_a_thread, own.agree)
    try:
        return await running.run(name, command, shards, tell, keep=keep, agree=agree)
    finally:
        await asyncio.gather(*(discard() for discard in prepared.discards))


async def _in_a_thread(wait: Callable[[], float]) -> float:
    return await asyncio.get_running_loop().run_in_executor(None, wait)
