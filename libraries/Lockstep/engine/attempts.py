"""Trying to get in with a token, whatever comes of it; no client of the test is changed by that."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from robot.api.types import Secret

from ..checks.events import Kind
from ..targets import Target
from ..token_forms import named_in
from .account import Account
from .client import Client
from .handshake import Refused
from .outcomes import Disconnected
from .sending import HANG_GUARD

if TYPE_CHECKING:
    from .connection import Connection
    from .engine import Engine


@dataclass(frozen=True, slots=True)
class Shown:
    """What is tried: a token and how it travels."""

    account: Account
    token: Secret
    facts: Mapping[str, Any]
    """What the journal keeps of the token: its name in the suite, whether it is good, when it begins and ends; never the token."""
    by: str | None = None
    source: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    reads_clock: bool = False


@dataclass(frozen=True, slots=True)
class TokenAttempt:
    """What came of it."""

    client: str
    token: str
    """Its name in the suite."""
    accepted: bool
    way: str
    """How it was refused, such as ``http 401``; empty where it was not."""
    took: float
    """Seconds from the first byte to the verdict."""
    told: int
    """Events that the target sent by itself."""
    begun: float
    """When it began (s, monotonic)."""

    @property
    def took_ms(self) -> float:
        """The same in milliseconds."""
        return self.took * 1000


async def try_to_connect(engine: Engine, target: Target, shown: Shown, number: int, fence: str | None) -> TokenAttempt:
    """One attempt. Who is let in asks a question, so that a target that thinks better of it is seen, and leaves."""
    account, since = shown.account, engine.journal.cursor
    client = Client(f"{account.role} (trying {number})", account)
    client.begin(account, shown.token, resumable=False, source=shown.source, headers=shown.headers)
    client.by = shown.by
    noted = {**shown.facts, **_known(shown, target), **({"clock": await target.now()} if shown.reads_clock else {})}
    connection: Connection | None = None
    refusal = ""
    try:
        connection = await engine.open(client, target, noted)
        if fence is not None:
            with suppress(Disconnected, TimeoutError):
                await client.ask(fence, HANG_GUARD)
    except Refused as refused:
        refusal = refused.way or "no word"
    finally:
        if connection is not None:
            await asyncio.shield(connection.close())
    events = engine.journal.slice(since, {client.alias})
    begun = next(event for event in events if event.kind is Kind.CONNECT)
    if connection is not None and connection.close_event is not None and (connection.close_event.details or {}).get("by") != "us":
        refusal = f"close {(connection.close_event.details or {}).get('code')}"
    over = next(event for event in events if event.kind in {Kind.CONNECTED, Kind.CONNECT_FAILED})
    if shown.reads_clock:
        engine.journal.write(Kind.MARK, client.alias, begun.connection, account.user, details={"clock": await target.now()})
    told = sum(event.kind not in {Kind.CONNECT, Kind.CONNECT_FAILED, Kind.CLOSE, Kind.QUERY, Kind.ANSWER, Kind.QUERY_UNKNOWN} for event in events)
    return TokenAttempt(client.alias, str(shown.facts["token"]), not refusal, refusal, over.time - begun.time, told, begun.time)


def _known(shown: Shown, target: Target) -> dict[str, str | None]:
    """By what the attempt can be found on the target's side: the token's fingerprint, whom it names, and where the attempt comes from."""
    token, forwarded = shown.token.value, shown.headers.get("X-Forwarded-For")
    here = "127.0.0.1" if urlsplit(target.fill(target.file.connect.url)).hostname in {"127.0.0.1", "localhost"} else None
    return {
        "fingerprint": sha256(token.encode()).hexdigest()[:16], "names": named_in(token), "source": shown.source or here, "forwarded": forwarded,
    }  # fmt: skip


async def together(engine: Engine, target: Target, shown: Sequence[Shown], first: int, fence: str | None) -> list[TokenAttempt]:
    """All of them at once."""
    return list(await asyncio.gather(*(try_to_connect(engine, target, one, first + place, fence) for place, one in enumerate(shown))))


async def paced(
    engine: Engine, target: Target, shown: Sequence[Shown], first: int, fence: str | None, *, every: float,
) -> list[TokenAttempt]:
    """One after the other; each begins ``every`` s behind the one before, or as soon as that is over."""
    begun, attempts = monotonic(), list[TokenAttempt]()
    for place, one in enumerate(shown):
        await asyncio.sleep(max(0.0, begun + place * every - monotonic()))
        attempts.append(await try_to_connect(engine, target, one, first + place, fence))
    return attempts
