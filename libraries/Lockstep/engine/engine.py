"""What goes on below the keywords: the loop, the journal and the clients of this process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from functools import partial
from typing import Any, TypeVar

from robot.api.types import Secret

from ..checks.events import Kind
from ..errors import EnvironmentSetupError, UsageError
from ..faults.route import Routes
from ..targets import Target
from ..targets.accounts import discard, prepare
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
        self.routes = Routes()
        """Asked before each connection where it goes."""
        self._connections = 0
        self._discards: dict[str, Callable[[], Awaitable[None]]] = {}

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs work in the loop; the caller waits."""
        return self._thread.run(self._probed(work))

    async def _probed(self, work: Coroutine[Any, Any, T]) -> T:
        if self._probe is None or self._probe.done():
            self._probe = asyncio.create_task(self.lag.tick())
        return await work

    async def connect(
        self, alias: str, account: Account, target: Target, *, tries: int, pause: float, token: Secret | None = None, resumable: bool = False,
        source: str | None = None, headers: Mapping[str, str] | None = None, compressed: bool = False,
    ) -> Client:
        """Opens a client's first connection; ``tries`` attempts, ``pause`` seconds apart, each of them in the journal."""
        client = self.clients.get(alias) or Client(alias, account)
        client.begin(account, token, resumable=resumable, source=source, headers=headers, compressed=compressed)
        for attempt in range(1, tries + 1):
            try:
                await self.open(client, target)
            except Refused as refusal:
                if attempt == tries or refusal.final:
                    raise
                await asyncio.sleep(pause)
                client.token = token
            else:
                self.clients[alias] = client
                return client
        raise AssertionError

    async def open(self, client: Client, target: Target, noted: Mapping[str, Any] | None = None) -> Connection:
        """One try to open a connection of this client; it is the client's own as soon as the target says that it is ready.

        The client says of its session what it has to say (``Client.resume``); that, and ``noted``, is what the journal keeps of the try.
        """
        account, resume = client.account, client.resume
        self._connections += 1
        number, noted = self._connections, {**(noted or {}), **(resume or {})} or None
        try:
            token = await self._token(client, target)
        except EnvironmentSetupError as error:
            if noted is not None:
                self.journal.write(Kind.CONNECT, client.alias, number, account.user, details=noted)
                self.journal.write(Kind.CONNECT_FAILED, client.alias, number, account.user, details={**noted, "reason": error.args[0]})
            raise
        values = await self._prepared(account, target, token)
        values |= {"client": client.alias, "connection": number, **(resume or {})}
        secret = token.value if token else ""
        connection = Connection(number, client.alias, account.user, self.journal, target.adapter, secret=secret, session=client.session,
                                unanswered=client.unanswered, streams=client.streams, pongs=client.pongs)
        hello = target.adapter.handshake(account.user, {**values, "token": secret or None})
        url, headers, subprotocols = target.handshake(token, values, resume, by=client.by)
        address = url, {**headers, **client.headers}, subprotocols
        await connection.open(target.file.connect, address, hello, route=self.routes.of(client.alias, number),
                              source=client.source, noted=noted, compressed=client.compressed)
        client.connection = connection
        return connection

    async def introduce(self, account: Account, target: Target, *, lifetime: float | None = None) -> Secret:
        """A fresh token of an account that is known to the target, and prepared as its file wants, from now on."""
        token, account.user = await target.token_for(account.login, lifetime=account.token_lifetime if lifetime is None else lifetime)
        if token is None:
            raise UsageError(f"{target.title} knows no tokens; its file has no 'connect.auth.token'")
        await self._prepared(account, target, token)
        return token

    @staticmethod
    async def _token(client: Client, target: Target) -> Secret | None:
        """The token that the client has already, else a fresh one."""
        account = client.account
        if client.token is None:
            client.token, account.user = await target.token_for(account.login, lifetime=account.token_lifetime)
        else:
            account.user = account.user or account.login
        return client.token

    async def _prepared(self, account: Account, target: Target, token: Secret | None) -> dict[str, Any]:
        """The values of an account, which is prepared when it is first needed."""
        values: dict[str, Any] = {"user": account.user}
        if account.prepared is None:
            account.prepared = await prepare(target, account.role, token, values)
            if target.file.connect.discard:
                self._discards[account.login] = partial(discard, target, account.role, token, values | account.prepared)
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
