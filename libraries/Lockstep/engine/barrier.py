"""From here absence may be judged: everything that was admitted has been answered, and a short window stayed quiet.

The fence is a correlated state query: the server answers it behind everything that it sent before, and says how many
messages still wait or run. Without such an answer only the hang guard can end the wait for a message that is lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from itertools import compress
from time import monotonic

from ..checks.events import Kind
from .client import Client
from .connection import Connection
from .sending import HANG_GUARD

PATIENCE = 0.25
"""s without any arrival after which the fence is asked; it only decides when to ask, never what is judged."""
QUIET_AT_LEAST, QUIET_AT_MOST = 0.2, 2.0
"""s; the quiet window is 20 times the 99th percentile of the latency so far, within these bounds (reliability rule 2.3)."""


@dataclass(frozen=True, slots=True)
class Settled:
    """How the barrier was reached; ``reached`` is False when only the hang guard ended the wait."""

    reached: bool
    how: str


async def settle(client: Client, *, fence: str | None, since: int, guard: float = HANG_GUARD) -> Settled:
    """Waits until nothing of this client is under way at the target, then for the quiet window.

    A client that comes back by itself is waited for, and what its connection could not settle is settled on the next one.
    """
    return await _over_connections(client, lambda: _settle(client, fence, since, guard))


async def drained(client: Client, fence: str | None) -> Settled:
    """Waits until the target has nothing left to do for this client, over as many connections as it takes."""
    return await _over_connections(client, lambda: drain(client, client.connection, fence))


async def _over_connections(client: Client, reach: Callable[[], Awaitable[Settled]]) -> Settled:
    """Reaches a barrier with a client that may be on its way back, and again where its connection ended meanwhile and it came back."""
    while True:
        comes_back = await client.back()
        settled = await reach()
        if not comes_back or client.is_connected:
            return settled


async def _settle(client: Client, fence: str | None, since: int, guard: float) -> Settled:
    connection = client.connection
    if connection is None or not connection.is_open:
        return Settled(reached=True, how="the connection is closed")
    if connection.settled_after == connection.sent:
        return Settled(reached=True, how="nothing was sent since the last barrier")
    sent = connection.sent
    drained = await drain(client, connection, fence, guard)
    if not drained.reached:
        connection.mark(waited=drained.how)  # until now nothing came, which a standstill is measured by
    await _quiet(connection, since)
    connection.settled_after = sent if drained.reached else None
    return drained


async def drain(client: Client, connection: Connection | None, fence: str | None, guard: float = HANG_GUARD) -> Settled:
    """Waits until the target has nothing left to do for this client, or says that it has not although attempts are unanswered.

    The guard is for silence: as long as attempts are answered, however slowly, nothing hangs.
    """
    if connection is None:
        return Settled(reached=True, how="it was never connected")
    deadline, idle, fewest = monotonic() + guard, fence is None, len(connection.outstanding)
    while connection.is_open:
        unanswered = len(connection.outstanding)
        if unanswered < fewest:
            deadline, fewest = monotonic() + guard, unanswered
        if idle and not unanswered:
            return Settled(reached=True, how="every attempt was answered")
        if monotonic() > deadline:
            return Settled(reached=False, how=f"the hang guard of {guard:g} s ended the wait; {unanswered} attempts were unanswered")
        if unanswered and not await connection.all_answered.wait(PATIENCE) and monotonic() - connection.last_arrival < PATIENCE:
            continue  # answers still come in
        if fence is None or not connection.is_open:
            continue
        pending = await client.pending(fence, max(0.1, deadline - monotonic()))
        idle = pending == 0 or (pending is None and not connection.outstanding)
        if pending == 0 and connection.outstanding:
            return Settled(reached=True, how=f"the target has nothing left to do; {len(connection.outstanding)} attempts stay unanswered")
        if not idle:
            await asyncio.sleep(PATIENCE)  # a busy target is not asked all the time
    return Settled(reached=True, how="the connection closed meanwhile")


async def answered(client: Client, message_ids: Collection[str], guard: float = HANG_GUARD) -> Settled:
    """Waits until no attempt of these messages is unanswered, whatever else is under way."""
    return await _over_connections(client, lambda: _answered(client, message_ids, guard))


async def _answered(client: Client, message_ids: Collection[str], guard: float) -> Settled:
    connection, wanted = client.connection, frozenset(message_ids)
    deadline, fewest = monotonic() + guard, len(wanted)
    while connection is not None and (left := sum(message_id in wanted for message_id, _ in connection.outstanding)):
        if left < fewest:
            deadline, fewest = monotonic() + guard, left
        if not await connection.changed.wait(deadline - monotonic()):
            return Settled(reached=False, how=f"the hang guard of {guard:g} s ended the wait; {left} attempts were unanswered")
    return Settled(reached=True, how="each of these messages was answered")


async def decided(client: Client, since: int, guard: float = HANG_GUARD) -> Settled:
    """Waits until the target has said of each attempt whether it takes it in: for an agent that is held, so that nothing is answered."""
    connection = client.connection
    deadline, accepted = monotonic() + guard, set[tuple[str | None, int | None]]()
    while connection is not None and connection.is_open:
        end = connection.journal.cursor
        accepted |= {(event.message_id, event.attempt) for event in connection.journal.events[since:end] if event.kind is Kind.ACCEPTED}
        since, undecided = end, connection.outstanding.keys() - accepted
        if not undecided:
            break
        if not await connection.changed.wait(deadline - monotonic()):
            return Settled(reached=False, how=f"the hang guard of {guard:g} s ended the wait; of {len(undecided)} attempts it is not known whether they were taken in")
    return Settled(reached=True, how="each attempt was taken in, refused or answered")


async def _quiet(connection: Connection, since: int) -> None:
    events = connection.journal.slice(since, {connection.client})
    sent: dict[tuple[int, int], float] = {}
    took: list[float] = []
    for kind, time, *attempt in compress(zip(events.kinds, events.times, events.messages, events.attempts, strict=True), events.mask(Kind.SEND, Kind.REPLY)):
        if kind == Kind.SEND.number:
            sent[attempt[0], attempt[1]] = time
        elif (begun := sent.get((attempt[0], attempt[1]))) is not None:
            took.append(time - begun)
    p99 = sorted(took)[int(len(took) * 0.99)] if took else 0.0
    window = min(QUIET_AT_MOST, max(QUIET_AT_LEAST, 20 * p99))
    while connection.is_open and (left := connection.last_arrival + window - monotonic()) > 0:  # noqa: ASYNC110 - the window itself is time
        await asyncio.sleep(left)
