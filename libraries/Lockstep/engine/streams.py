"""Asking for answers that come in chunks, going on with them on another connection, and waiting for them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from time import monotonic
from typing import TYPE_CHECKING, Any

from ..checks.streams import BEGINS, GOES_ON
from .outcomes import Disconnected, QuestionRefused
from .received_streams import ReceivedStream
from .sending import HANG_GUARD

if TYPE_CHECKING:
    from .client import Client

PATIENCE = 0.25
"""s without a chunk after which it is asked whether there is more to come; it only decides when to ask."""

Look = Callable[[], Awaitable[Mapping[str, bool]]]
"""Asks the target which streams it has sent to their end."""


async def begin(client: Client, within: float | None, **wish: Any) -> ReceivedStream:
    """Asks for a stream and returns it as soon as the target has answered; raises QuestionRefused where it will not."""
    answer = await client.ask(BEGINS, within, **wish)
    said = ((answer.details or {}).get("fields")) or {}
    return client.streams.by_id[str(said.get("stream"))]


async def go_on(client: Client, streams: Collection[ReceivedStream], within: float | None) -> None:
    """Says of each stream which chunk is wanted next, all at once."""
    await asyncio.gather(*(_go_on(client, stream, within) for stream in streams))


async def _go_on(client: Client, stream: ReceivedStream, within: float | None) -> None:
    try:
        await client.ask(GOES_ON, within, stream=stream.id, index=stream.wanted)
    except QuestionRefused as refusal:
        stream.refused = refusal.reason


async def received(client: Client, stream: ReceivedStream, chunks: int, guard: float = HANG_GUARD) -> bool:
    """Waits until so many chunks were received; False where the stream ends, or nothing comes any more, before."""
    while stream.received < chunks and not stream.ended:
        if not await _there(client) or not (await _more(client, [stream], guard) or client.comes_back):
            return False
    return stream.received >= chunks


async def at_rest(client: Client, streams: Collection[ReceivedStream], fence: str | None, look: Look | None, guard: float = HANG_GUARD) -> bool:
    """Waits until each of these streams has come to its end, and whatever may come behind it is there; False where that does not happen.

    A stream without an end is not waited for longer than until the target says that it has sent all of it, and what it sent is there.
    Where it does not say that, the guard counts: it is for silence, as long as chunks come nothing hangs. A client that comes back by
    itself is waited for.
    """
    began = monotonic()
    while missing := [stream for stream in streams if not stream.is_over]:
        if not await _there(client):
            break
        if await _more(client, missing, PATIENCE) or not client.is_connected:
            continue
        sent = await look() if look is not None else {}
        if all(sent.get(stream.id) for stream in missing) and await _fenced(client, fence, guard):
            break
        if monotonic() - max(began, *(stream.arrived for stream in missing)) > guard:
            return False
    await _fenced(client, fence, guard)
    return all(stream.is_over for stream in streams)


async def _there(client: Client) -> bool:
    """Whether the client has a connection; one that comes back by itself is waited for, until it has said what it wants of its streams."""
    return await client.back() if client.comes_back else client.is_connected


async def _fenced(client: Client, fence: str | None, guard: float) -> bool:
    """Waits for everything that was sent on this connection so far; False where it ended before, so that some of it may be lost."""
    if client.is_connected and fence is not None:
        try:
            await client.ask(fence, guard)
        except (Disconnected, TimeoutError):
            return False
    return client.is_connected


async def _more(client: Client, streams: Collection[ReceivedStream], within: float) -> bool:
    """Waits for the next frame of one of these streams; False where none comes within so many seconds of the last one."""
    before, began = [stream.arrived for stream in streams], monotonic()
    while before == [stream.arrived for stream in streams]:
        connection, left = client.connection, began + within - monotonic()
        if connection is None or not connection.is_open or left <= 0:
            return False
        await connection.changed.wait(left)
    return True
