"""One program of a user: an alias, at most one open connection, and an ordered sender."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from time import monotonic, time
from typing import Any

from ..checks.events import Event
from ..targets.mapping import digest_of
from .account import Account
from .connection import UNREMARKABLE, Connection, Disconnected
from .schedule import Schedule


@dataclass(frozen=True, slots=True)
class Burst:
    """What was sent: ids in send order, monotonic times of the first and the last send (s), journal index of the first event."""

    client: str
    message_ids: tuple[str, ...]
    first_sent: float
    last_sent: float
    since: int

    @property
    def count(self) -> int:
        """How many messages."""
        return len(self.message_ids)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to send and how. Contents and stamps are functions of the message's number in this burst."""

    schedule: Schedule
    content: Callable[[int], str]
    stamp: Callable[[int], float] = field(default=lambda _number: time())
    says: Callable[[int], Mapping[str, Any]] | None = None
    """What each message says beside its text: its priority, the agents it is meant for, the conversation it belongs to."""
    in_flight: int | None = None
    together: int = 1                      # so many messages leave in one write
    message_id: Callable[[int], str] | None = None  # none: each message gets a fresh id
    then_close: bool = False
    fence: str | None = None               # the question whose answer tells what is still under way
    stopped: Callable[[], bool] = field(default=lambda: False)


NOTED = frozenset({"priority", "target_agents", "shared_state_key", "final", "conversation", "content"})
"""What the journal keeps of a message beside its identity: checks judge by it. The text only of a conversation, where it is short."""
HANG_GUARD = 30.0
"""s; the longest wait for a target that does not say what it does."""
STALLED = 2.0
"""s without any answer after which a sender with a full window asks the target; it only decides when to ask."""
MOST_LOSSES = 3
"""So many windows full of lost messages are written off; then the burst ends early, since the loss is plain to see."""
MOST_AT_ONCE = 16
"""Messages of an unpaced burst between two looks at the loop, so that reading goes on meanwhile."""


class BurstBroken(Exception):  # noqa: N818 - a result of the stimulus, not an error of the kit
    """The connection ended before the last message; the text says after how many."""


class Client:
    """Sends in order: one message enters the connection only when the one before it has."""

    _requests = itertools.count(1)

    def __init__(self, alias: str, account: Account) -> None:
        self.alias = alias
        self.account = account
        self.connection: Connection | None = None

    async def send_burst(self, plan: Plan) -> Burst:
        """Sends what the plan says; returns when the last message is handed to the connection."""
        connection, schedule = self._own_connection(), plan.schedule
        since, begin, ids, times = connection.journal.cursor, monotonic(), list[str](), list[float]()
        window = _Window(self, connection, plan)
        try:
            while (number := len(ids)) < schedule.count and not plan.stopped():
                due = schedule.due(number)
                intended = None if due is None else begin + due
                await until(intended)
                size = await window.room()
                if not size:
                    break
                messages, digests, details = self._messages(plan, range(number, min(number + size, schedule.count)))
                times += await connection.send(messages, digests, intended, details=details or UNREMARKABLE, in_one_segment=plan.together > 1)
                ids += [message["message_id"] for message in messages]
            if plan.then_close:
                await connection.close()
        except Disconnected:
            raise BurstBroken(f"the connection of {self.alias} ended after {len(ids)} of {schedule.count} messages: {connection.how_closed()}") from None
        if not ids and not plan.stopped():
            raise BurstBroken(f"nothing could be sent: {len(connection.outstanding)} messages of {self.alias} before it were never answered")
        return Burst(self.alias, tuple(ids), *((times[0], times[-1]) if times else (begin, begin)), since)

    def _messages(self, plan: Plan, numbers: Iterable[int]) -> tuple[list[dict[str, Any]], list[str], list[Mapping[str, Any] | None]]:
        messages, digests, details = list[dict[str, Any]](), list[str](), list[Mapping[str, Any] | None]()
        for number in numbers:
            message_id = plan.message_id(number) if plan.message_id is not None else self.account.new_id()
            sequence, content = self.account.message(message_id, plan.content(number))
            message = {
                "message_id": message_id, "sequence_id": sequence, "content": content, "timestamp": plan.stamp(number),
                "attempt": self.account.attempt(message_id), "user": self.account.user, "client": self.alias,
            }
            if plan.says is not None:
                said = plan.says(number)
                message.update(said)
                details.append(_noted({**said, "content": content} if "conversation" in said else said))
            messages.append(message)
            digests.append(digest_of(content))
        return messages, digests, details

    async def send_incomplete(self, missing: str) -> str:
        """Sends one message without a part that the target needs, and returns its id."""
        account = self.account
        message_id = account.new_id()  # its number stays free: only the complete message will take it
        message = {"message_id": message_id, "sequence_id": account.next_sequence, "content": "complete", "timestamp": time(),
                   "attempt": account.attempt(message_id), "user": account.user, "client": self.alias}
        await self._own_connection().send([message], [digest_of("complete")], missing=missing)
        return message_id

    async def ask(self, question: str, within: float, **values: Any) -> Event:
        """Asks the target and returns the event of the correlated answer."""
        return await self._own_connection().ask(question, f"{self.account.login}.q{next(self._requests)}", within, values)

    async def ping(self) -> asyncio.Future[float]:
        """Sends a ping; the result completes with its pong."""
        return await self._own_connection().ping()

    async def read_on(self, *, reads: bool) -> None:
        """Stops to read what the target sends, or reads again."""
        await self._own_connection().read_on(reads=reads)

    async def pending(self, fence: str, within: float) -> int | None:
        """How many messages the target still has to process; None where it does not say, so that only the hang guard can tell."""
        try:
            answer = await self.ask(fence, within)
        except (TimeoutError, Disconnected):
            return None
        pending = ((answer.details or {}).get("fields") or {}).get("pending")
        return pending if isinstance(pending, int) else None

    def _own_connection(self) -> Connection:
        if self.connection is None:
            raise Disconnected(f"{self.alias} was never connected")
        return self.connection


def _noted(said: Mapping[str, Any]) -> Mapping[str, Any] | None:
    return {name: value for name, value in said.items() if name in NOTED and (name, value) != ("priority", "normal")} or None


async def until(instant: float | None) -> None:
    """Waits for an instant of the monotonic clock; None: not at all."""
    if instant is not None and (wait := instant - monotonic()) > 0:
        await asyncio.sleep(wait)


class _Window:
    """How many messages may be handed over now. Messages that the target has lost must not hold up the sender for ever."""

    def __init__(self, client: Client, connection: Connection, plan: Plan) -> None:
        self._client, self._connection, self._plan = client, connection, plan
        self._lost = 0
        self._losses = 0

    async def room(self) -> int:
        """Waits while ``in_flight`` unanswered messages leave no room; 0 when so much is lost that sending more shows nothing new.

        Without a pace there is room for as many as the window takes (each still has a frame of its own), with a look at the loop in
        between, so that writing and reading go on.
        """
        plan, connection = self._plan, self._connection
        while plan.in_flight is not None and self._waiting() + plan.together > plan.in_flight and connection.is_open:
            if plan.stopped():
                return 0
            if not await connection.changed.wait(STALLED) and not await self._worth_waiting():
                return 0
        if plan.together > 1 or plan.schedule.is_paced:
            return plan.together
        await asyncio.sleep(0)
        return MOST_AT_ONCE if plan.in_flight is None else max(1, min(MOST_AT_ONCE, plan.in_flight - self._waiting()))

    def _waiting(self) -> int:
        return len(self._connection.outstanding) - self._lost

    async def _worth_waiting(self) -> bool:
        """Nothing was answered for a while: asks the target, and writes off what it has nothing to say about any more."""
        connection, fence = self._connection, self._plan.fence
        if fence is not None and await self._client.pending(fence, HANG_GUARD) == 0:
            self._lost = len(connection.outstanding)
            self._losses += 1
            return self._losses <= MOST_LOSSES
        return monotonic() - connection.last_arrival < HANG_GUARD


def contents(account: Account, size: int | None, seed: int) -> Callable[[int], str]:
    """Texts that name their number and the user's canary; with ``size`` padded or cut to exactly so many bytes, by seed."""
    letters = random.Random(f"{seed}-{account.role}")  # noqa: S311 - repeatable text, no secret
    filler = "".join(letters.choices("abcdefghijklmnopqrstuvwxyz      ", k=997))

    def content(number: int) -> str:
        text = f"message {number} of {account.canary}: "
        if size is None:
            return text + filler[number % 900 :][:40]
        return (text + filler * (size // len(filler) + 1))[:size]

    return content
