"""The server under test as the keywords see it: what it is, what it promises, what it offers, how it is reached."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
from robot.api.types import Secret

from ..checks.events import LedgerRow
from ..errors import EnvironmentSetupError, UsageError
from .address import address_of
from .capabilities import CONTROLS, named_in
from .connect import TokenSource
from .http import Http
from .life import Life
from .loading import adapter_class, find_target, read_target_file
from .mapping import Adapter, JsonMapping
from .model import Request, TargetFile
from .oidc import login
from .placeholders import decoded, filled, filled_body


def load_target(name_or_path: str | Path) -> Target:
    """The target behind a name or a file, validated but not started."""
    path = find_target(name_or_path)
    return Target(read_target_file(path), path)


class Target(Life):
    """A loaded target file and, once opened, its addresses."""

    def __init__(self, file: TargetFile, path: Path) -> None:
        super().__init__(file, path)
        self.http = Http()
        self.adapter = adapter_of(file, path)

    # what it is

    @property
    def name(self) -> str:
        """Its name in one word."""
        return self.file.name

    @property
    def title(self) -> str:
        """Its name for people."""
        return self.file.title or self.file.name

    # what it offers

    def offers(self, capability: str) -> bool:
        """True when the target can do this; a control that needs an address which is not there is not offered."""
        if not named_in(self.file, capability):
            return False
        request = getattr(self.file.control, CONTROLS.get(capability, ""), None)
        return not isinstance(request, Request) or self._resolvable(request.url)

    def _resolvable(self, text: str) -> bool:
        try:
            self.fill(text, since=0, seconds=0, count=0, user="", reason="", estimate=0)
        except EnvironmentSetupError:
            return False
        return True

    def fill(self, text: str, **values: object) -> str:
        """Text with its placeholders replaced by addresses of the target and given values."""
        known: dict[str, object] = {**self.values, **values}

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
        if source.provider is not None:
            answer: Any = await login(self.http, source.provider, self.fill(source.provider.issuer), account)
        else:
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
        self, token: Secret | None, values: Mapping[str, object], resume: Mapping[str, object] | None = None, *, by: str | None = None,
    ) -> tuple[str, dict[str, str], list[str]]:
        """Address, headers and sub-protocols of a new connection; ``values`` are those of its user and what was prepared.

        ``by``: one of the other ways in which the token may travel. ``resume``: session, epoch and offset to come back to; empty: the client wants to be able to come back; None: not a word of that.
        """
        connect = self.file.connect
        if by is not None:
            connect = connect.model_copy(update={"auth": connect.auth.also[by]})
        return address_of(connect, self.fill, token, values, resume)

    async def now(self) -> float:
        """The target's own time (s since 1970), by which it judges tokens."""
        answer = decoded(await self.looked_up("clock"))
        now = answer.get("now") if isinstance(answer, dict) else None
        if not isinstance(now, int | float):
            raise EnvironmentSetupError(f"clock: the answer has no number under 'now'; see 'control.clock' in {self.path}")
        return float(now)

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
        return await self._lines("events", since)

    async def audit(self, since: int = 0) -> list[dict[str, Any]]:
        """What was noted for an investigator after index ``since``: ``index``, ``time``, ``type``, ``user``, ``fingerprint``, …"""
        return await self._lines("audit", since)

    async def _lines(self, name: str, since: int) -> list[dict[str, Any]]:
        try:
            return [orjson.loads(line) for line in (await self.looked_up(name, since=since)).splitlines()]
        except orjson.JSONDecodeError:
            raise EnvironmentSetupError(f"{name}: the answer is no list of JSON lines; see 'control.{name}' in {self.path}") from None

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
