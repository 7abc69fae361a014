"""The server under test as the keywords see it: what it is, what it promises, what it offers, how it is reached."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
import psutil
from robot.api.types import Secret

from ..checks.events import LedgerRow
from ..errors import EnvironmentSetupError, UsageError
from .address import address_of
from .capabilities import CONTROLS, named_in
from .connect import TokenSource
from .http import Http
from .lifecycle import TargetProcess
from .loading import adapter_class, find_target, read_target_file
from .mapping import Adapter, JsonMapping
from .model import FromEnvironment, Request, TargetFile
from .placeholders import decoded, filled, filled_body

DYING = 0.5
"""s; connections of a process that dies break a moment before it is dead. Spent only where a test fails anyway."""


def load_target(name_or_path: str | Path) -> Target:
    """The target behind a name or a file, validated but not started."""
    path = find_target(name_or_path)
    return Target(read_target_file(path), path)


class Target:
    """A loaded target file and, once opened, its addresses."""

    def __init__(self, file: TargetFile, path: Path) -> None:
        self.file = file
        self.path = path
        self.http = Http()
        self.process: TargetProcess | None = None
        self._clients: int | None = None
        self.adapter = adapter_of(file, path)
        self._values: dict[str, str] = {}
        self._server: psutil.Process | None = None
        self._killed = False

    # what it is

    @property
    def name(self) -> str:
        """Its name in one word."""
        return self.file.name

    @property
    def title(self) -> str:
        """Its name for people."""
        return self.file.title or self.file.name

    def endpoints(self) -> list[tuple[str, str, str | None]]:
        """Every address that must answer before a run: label, URL, environment variable that sets it."""
        named = [
            (label.removesuffix("_url"), self._endpoint(label), value.environment if isinstance(value, FromEnvironment) else None)
            for label, value in self.file.endpoints.items()
        ]
        if named or self.file.lifecycle is not None:
            return named
        return [("websocket", self.file.connect.url, None)]

    def _endpoint(self, label: str) -> str:
        value = self.file.endpoints[label]
        if isinstance(value, str):
            return value
        found = os.environ.get(value.environment) or value.default
        if found is None:
            raise UsageError(f"{self.path}: endpoint '{label}' is read from the environment variable {value.environment}, which is not set; set it or give a default")
        return found

    # life

    def make_room(self, clients: int) -> None:
        """Lets the target be started for so many clients at a time, if its file says how; otherwise its own limit stays."""
        file = self.file
        if file.lifecycle is not None and file.lifecycle.room:
            self._clients = clients
            self.file = file.model_copy(update={"limits": file.limits.model_copy(update={"clients": clients})})

    def open(self) -> None:
        """Starts the target if that is ours to do; otherwise only notes where it is."""
        self._values = {label: self._endpoint(label) for label in self.file.endpoints}
        if self.file.lifecycle is not None:
            self.process = TargetProcess(self.file.lifecycle, self.name, self._clients)
            try:
                self._started(self.process.start())
            except BaseException:  # a test time-out too: nothing that was begun stays behind
                self.close()
                raise

    @property
    def is_open(self) -> bool:
        """Its addresses are known."""
        return bool(self._values)

    @property
    def addresses(self) -> Mapping[str, str]:
        """What another process needs to know to use the same server."""
        return dict(self._values)

    def open_at(self, addresses: Mapping[str, str]) -> None:
        """Uses the server that another process has started; it is theirs to end."""
        self._values = dict(addresses)

    def _started(self, ready: Mapping[str, Any]) -> None:
        self._values.update({key: str(value) for key, value in ready.items() if value is not None})
        self._killed, self._server = False, None
        with suppress(psutil.NoSuchProcess, KeyError, ValueError):
            self._server = psutil.Process(int(self._values["pid"]))  # knows its start time, so that it is never another process of this number

    def restart(self, *, gracefully: bool) -> None:
        """Ends the process, gently or not, and starts it again on the same store."""
        process = self._own_process("restarted")
        process.stop() if gracefully else process.kill()
        self._started(process.start())

    def kill(self) -> None:
        """Ends the server's process without a chance to tidy up; `restart` starts it again on the same store."""
        process = self._own_process("killed")
        self._killed = True
        with suppress(psutil.NoSuchProcess):
            if self._server is not None:
                self._server.kill()
        process.kill()

    def own_server(self, wanted: str) -> psutil.Process | None:
        """The server's process, if it was started here; None where it has ended."""
        self._own_process(wanted)
        return self.server

    @property
    def was_killed(self) -> bool:
        """Its process was killed on purpose and was not started again."""
        return self._killed

    def close(self) -> None:
        """Ends what was started and forgets the addresses."""
        process, self.process = self.process, None
        self._values = {}
        if process is not None:
            process.discard()

    def obituary(self) -> str:
        """Says that the server's process is dead, with its last words, where it is; else nothing."""
        return self.process.obituary(DYING) if self.process is not None else ""

    def _own_process(self, wanted: str) -> TargetProcess:
        if self.process is None:
            raise UsageError(f"target '{self.name}' was not started by this kit and cannot be {wanted}; its file has no 'lifecycle'")
        return self.process

    def died(self) -> str:
        """How the process ended if it was started here and ended by itself; else nothing."""
        return "" if self._killed else self.end_of_process()

    def end_of_process(self) -> str:
        """How the process ended if it was started here and ended, for whatever reason; else nothing."""
        return self.process.obituary().removeprefix("; ") if self.process is not None else ""

    @property
    def server(self) -> psutil.Process | None:
        """The server's process, for figures of memory and processor; None where its pid is not known."""
        return self._server if self.process is not None and self.process.pid else None

    # what it offers

    def offers(self, capability: str) -> bool:
        """True when the target can do this; a control that needs an address which is not there is not offered."""
        if not named_in(self.file, capability):
            return False
        request = getattr(self.file.control, CONTROLS.get(capability, ""), None)
        return not isinstance(request, Request) or self._resolvable(request.url)

    def _resolvable(self, text: str) -> bool:
        try:
            self.fill(text, since=0, seconds=0, count=0, user="")
        except EnvironmentSetupError:
            return False
        return True

    def fill(self, text: str, **values: object) -> str:
        """Text with its placeholders replaced by addresses of the target and given values."""
        known: dict[str, object] = {**self._values, **values}

        def value_of(name: str) -> object:
            if name not in known:
                raise EnvironmentSetupError(f"target '{self.name}' has no {name}; known are: {', '.join(sorted(known)) or 'none (was Start Target run?)'}")
            return known[name]

        return filled(text, value_of)

    # access

    async def token_for(self, account: str, *, lifetime: float | None = None) -> tuple[Secret | None, str]:
        """A fresh token of an account, valid for ``lifetime`` s if that can be said, and the account's id at the target."""
        source = self.file.connect.auth.token
        if source.source == "none":
            return None, account
        if source.source == "environment":
            return Secret(self._from_environment(source)), account
        if source.source == "lifecycle":
            return Secret(self.fill("{secret}")), account
        body = filled_body(source.body, {"user": account, "lifetime": lifetime})
        answer = await self.http.json(f"token for {account}", "POST", self.fill(source.url or "{auth_url}"), body)
        token = answer.get(source.token) if isinstance(answer, dict) else None
        if not isinstance(token, str):
            raise EnvironmentSetupError(f"token for {account}: the answer has no text under '{source.token}'; see 'connect.auth.token' in {self.path}")
        return Secret(token), str(answer.get(source.user_id) or account) if source.user_id else account

    def _from_environment(self, source: TokenSource) -> str:
        token = os.environ.get(source.name or "")
        if not token:
            raise EnvironmentSetupError(f"{self.path}: the token is read from the environment variable {source.name}, which is not set")
        return token

    def handshake(
        self, token: Secret | None, values: Mapping[str, object], resume: Mapping[str, object] | None = None,
    ) -> tuple[str, dict[str, str], list[str]]:
        """Address, headers and sub-protocols of a new connection; ``values`` are those of its user and what was prepared.

        ``resume``: session, epoch and offset to come back to; empty: the client wants to be able to come back; None: not a word of that.
        """
        return address_of(self.file.connect, self.fill, token, values, resume)

    async def control(self, capability: str, **values: object) -> None:
        """Does one thing through the target's control interface."""
        request: Request = getattr(self.file.control, capability)
        await self.http.request(capability.replace("_", " "), request.method, self.fill(request.url, **values), filled_body(request.body, values))

    async def sessions(self, user: str = "") -> list[dict[str, Any]]:
        """Sessions of a user (id at the target; none: of all): ``session``, ``user``, ``epoch``, ``offset``, ``live``, ``connection``, …"""
        return await self.listed("sessions", user)

    async def connections(self, user: str = "") -> list[dict[str, Any]]:
        """Connections of a user (none: of all): ``connection``, ``user``, ``session``, ``peer``, ``open_for`` (s)."""
        return await self.listed("connections", user)

    async def agents(self, user: str = "") -> list[dict[str, Any]]:
        """Agent objects in the target's memory by user (none: of all): ``user``, ``instances``."""
        return await self.listed("agents", user)

    async def streams(self, user: str = "") -> list[dict[str, Any]]:
        """Streams of a user (none: of all): ``stream``, ``session``, ``state``, ``chunks``, ``written``, ``kept_from``, ``bytes_retained``, …"""
        return await self.listed("streams", user)

    async def events(self, since: int = 0) -> list[dict[str, Any]]:
        """What happened to sessions and connections after index ``since``: ``index``, ``time``, ``event``, ``user``, ``session``, …"""
        try:
            return [orjson.loads(line) for line in (await self.looked_up("events", since=since)).splitlines()]
        except orjson.JSONDecodeError:
            raise EnvironmentSetupError(f"events: the answer is no list of JSON lines; see 'control.events' in {self.path}") from None

    async def listed(self, name: str, user: str) -> list[dict[str, Any]]:
        """What `control.NAME` lists of a user (none: of all)."""
        answer = decoded(await self.looked_up(name, user=quote(user, safe="")))
        items = answer.get(name) if isinstance(answer, dict) else None
        if not isinstance(items, list):
            raise EnvironmentSetupError(f"{name}: the answer has no list under '{name}'; see 'control.{name}' in {self.path}")
        return items

    async def looked_up(self, name: str, **values: object) -> bytes:
        """What `control.NAME` answers."""
        request: Request | None = getattr(self.file.control, name)
        if request is None:
            raise UsageError(f"target '{self.name}' offers no {name}; its file has no 'control.{name}'")
        return await self.http.request(name, request.method, self.fill(request.url, **values), filled_body(request.body, values))

    async def ledger(self, since: int = 0) -> list[LedgerRow]:
        """The server's own account after index ``since``."""
        return [row async for rows in self.ledger_pages(since) for row in rows]

    async def ledger_pages(self, since: int = 0) -> AsyncIterator[Iterable[LedgerRow]]:
        """The same as it comes, some rows at a time; all at once where a class of the target's own reads the ledger."""
        request = self.file.control.ledger
        if request is None:
            raise UsageError(f"target '{self.name}' offers no ledger")
        call = "ledger", request.method, self.fill(request.url, since=since)
        if self.file.adapter is not None:
            yield self.adapter.ledger(await self.http.request(*call))
            return
        rest = b""
        async for piece in self.http.pieces(*call):
            lines, newline, rest = (rest + piece).rpartition(b"\n")
            if newline:
                yield self.adapter.ledger(lines)
        yield self.adapter.ledger(rest)


def adapter_of(file: TargetFile, path: Path) -> Adapter:
    """Translates between the kit's messages and this wire: the mapping of the file, or the class that the file names."""
    if file.adapter is None:
        return JsonMapping(file.messages, file.questions, file.connect.ready)
    made: Adapter = adapter_class(path, file.adapter)(file)
    return made
