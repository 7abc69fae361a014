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
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reference_platform.connections import descriptors

from .clock import Clock
from .configuration import Configuration
from .connections.connection import Connection
from .errors import PlatformError
from .host import Host
from .http_side.starting import STANDBY, STARTING, starting
from .pipeline import Pipeline
from .policies import Policies, Port
from .shutdown import STOPPING, Shutdown
from .storage.database import Database
from .storage.ownership import Ownership, StoreInUseError

BACKLOG = 1024
DRAIN_PATIENCE = 5.0
"""Seconds at the end for messages that wait; what is left then waits in the store for the next start."""
LOOK_EVERY = 0.02
"""Seconds between two looks of a platform in standby whether the store is free."""

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
    standby: bool = False
    """Waits until another platform gives the store free."""
    control: bool = True
    seed: int = 1
    replaced: Mapping[str, type[Port]] = field(default_factory=dict)


class Platform:
    """``bind`` has its addresses, ``own`` the store, ``start`` its clients; ``run`` goes on until ``stop`` is called and ends cleanly."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stopping = asyncio.Event()
        self._shutdown = Shutdown()
        self._failure: BaseException | None = None
        self._temporary: Path | None = None
        self._control_secret = secrets.token_urlsafe(24) if settings.control else None
        self._http: Any = None

    def bind(self) -> None:
        """Takes its ports; nobody is served there yet."""
        settings = self._settings
        descriptors.reserve(settings.config.max_connections)
        self._host = Host(settings.config, Clock(), settings.seed)
        self._host.failed, self._host.stop = self._fail, self.stop
        self._policies = Policies.build(self._host, settings.replaced)
        self._web_socket = _bound(settings.bind, settings.port)
        self._http_socket = _bound(settings.bind, settings.backend_port)

    async def own(self, standing_by: Callable[[], None]) -> bool:
        """Has the store from now on; False if it was asked to end before. A platform in standby says so and waits until the store is free."""
        path = self._store_path()
        async with starting(self._http_socket, lambda: self._host.stage):
            if self._settings.standby:
                self._host.stage = STANDBY
                standing_by()
            while not self._stopping.is_set():
                try:
                    self._owner = await asyncio.to_thread(Ownership, path)
                except StoreInUseError:
                    if not self._settings.standby:
                        raise
                    await asyncio.sleep(LOOK_EVERY)
                else:
                    self._host.stage = STARTING
                    await self._recover(path)
                    return True
        return False

    async def _recover(self, path: Path) -> None:
        self._database = await asyncio.to_thread(Database, path, self._owner, synchronous=self._settings.config.synchronous)
        self._host.clock.advance(self._database.fact("clock_offset"))
        self._policies.store.database = self._database
        self._pipeline = Pipeline(self._host)
        await self._pipeline.start()

    async def start(self) -> None:
        """The platform takes connections when this returns."""
        await self._open()
        gc.collect()
        gc.freeze()
        gc.set_threshold(5000)

    async def run(self) -> None:
        """Serves until ``stop``; then tells everybody, lets what was received be processed, closes connections and the store."""
        await self._stopping.wait()
        host, shutdown = self._host, self._shutdown
        host.stage = STOPPING
        self._server.close()
        if self._failure is None:
            shutdown.announce(host)
        for connection in list(host.connections.values()):
            connection.stop_reading()
        if self._failure is None:
            await self._pipeline.stop(patience=DRAIN_PATIENCE)
            await host.policies.outbox.drain()
            if shutdown.hands_over:
                await asyncio.to_thread(self._database.give_free)
        farewell = host.policies.gate.farewell(shutdown)
        for connection in list(host.connections.values()):
            connection.close(farewell.code, farewell.reason)
        if self._http is not None:
            await self._http.cleanup()
        await host.drained(1.0)
        self._database.close()
        self.remove_temporary_store()
        if self._failure is not None:
            raise PlatformError(f"the platform had to stop: {type(self._failure).__name__}: {self._failure}") from self._failure

    def stop(self, shutdown: Shutdown | None = None) -> None:
        """Asks the platform to end, the first time with a reason."""
        if not self._stopping.is_set():
            self._shutdown = shutdown or self._shutdown
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

    def line(self, event: str) -> dict[str, Any]:
        """What is printed when this has happened, with the addresses."""
        bind = self._settings.bind
        backend = f"http://{bind}:{self._http_socket.getsockname()[1]}"
        return {
            "event": event,
            "websocket_url": f"ws://{bind}:{self._web_socket.getsockname()[1]}{self._host.policies.gate.path}",
            "backend_url": backend,
            "auth_url": backend,
            "control_url": f"{backend}/control/{self._control_secret}" if self._control_secret else None,
            "pid": os.getpid(),
        }


def _import_http_side() -> tuple[Any, Any]:
    from aiohttp import web  # noqa: PLC0415 - see _serve_http

    from reference_platform.http_side import routes as http_side  # noqa: PLC0415

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
