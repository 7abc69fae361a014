"""Sends what a target has to refuse, and behind it what it has to answer."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from time import monotonic, time
from typing import Any

from ..checks.events import Kind
from ..errors import UsageError
from ..malformed_inputs import Encode, Input
from ..targets.mapping import Adapter, digest_of
from .client import Client
from .outcomes import Disconnected
from .schedule import Schedule
from .sending import BurstBroken, Plan, until

REFUSALS = frozenset({Kind.ERROR, Kind.REFUSED})
_numbers = itertools.count(1)


async def send_malformed(client: Client, adapter: Adapter, what: str, one: Input, ways: Sequence[str]) -> None:
    """Sends one input. Where it ends the connection while it is still on its way, that is no error: the journal has it."""
    message = _message(client, f"{client.account.login}.x{next(_numbers)}")
    frames = one.frames(_encode(adapter, message))
    noted = {"malformed": what, "ways": list(ways), "bytes": sum(map(len, frames))}
    with suppress(Disconnected):
        await client.own_connection().say_malformed(frames, noted, binary=one.binary)


async def send_odd(client: Client, adapter: Adapter, one: Input) -> None:
    """Sends a good message that looks odd."""
    message = _counted(client, "odd, and good")
    await client.own_connection().send([message], [digest_of(message["content"])], frames=one.frames(_encode(adapter, message)))


async def send_of_size(client: Client, adapter: Adapter, size: int, ways: Sequence[str] | None) -> None:
    """Sends a message whose JSON text has exactly so many bytes; with ``ways`` to refuse it, it is one that the target does not take."""
    if ways is None:
        message = _counted(client, "")
        content = message["content"] = _filled(adapter, message, size)
        client.account.sent[message["message_id"]] = (message["sequence_id"], content)
        await client.own_connection().send([message], [digest_of(content)])
        return
    message = _message(client, f"{client.account.login}.x{next(_numbers)}")
    message["content"] = _filled(adapter, message, size)
    noted = {"malformed": f"{size:,} B", "ways": list(ways), "bytes": size}
    with suppress(Disconnected):
        await client.own_connection().say_malformed([adapter.encode(message)], noted)


async def send_burst(client: Client, adapter: Adapter, inputs: Sequence[tuple[str, Input, Sequence[str]]], every: float) -> None:
    """Sends several, so far apart; ends early where the target has closed the connection."""
    begin = monotonic()
    for number, (what, one, ways) in enumerate(inputs):
        await until(begin + number * every if every else None)
        if client.is_connected:
            await send_malformed(client, adapter, what, one, ways)


async def all_answered(client: Client, since: int, guard: float) -> None:
    """Returns when each input since then has been refused, or the connection has ended; no question is asked, which might be refused as well."""
    connection, deadline, missing = client.connection, monotonic() + guard, 0
    while connection is not None:
        end = connection.journal.cursor
        for event in connection.journal.slice(since, {client.alias}):
            missing += "malformed" in (event.details or {}) if event.kind is Kind.MARK else -(event.kind in REFUSALS)
        since = end
        if missing <= 0 or not connection.is_open or not await connection.changed.wait(deadline - monotonic()):
            return


async def ask_everybody(clients: Sequence[Client]) -> None:
    """Lets each client that is connected send a good message, and waits for no answer; one whose connection ends meanwhile has sent it in vain."""
    async def one_more(client: Client) -> None:
        with suppress(Disconnected, BurstBroken):
            await client.send_burst(Plan(Schedule(1), lambda _number: "still there?"))

    await asyncio.gather(*(one_more(client) for client in clients if client.is_connected))


def _message(client: Client, message_id: str) -> dict[str, Any]:
    account = client.account
    return {"message_id": message_id, "sequence_id": account.next_sequence, "content": "good but for one thing", "timestamp": time(), "attempt": 1,
            "user": account.user, "client": client.alias}


def _counted(client: Client, content: str) -> dict[str, Any]:
    """A message that counts: the next of its user."""
    message_id = client.account.new_id()
    sequence, content = client.account.message(message_id, content)
    return _message(client, message_id) | {"sequence_id": sequence, "content": content, "attempt": client.account.attempt(message_id)}


def _filled(adapter: Adapter, message: Mapping[str, Any], size: int) -> str:
    least = len(adapter.encode({**message, "content": ""}))
    if size < least:
        raise UsageError(f"a message of this target has at least {least} bytes, so there is none of {size} B")
    return "x" * (size - least)


def _encode(adapter: Adapter, message: Mapping[str, Any]) -> Encode:
    return partial(_with, adapter, message)


def _with(adapter: Adapter, message: Mapping[str, Any], parts: Mapping[str, Any]) -> bytes:
    return adapter.encode({**message, **parts})
