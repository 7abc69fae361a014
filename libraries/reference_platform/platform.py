"""The platform as a whole: ports, pipeline and the two listening sockets, from start to end."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import descriptors
from .clock import Clock
from .configuration import Configuration
from .connection import Connection
from .database import Database
from .errors import PlatformError
from .host import Host
from .pipeline import Pipeline
from .policies import Policies, Port
from .starting import starting

BACKLOG = 1024
DRAIN_PATIENCE = 5.0
"""Seconds at the end for messages that wait; what is left then waits in the store for the next start."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command line says."""

    config: Configuration = field(default_factory=Configuration)
    port: int = 0
    backend_port: int = 0
    bind: str = "127.0.0.1"
    store: Path | None = None
    """None: a temporary one that is removed at the end."""
    control: bool = True
    seed: int = 1
    replaced: Mapping[str, type[Port]] = field(default_factory=dict)


class Platform:
    """``start`` returns what the ready line says; ``run`` goes on until ``stop`` is called and ends cleanly."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stopping = asyncio.Event()
        self._failure: BaseException | None = None
        self._temporary: Path | None = None
        self._control_secret = secrets.token_urlsafe(24) if settings.control else None
        self._http: Any = None

    async def start(self) -> dict[str, Any]:
        """Opens store and ports; the platform takes connections when this returns."""
        settings = self._settings
        descriptors.reserve(settings.config.max_connections)
        self._host = Host(settings.config, Clock(), settings.seed)
        self._host.failed = self._fail
        policies = Policies.build(self._host, settings.replaced)
        self._web_socket = _bound(settings.bind, settings.port)
        self._http_socket = _bound(settings.bind, settings.backend_port)
        async with starting(self._http_socket):
            self._database = await asyncio.to_thread(Database, self._store_path(), synchronous=settings.config.synchronous)
            self._host.clock.advance(self._database.fact("clock_offset"))
            policies.store.database = self._database
            self._pipeline = Pipeline(self._host)
            await self._pipeline.start()
        await self._open()
        gc.collect()
        gc.freeze()
        gc.set_threshold(5000)
        return self._ready_line()

    async def run(self) -> None:
        """Serves until ``stop``; then lets what was received be processed, closes connections with 1001 and the store."""
        await self._stopping.wait()
        self._host.stage = "stopping"
        self._server.close()
        for connection in list(self._host.connections.values()):
            connection.stop_reading()
        if self._failure is None:
            await self._pipeline.stop(patience=DRAIN_PATIENCE)
            await self._host.policies.outbox.drain()
        for connection in list(self._host.connections.values()):
            connection.close(1001, "the platform is going away")
        if self._http is not None:
            await self._http.cleanup()
        await self._host.drained(1.0)
        self._database.close()
        self.remove_temporary_store()
        if self._failure is not None:
            raise PlatformError(f"the platform had to stop: {type(self._failure).__name__}: {self._failure}") from self._failure

    def stop(self) -> None:
        """Asks ``run`` to end."""
        self._stopping.set()

    def remove_temporary_store(self) -> None:
        """Removes the store that nobody asked for."""
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)

    def _fail(self, error: BaseException) -> None:
        _log.error("the platform stops: %s", error, exc_info=error)
        self._failure = self._failure or error
        self._stopping.set()

    def _store_path(self) -> Path:
        if self._settings.store is not None:
            return self._settings.store
        self._temporary = Path(tempfile.mkdtemp(prefix="reference-platform-"))
        return self._temporary / "store.sqlite"

    async def _open(self) -> None:
        """From here on clients find somebody; until then their connections were refused instead of left waiting."""
        loop, port = asyncio.get_running_loop(), self._web_socket.getsockname()[1]
        try:
            self._server = await loop.create_server(lambda: Connection(self._pipeline), sock=self._web_socket, backlog=BACKLOG)
        except OSError as error:  # somebody else has taken it since
            raise _port_taken(self._settings.bind, port, error) from error
        self._host.stage = "ok"
        self._host.spawn(self._serve_http())

    async def _serve_http(self) -> None:
        """The HTTP side is imported after the ready line (it is most of the start-up time); its callers wait in the backlog."""
        web, http_side = await asyncio.to_thread(_import_http_side)
        side = http_side.HttpSide(self._host, self._pipeline, self._control_secret)
        self._http = web.AppRunner(side.application, access_log=None)
        await self._http.setup()
        await web.SockSite(self._http, self._http_socket, backlog=BACKLOG).start()

    def _ready_line(self) -> dict[str, Any]:
        bind = self._settings.bind
        backend = f"http://{bind}:{self._http_socket.getsockname()[1]}"
        return {
            "event": "ready",
            "websocket_url": f"ws://{bind}:{self._web_socket.getsockname()[1]}{self._host.policies.gate.path}",
            "backend_url": backend,
            "auth_url": backend,
            "control_url": f"{backend}/control/{self._control_secret}" if self._control_secret else None,
            "pid": os.getpid(),
        }


def _import_http_side() -> tuple[Any, Any]:
    from aiohttp import web  # noqa: PLC0415 - see _serve_http

    from . import http_side  # noqa: PLC0415

    return web, http_side


def _bound(bind: str, port: int) -> socket.socket:
    """A socket of which nobody hears until somebody listens at it."""
    bound = socket.socket()
    try:
        if os.name == "posix":
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((bind, port))
    except OSError as error:
        bound.close()
        raise _port_taken(bind, port, error) from error
    bound.setblocking(False)  # noqa: FBT003 - the socket module's own signature
    return bound


def _port_taken(bind: str, port: int, error: OSError) -> PlatformError:
    return PlatformError(f"port {port} on {bind} cannot be opened ({error.strerror}); name another one or 0 for any free one")
