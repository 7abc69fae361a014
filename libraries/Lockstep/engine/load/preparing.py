"""What has to be there before a phase begins: permission, room for so many connections, a token for each user."""

from __future__ import annotations

import asyncio
import ipaddress
import math
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import psutil

from ...errors import EnvironmentSetupError, UsageError
from ...targets import Target
from ...targets.accounts import discard, prepare
from .plan import Command, Door, Plan

AT_A_TIME = 32
"""Requests for tokens under way at the same time."""
FASTEST = 1_000_000
"""msg/s; far above what the processes of one machine can send."""
MOST_UNANSWERED = 1_000_000
"""Each is kept until its answer comes, with a few hundred bytes."""
LONGEST = 16 * 2**20
"""Bytes; some texts are made beforehand and kept."""
SPARE_DESCRIPTORS = 64
"""What loop, logs and pipes need beside the connections."""


@dataclass(slots=True)
class Prepared:
    """The command of a phase, and what is to be done with its accounts afterwards."""

    command: Command
    discards: list[Callable[[], Awaitable[None]]]


async def prepared(target: Target, plan: Plan, mark: str, numbers: range | None = None) -> Prepared:
    """Gets a token for each connection's user, or for those of some ``numbers``. ``mark`` begins all message ids and account names; it is new for each phase."""
    turns, discards = asyncio.Semaphore(AT_A_TIME), list[Callable[[], Awaitable[None]]]()

    async def door(number: int) -> Door:
        name, alias = f"{mark}-{number}", f"load-{number}"
        async with turns:
            token, user = await target.token_for(name)
            values: dict[str, Any] = {"user": user}
            values |= await prepare(target, name, token, values)
            if target.file.connect.discard:
                discards.append(partial(discard, target, name, token, values))
        values |= {"client": alias, "connection": number + 1}
        url, headers, subprotocols = target.handshake(token, values)
        hello = target.adapter.handshake(user, {**values, "token": token.value if token else None})
        return Door(number=number, user=user, prefix=f"{name}.", url=url, headers=headers, subprotocols=tuple(subprotocols),
                    secret=token.value if token else "",
                    hello=hello.decode() if hello is not None else None)

    doors = await asyncio.gather(*(door(number) for number in (range(plan.connections) if numbers is None else numbers)))
    return Prepared(Command(plan=plan, doors=tuple(doors), file=target.file, path=str(target.path)), discards)


def check(target: Target, plan: Plan, shards: int) -> None:
    """Refuses what cannot work, before anything is sent."""
    fastest = max((max(stage.begin, stage.end) for stage in plan.stages), default=0.0)
    if fastest > FASTEST:
        raise UsageError(f"a rate of {fastest:,.0f} msg/s is more than this machine could send; give at most {FASTEST:,} msg/s")
    if target.file.connect.proxy is not None:
        raise UsageError(f"{target.path}: load cannot go through a proxy (connect.proxy); leave it out, or send with 'Send Burst'")
    if shards > plan.connections:
        raise UsageError(f"{shards} shards cannot share {plan.connections} connection{'s' * (plan.connections > 1)}; give at most one shard for each")
    waiting = min((plan.window or 0) * plan.connections, plan.count or math.inf)
    if waiting > MOST_UNANSWERED:
        raise UsageError(f"{waiting:,.0f} messages without an answer at the same time are more than a load keeps in mind; give at most "
                         f"{MOST_UNANSWERED:,}, over all connections, with in_flight=... (or count=...)")
    if plan.size is not None and plan.size > LONGEST:
        raise UsageError(f"texts of {plan.size:,} bytes are more than a load can send; give at most {LONGEST:,} with size=..., or use 'Send Burst'")
    _check_descriptors(-(-plan.connections // shards))


def _check_descriptors(connections: int) -> None:
    """Each process of a phase needs a descriptor for each of its connections."""
    limits = _descriptors()
    if limits is None:
        return
    used, soft, hard = limits
    if used + connections + SPARE_DESCRIPTORS <= soft:
        return
    wanted = used + connections + 2 * SPARE_DESCRIPTORS
    advice = f"raise the limit with 'ulimit -n {wanted}' in the shell that starts the run"
    if wanted > hard:
        advice = f"this account may raise that to {hard} only, so ask the administrator for 'nofile' {wanted}, or ask for fewer connections"
    raise EnvironmentSetupError(
        f"{connections} connections need {connections + SPARE_DESCRIPTORS} descriptors, but this process has {soft - used} of {soft} left; {advice}"
    )


def not_offered(target: Target, plan: Plan) -> str | None:
    """Why this load cannot be put on the target: somebody else's server needs its owner's word, and texts are repeated."""
    if target.file.guarantees.duplicates.key == "content":
        return f"{target.title} takes equal texts for duplicates (guarantees.duplicates), and load repeats its texts"
    if is_on_this_machine(target.fill(target.file.connect.url)):
        return None
    load = target.file.permissions.load
    if load is None:
        return (f"{target.title} is not on this machine and its file does not permit load (permissions.load); where its owner agrees, "
                "write there what is allowed, such as {rate: 50, connections: 10}")
    if plan.connections > load.connections:
        return f"{target.title} permits {load.connections} connections (permissions.load), {plan.connections} are wanted"
    if not plan.stages:
        return f"{target.title} permits {load.rate:g} msg/s (permissions.load); load without a rate cannot keep to that"
    fastest = max(max(stage.begin, stage.end) for stage in plan.stages)
    return f"{target.title} permits {load.rate:g} msg/s (permissions.load), {fastest:g} are wanted" if fastest > load.rate else None


def is_on_this_machine(url: str) -> bool:
    """True for addresses that lead back to this machine."""
    host = urlsplit(url).hostname or ""
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost" or host.endswith(".localhost")


def _descriptors() -> tuple[int, float, float] | None:
    """How many are in use, how many there may be, and up to which number that can be raised; None where there is no limit."""
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return None
    soft, hard = (math.inf if limit == resource.RLIM_INFINITY else limit for limit in resource.getrlimit(resource.RLIMIT_NOFILE))
    return None if soft == math.inf else (psutil.Process().num_fds(), soft, hard)
