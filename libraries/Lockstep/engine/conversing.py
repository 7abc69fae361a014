"""A conversation in which each message is watched: the state before it and behind its answer, and nonsense in between."""

from __future__ import annotations

from dataclasses import replace
from time import monotonic

from .barrier import drain
from .client import Client
from .schedule import Schedule
from .sending import HANG_GUARD, Burst, Plan, until

STATE = "agent_state"


async def converse(client: Client, plan: Plan, *, snapshots: bool, malformed: bool) -> Burst:
    """Sends what the plan says, message by message; with ``snapshots`` each waits for the answer to the one before."""
    begin, bursts = monotonic(), list[Burst]()
    for number in range(plan.schedule.count):
        due = plan.schedule.due(number)
        await until(None if due is None else begin + due)
        if snapshots:
            await client.ask(STATE, HANG_GUARD)
        bursts.append(await client.send_burst(_only(plan, number)))
        if snapshots:
            await drain(client, client.connection, plan.fence)
            await client.ask(STATE, HANG_GUARD)
        if malformed:
            await client.send_incomplete("content")
    return replace(bursts[0], message_ids=tuple(name for burst in bursts for name in burst.message_ids), last_sent=bursts[-1].last_sent)


def _only(plan: Plan, number: int) -> Plan:
    """The part of a plan that is one message."""
    says = plan.says
    return replace(plan, schedule=Schedule(1), content=lambda _first: plan.content(number), says=says and (lambda _first: says(number)))
