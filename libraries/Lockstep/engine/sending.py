"""An ordered sender: what a burst is, when its messages may go, and how it goes on over a new connection."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from time import monotonic, time
from typing import TYPE_CHECKING, Any

from ..targets.mapping import digest_of
from .account import Account
from .connection import UNREMARKABLE, Connection
from .outcomes import Disconnected
from .schedule import Schedule

if TYPE_CHECKING:
    from .client import Client


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


class Sending:
    """One burst on its way, over as many connections as it takes."""

    def __init__(self, client: Client, plan: Plan, connection: Connection) -> None:
        self._client, self._plan, self._connection = client, plan, connection
        self._since, self._begin = connection.journal.cursor, monotonic()
        self._ids: list[str] = []
        self._times: list[float] = []
        self._handed_over = 0

    async def over(self, connection: Connection) -> Burst:
        """Sends what is left of the plan over this connection; Disconnected where it ends meanwhile: what was written down by then is sent."""
        plan, schedule, ids = self._plan, self._plan.schedule, self._ids
        self._connection, window = connection, Window(self._client, connection, plan)
        while (number := len(ids)) < schedule.count and not plan.stopped():
            due = schedule.due(number)
            intended = None if due is None else self._begin + due
            await until(intended)
            size = await window.room()
            if connection.close_event is not None:  # before a message gets its number and its attempt
                raise Disconnected(f"the connection of {self._client.alias} was {connection.how_closed()}")
            if not size:
                break
            messages, digests, details = self._messages(range(number, min(number + size, schedule.count)))
            ids += [message["message_id"] for message in messages]
            self._times += await connection.send(messages, digests, intended, details=details or UNREMARKABLE, in_one_segment=plan.together > 1)
            self._handed_over = len(ids)
        if plan.then_close:
            await connection.close()
        if not ids and not plan.stopped():
            raise BurstBroken(f"nothing could be sent: {len(connection.outstanding)} messages of {self._client.alias} before it were never answered")
        times = self._times or [self._begin]
        return Burst(self._client.alias, tuple(ids), times[0], times[-1], self._since)

    def how_it_broke(self) -> str:
        """What became of the burst whose connection ended, in words."""
        count, how = self._plan.schedule.count, self._connection.how_closed()
        return f"the connection of {self._client.alias} ended after {self._handed_over} of {count} messages: {how}"

    def _messages(self, numbers: Iterable[int]) -> tuple[list[dict[str, Any]], list[str], list[Mapping[str, Any] | None]]:
        messages, digests, details = list[dict[str, Any]](), list[str](), list[Mapping[str, Any] | None]()
        client, plan = self._client, self._plan
        account = client.account
        for number in numbers:
            message_id = plan.message_id(number) if plan.message_id is not None else account.new_id()
            sequence, content = account.message(message_id, plan.content(number))
            message = {
                "message_id": message_id, "sequence_id": sequence, "content": content, "timestamp": plan.stamp(number),
                "attempt": account.attempt(message_id), "user": account.user, "client": client.alias,
            }
            said = plan.says(number) if plan.says is not None else account.said.get(message_id, {}) if account.said else None
            if said is not None:
                message.update(said)
                if said:
                    account.said[message_id] = said
                details.append(_noted({**said, "content": content} if "conversation" in said else said))
            messages.append(message)
            digests.append(digest_of(content))
        return messages, digests, details


def _noted(said: Mapping[str, Any]) -> Mapping[str, Any] | None:
    return {name: value for name, value in said.items() if name in NOTED and (name, value) != ("priority", "normal")} or None


async def until(instant: float | None) -> None:
    """Waits for an instant of the monotonic clock; None: not at all."""
    if instant is not None and (wait := instant - monotonic()) > 0:
        await asyncio.sleep(wait)


class Window:
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
