"""Coming back: try after try up the ladder, then what was missed, then what was never answered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING

from ..checks.events import Kind
from ..errors import EnvironmentSetupError
from ..targets import Target
from .client import Client
from .connection import Connection
from .handshake import Refused
from .ladder import Ladder
from .outcomes import Disconnected, Unanswered
from .sending import HANG_GUARD
from .session import SessionState
from .streams import go_on

if TYPE_CHECKING:
    from .engine import Engine

UNAUTHORIZED = "http 401"
PATIENCE = 0.25
"""s without any arrival after which the fence is asked whether there is more to come; it only decides when to ask."""


@dataclass(frozen=True, slots=True)
class Reconnection:
    """How a client came back."""

    client: str
    since: int
    """Index of the journal from which on it happened."""
    recovered: bool
    """The target said that this is the session as it was, and that everything missed follows."""
    reason: str
    """Why not, as the target says it."""
    session_kept: bool
    """The session has the same id as before."""
    tries: int
    took: float
    """s, from the beginning of the first try until everything missed was received."""
    ready_after: float
    """s, from the beginning of the first try until the target said that the connection may be used."""
    away: float
    """s, from the end of the old connection until the new one may be used."""
    replayed: int
    """Numbered events that were received again or late, up to the last one that was missed."""
    caught_up: bool
    """Everything up to the offset that the target named was received."""
    resent: int
    """Messages of unknown fate that were sent once more."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a client comes back."""

    ladder: Ladder
    seed: int
    resume: bool = True                # to its session; else it begins a new one
    resend: bool = True                # what was never answered is sent again
    streams: bool = True               # of each stream that has not ended it is said which chunk is wanted next
    at_once: bool = True               # the first try does not wait
    after: float = 0.0                 # so long (s) it stays away of its own accord, before the first try
    fence: str | None = None           # the question whose answer comes behind what is sent again, for a target that names no head
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    given_up: Callable[[], bool] = field(default=lambda: False)

    async def wait(self, seconds: float) -> None:
        """Waits, but not longer than until it is given up."""
        due = monotonic() + seconds
        while (left := due - monotonic()) > 0 and not self.given_up():  # a loop that was busy calls a little too early
            await self.pause(left)


class NotBack(Exception):  # noqa: N818 - a result of the stimulus, not an error of the kit
    """A client could not reconnect; the text says after how many tries, and what the last one met."""


async def reconnect(engine: Engine, client: Client, target: Target, manner: Manner) -> Reconnection:
    """Drops what is left of the old connection and comes back; a connection that is lost again meanwhile is one more failed try."""
    since, old = engine.journal.cursor, client.connection
    if old is not None:
        await old.drop()
    before = _setting_out(client, manner)
    tries, last, began, final = 0, "it was asked to stop", 0.0, False
    await manner.wait(manner.after)
    for tries, wait in enumerate(manner.ladder.waits((manner.seed, client.alias, client.came_back), at_once=manner.at_once), 1):
        await manner.wait(wait)
        if manner.given_up():
            break
        began, asked = began or monotonic(), client.session.offset
        try:
            opened = engine.journal.cursor
            connection = await engine.open(client, target, {"try": tries, "waited": round(wait, 6)})
            ready = monotonic()
            replayed, caught_up = await _replayed(client, connection, manner.fence, opened=opened, asked=asked)
            took = monotonic() - began
            resent = await _gone_on(client, connection, manner)
        except Refused as refusal:
            last = str(refusal)
            if final := not _worth_another_try(client, refusal):
                break
        except EnvironmentSetupError as error:  # no fresh token: the whole target may be away
            last = str(error.args[0])
        except (Disconnected, Unanswered) as lost:
            last = str(lost)
        else:
            said = (connection.hello.details if connection.hello else None) or {}
            ended = old.close_event.time if old is not None and old.close_event is not None else began
            return Reconnection(
                client=client.alias, since=since, recovered=client.session.recovered, reason=str(said.get("reason", "")),
                session_kept=bool(before) and client.session.id == before, tries=tries, took=took, ready_after=ready - began,
                away=ready - ended, replayed=replayed, caught_up=caught_up, resent=resent,
            )
    if not manner.given_up():
        engine.journal.write(Kind.MARK, client.alias, 0, client.account.user, details={"gave_up_after": tries, "final": final})
    raise NotBack(f"{client.alias} did not come back to {target.title} in {tries} {'try' if tries == 1 else 'tries'}; the last one: {last}")


def _setting_out(client: Client, manner: Manner) -> str:
    """The id of the session that the client comes back to; empty where it begins a new one."""
    if not manner.resume:
        client.session = SessionState()
    client.came_back += 1
    return client.session.id


async def reconnect_so_often(engine: Engine, client: Client, target: Target, manner: Manner, *, times: int, up: float) -> list[Reconnection]:
    """Is there for ``up`` s and comes back, again and again; returns how, each time that it succeeded."""
    done = list[Reconnection]()
    for _ in range(times):
        await manner.wait(up)
        with suppress(NotBack):
            done.append(await reconnect(engine, client, target, manner))
    return done


async def _gone_on(client: Client, connection: Connection, manner: Manner) -> int:
    """Goes on with what the break has interrupted: streams, then messages that were never answered. Returns how many of these."""
    if manner.streams:
        await go_on(client, client.streams.unended(), HANG_GUARD)
    return await client.resend(connection) if manner.resend else 0


def _worth_another_try(client: Client, refusal: Refused) -> bool:
    """A token that the kit fetched may have expired meanwhile, or belong to a process that is gone: one more try has a fresh one."""
    if refusal.way == UNAUTHORIZED and client.token is not None and not client.token_is_given:
        client.token = None
        return True
    return not refusal.final


async def _replayed(client: Client, connection: Connection, fence: str | None, *, opened: int, asked: int) -> tuple[int, bool]:
    """Waits until everything missed was received; returns how much that was, and False where some of it did not come.

    The target names the last of it (``head``). Where it does not, or where nothing comes any more, the answer to the fence stands
    behind all that was to come. ``opened`` is where the journal was when the connection was opened: some of it may come before the greeting.
    """
    said = (connection.hello.details if connection.hello else None) or {}
    head, told = said.get("head"), said.get("offset")
    patience = HANG_GUARD if fence is None else PATIENCE
    while not isinstance(head, int) or client.session.offset < head:
        if isinstance(head, int) and connection.is_open and await connection.changed.wait(connection.last_arrival + patience - monotonic()):
            continue
        if fence is not None:
            await client.ask(fence, HANG_GUARD)
        break
    if not connection.is_open:
        raise Disconnected(f"the connection of {client.alias} was {connection.how_closed()} while it was told what it had missed")
    start = told if isinstance(told, int) else asked if client.session.recovered else 0
    events = connection.journal.slice(opened, {client.alias})
    ours = {Kind.CONNECTED} if isinstance(head, int) else {Kind.CONNECTED, Kind.ANSWER}  # the answer to the fence is numbered as well
    numbered = {event.offset for event in events if event.offset is not None and event.kind not in ours}
    replayed = sum(start < offset <= head for offset in numbered) if isinstance(head, int) else len(numbered)
    return replayed, not isinstance(head, int) or replayed >= head - start
