"""One program of a user: an alias, at most one open connection, and an ordered sender."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from time import time
from typing import TYPE_CHECKING, Any

from robot.api.types import Secret

from ..checks.events import Event
from ..targets.mapping import digest_of
from .account import Account
from .connection import Connection
from .outcomes import Disconnected
from .pongs import Pongs
from .received_streams import ReceivedStreams
from .schedule import Schedule
from .sending import Burst, BurstBroken, Plan, Sending
from .session import SessionState

if TYPE_CHECKING:
    from .by_itself import ByItself


class Client:
    """Sends in order: one message enters the connection only when the one before it has."""

    _requests = itertools.count(1)

    def __init__(self, alias: str, account: Account) -> None:
        self.alias = alias
        self.account = account
        self.connection: Connection | None = None
        self.session = SessionState()
        self.resumable = False
        """It says to the target that it wants to be able to come back."""
        self.source: str | None = None
        """The local address that it connects from; None: whatever the system takes."""
        self.headers: Mapping[str, str] = {}
        """Headers of its own, over those that the target file names."""
        self.compressed = False
        """It asks the target whether it may compress what it sends."""
        self.token: Secret | None = None
        """The token of the last connection, which is used again by those that follow."""
        self.by: str | None = None
        """How its token travels, where that is not the target's usual way (``connect.auth.also``)."""
        self.token_is_given = False
        """It is one of the test's own, which no other may replace."""
        self.unanswered: dict[str, None] = {}
        """Messages of unknown fate: their connection ended before an answer came."""
        self.streams = ReceivedStreams(alias)
        self.pongs = Pongs()
        """How it answers pings, on each of its connections."""
        self.came_back = 0
        self.by_itself: ByItself | None = None
        """While it comes back by itself whenever its connection ends against its will."""

    def begin(
        self, account: Account, token: Secret | None, *, resumable: bool, source: str | None, headers: Mapping[str, str] | None = None,
        compressed: bool = False,
    ) -> None:
        """A new session, for this account: the alias of an earlier test may come back for that of another."""
        if account is not self.account:
            self.unanswered = {}
        self.streams = ReceivedStreams(self.alias)
        self.account, self.session = account, SessionState()
        self.resumable, self.source, self.headers = resumable, source, headers or {}
        self.token, self.token_is_given = token, token is not None
        self.pongs, self.compressed = Pongs(), compressed

    @property
    def is_connected(self) -> bool:
        """True while its connection may be used."""
        return self.connection is not None and self.connection.is_open

    @property
    def resume(self) -> Mapping[str, object] | None:
        """What it says of its session when it connects: where it comes back to, that it wants to come back (empty), or nothing."""
        if not self.resumable:
            return None
        return self.session.position if self.session.id else {}

    @property
    def comes_back(self) -> bool:
        """True while it comes back by itself."""
        return self.by_itself is not None and not self.by_itself.is_over

    async def back(self) -> bool:
        """Waits until a client that comes back by itself can be used; False for any other, and where it will not come back."""
        return self.by_itself is not None and await self.by_itself.back()

    async def disconnect(self) -> None:
        """Closes the connection in the orderly way; a client that is just coming back is waited for, for it stays away from then on."""
        await self.back()
        if self.connection is not None:
            await self.connection.close()

    async def send_burst(self, plan: Plan) -> Burst:
        """Sends what the plan says; returns when the last message is handed to the connection.

        A client that comes back by itself goes on after each reconnection; for any other the end of the connection ends the burst.
        """
        sending = Sending(self, plan, self.own_connection())
        while True:
            try:
                return await sending.over(self.own_connection())
            except Disconnected:
                if not await self.back():
                    failure = f"; {self.by_itself.failure}" if self.by_itself is not None and self.by_itself.failure else ""
                    raise BurstBroken(sending.how_it_broke() + failure) from None

    async def resend(self, connection: Connection) -> int:
        """Sends the messages of unknown fate once more, in their first order: same id, same words, next attempt. Returns how many."""
        account = self.account
        ids = sorted(self.unanswered.keys() & account.sent.keys(), key=lambda message_id: account.sent[message_id][0])
        plan = Plan(Schedule(len(ids)), lambda _number: "", message_id=ids.__getitem__)
        if ids:
            await Sending(self, plan, connection).over(connection)
        return len(ids)

    async def send_incomplete(self, missing: str) -> str:
        """Sends one message without a part that the target needs, and returns its id."""
        account = self.account
        message_id = account.new_id()  # its number stays free: only the complete message will take it
        message = {"message_id": message_id, "sequence_id": account.next_sequence, "content": "complete", "timestamp": time(),
                   "attempt": account.attempt(message_id), "user": account.user, "client": self.alias}
        await self.own_connection().send([message], [digest_of("complete")], missing=missing)
        return message_id

    async def say(self, texts: Sequence[str]) -> None:
        """Sends texts that are no messages, as they are."""
        await self.own_connection().say(texts)

    async def ask(self, question: str, within: float | None, **values: Any) -> Event:
        """Asks the target and returns the event of the correlated answer; waits at most ``within`` s, or for ever."""
        return await self.own_connection().ask(question, f"{self.account.login}.q{next(self._requests)}", within, values)

    async def ping(self) -> asyncio.Future[float]:
        """Sends a ping; the result completes with its pong."""
        return await self.own_connection().ping()

    async def read_on(self, *, reads: bool) -> None:
        """Stops to read what the target sends, or reads again."""
        await self.own_connection().read_on(reads=reads)

    async def pending(self, fence: str, within: float) -> int | None:
        """How many messages the target still has to process; None where it does not say, so that only the hang guard can tell."""
        try:
            answer = await self.ask(fence, within)
        except (TimeoutError, Disconnected):
            return None
        pending = ((answer.details or {}).get("fields") or {}).get("pending")
        return pending if isinstance(pending, int) else None

    def own_connection(self) -> Connection:
        """The connection that it has or had last."""
        if self.connection is None:
            raise Disconnected(f"{self.alias} was never connected")
        return self.connection
