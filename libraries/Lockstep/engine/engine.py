"""What goes on below the keywords: the loop, the journal and the clients of this process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from functools import partial
from typing import Any, TypeVar

from robot.api.types import Secret

from ..targets import Target
from .account import Account
from .activity import Activities
from .client import Client
from .connection import Connection
from .handshake import Refused
from .journal import Journal
from .lag import LagProbe
from .loop_thread import LoopThread

T = TypeVar("T")


class Engine:
    """Owns the loop thread; everything that touches a socket runs there."""

    def __init__(self) -> None:
        self.journal = Journal()
        self.lag = LagProbe()
        self.clients: dict[str, Client] = {}
        self.activities = Activities()
        self._thread = LoopThread()
        self._probe: asyncio.Task[None] | None = None
        self._connections = 0
        self._discards: dict[str, Callable[[], Awaitable[None]]] = {}

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs work in the loop; the caller waits."""
        return self._thread.run(self._probed(work))

    async def _probed(self, work: Coroutine[Any, Any, T]) -> T:
        if self._probe is None or self._probe.done():
            self._probe = asyncio.create_task(self.lag.tick())
        return await work

    async def connect(self, alias: str, account: Account, target: Target, *, tries: int, pause: float, token: Secret | None = None) -> Client:
        """Opens a client's connection; ``tries`` attempts, ``pause`` seconds apart, each of them in the journal."""
        client = self.clients.get(alias) or Client(alias, account)
        client.account = account  # the alias of an earlier test may come back for this test's account
        for attempt in range(1, tries + 1):
            fresh, user = await target.token_for(account.login) if token is None else (token, account.user or account.login)
            account.user = user
            self._connections += 1
            values = await self._prepared(account, target, fresh)
            values |= {"client": alias, "connection": self._connections}
            connection = Connection(self._connections, alias, user, self.journal, target.adapter, secret=fresh.value if fresh else "")
            hello = target.adapter.handshake(user, {**values, "token": fresh.value if fresh else None})
            try:
                await connection.open(target.file.connect, target.handshake(fresh, values), hello)
            except Refused as refusal:
                if attempt == tries or refusal.final:
                    raise
                await asyncio.sleep(pause)
            else:
                client.connection = connection
                self.clients[alias] = client
                return client
        raise AssertionError

    async def _prepared(self, account: Account, target: Target, token: Secret | None) -> dict[str, Any]:
        """The values of an account, which is prepared when it is first needed."""
        values: dict[str, Any] = {"user": account.user}
        if account.prepared is None:
            account.prepared = await target.prepare(account.role, token, values)
            if target.file.connect.discard:
                self._discards[account.login] = partial(target.discard, account.role, token, values | account.prepared)
        return values | account.prepared

    async def close(self, aliases: Iterable[str]) -> None:
        """Closes clients and forgets them, with their accounts; a connection that does not close in time is dropped."""
        clients = [self.clients.pop(alias) for alias in list(aliases) if alias in self.clients]
        await asyncio.gather(*(client.connection.close() for client in clients if client.connection), return_exceptions=True)
        needed = {client.account.login for client in self.clients.values()}
        discards = [self._discards.pop(login) for login in list(self._discards) if login not in needed]
        await asyncio.gather(*(discard() for discard in discards))

    def stop(self) -> None:
        """Ends the loop thread and all that runs there."""
        self.clients.clear()
        self._thread.stop()
