"""The second port: accounts and tokens, health and the control interface."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from reference_platform.storage import ledger
from reference_platform.tokens import audit_trail

from . import heartbeat as heartbeat_control
from . import lists
from .access import AccessControl
from .accounts import Auth
from .input import bad, body_of, number_in, since_in, user_in
from .outbound import Outbound
from .shutdown import HttpShutdown
from .streams import limiting

if TYPE_CHECKING:
    from reference_platform.host import Host
    from reference_platform.pipeline import Pipeline


class HttpSide:
    """Routes of the second port. Control is served under its secret only; without one it does not exist."""

    def __init__(self, host: Host, pipeline: Pipeline, control_secret: str | None) -> None:
        self._host = host
        self._pipeline = pipeline
        self.application = web.Application(middlewares=[_errors_as_json])
        routes = self.application.router
        auth = Auth(host)
        auth.add_to(routes)
        routes.add_get("/health", self.health)
        routes.add_get("/metrics", self.metrics)
        if control_secret is not None:
            base = f"/control/{control_secret}"
            routes.add_get(f"{base}/ledger", self._lines(ledger.export))
            routes.add_get(f"{base}/audit", self._lines(audit_trail.export))
            routes.add_get(f"{base}/alerts", self.alerts)
            routes.add_get(f"{base}/clock", self.clock)
            routes.add_post(f"{base}/clock", self.advance)
            routes.add_post(f"{base}/work", self.work)
            routes.add_post(f"{base}/fail", self.fail)
            routes.add_post(f"{base}/hold", self.hold)
            routes.add_post(f"{base}/release", self.release)
            AccessControl(host).add_to(routes, base)
            routes.add_post(f"{base}/auth", auth.control)
            routes.add_get(f"{base}/status", self.status)
            for name, items in (
                ("sessions", lists.sessions), ("connections", lists.connections), ("agents", lists.agents), ("waiting", lists.waiting),
                ("streams", lists.streams),
            ):  # fmt: skip
                routes.add_get(f"{base}/{name}", self._list(name, items))
            routes.add_get(f"{base}/events", self.events)
            outbound = Outbound(host)
            routes.add_post(f"{base}/speak", outbound.speak)
            routes.add_post(f"{base}/outbound_queue", outbound.limit)
            routes.add_post(f"{base}/stream_limits", limiting(host))
            routes.add_post(f"{base}/heartbeat", heartbeat_control.setting(host))
            HttpShutdown(host, routes, base)

    async def health(self, _: web.Request) -> web.Response:
        """Whether the platform can serve: 503 when it ends, as while it starts."""
        stage = self._host.stage
        told = {"status": stage, "pid": os.getpid(), "uptime": self._host.uptime(), "version": _version()}
        return web.json_response(told, status=HTTPStatus.OK if stage == "ok" else HTTPStatus.SERVICE_UNAVAILABLE)

    async def metrics(self, _: web.Request) -> web.Response:
        """The platform's figures for Prometheus."""
        from .metrics import Metrics  # noqa: PLC0415 - few ask, and nobody should wait for the import at the start

        return web.Response(body=Metrics(self._host, self._pipeline).text(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    async def alerts(self, _: web.Request) -> web.Response:
        """Alerts, oldest first."""
        return web.json_response({"alerts": list(self._host.policies.audit.alerts.raised)})

    async def clock(self, _: web.Request) -> web.Response:
        """The platform's time."""
        return web.json_response({"now": self._host.clock.now()})

    async def advance(self, request: web.Request) -> web.Response:
        """Moves the platform's time forward."""
        seconds = number_in(await body_of(request), "advance")
        now = self._host.clock.advance(seconds)
        self._host.policies.store.database.note("clock_offset", self._host.clock.offset)
        return web.json_response({"now": now})

    async def work(self, request: web.Request) -> web.Response:
        """How long an agent works on a message, for all users or one."""
        body = await body_of(request)
        seconds, user = number_in(body, "seconds"), user_in(body)
        workers = self._host.policies.workers
        if user is None:
            workers.work_time = seconds
            workers.work_times.clear()
        else:
            workers.work_times[user] = seconds
        return web.json_response({"seconds": seconds, "user": user})

    async def fail(self, request: web.Request) -> web.Response:
        """So many next messages fail in the agent, of one user or of whoever comes; 0 ends it."""
        body = await body_of(request)
        count, user = number_in(body, "count"), user_in(body)
        if not count.is_integer():
            raise bad(f"count must be a whole number, not {count}")
        failing = self._host.policies.agents.failing
        failing[user] = int(count)
        return web.json_response({"count": failing[user], "user": user})

    async def hold(self, request: web.Request) -> web.Response:
        """Nothing is taken from the inbox any more, of one user or of all."""
        self._pipeline.lanes.hold(user_in(await body_of(request)))
        return await self.status(request)

    async def release(self, request: web.Request) -> web.Response:
        """Ends a hold; without a user all holds."""
        self._pipeline.lanes.release(user_in(await body_of(request)))
        return await self.status(request)

    async def status(self, _: web.Request) -> web.Response:
        """A few figures about now."""
        lanes, policies = self._pipeline.lanes, self._host.policies
        return web.json_response({
            "connections": len(self._host.connections),
            "sessions": len(policies.sessions.open_sessions),
            "pending": policies.inbox.total() + sum(lanes.running.values()),
            "pid": os.getpid(),
            "held": True if lanes.all_held else sorted(lanes.held),
        })  # fmt: skip

    async def events(self, request: web.Request) -> web.Response:
        """What happened to sessions and connections from an index on, as JSON lines; the last 10 000 are kept."""
        lines = b"".join(orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE) for event in self._host.events.since(since_in(request)))
        return web.Response(body=lines, headers={"Content-Type": "application/x-ndjson"})

    def _lines(self, export: Callable[[Path, int], Iterator[bytes]]) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """A part of the store from an index on, as JSON lines, read in a thread by a connection of its own."""

        async def answer(request: web.Request) -> web.StreamResponse:
            since = since_in(request)
            response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
            await response.prepare(request)
            pages = export(self._host.policies.store.database.path, since)
            while (page := await asyncio.to_thread(next, pages, None)) is not None:
                await response.write(page)
            await response.write_eof()
            return response

        return answer

    def _list(self, name: str, items: Callable[[Host, str], lists.Items]) -> Callable[[web.Request], Awaitable[web.Response]]:
        """A list of now, of one user or of all."""

        async def answer(request: web.Request) -> web.Response:
            return web.json_response({name: items(self._host, request.query.get("user", ""))})

        return answer


@web.middleware
async def _errors_as_json(request: web.Request, handler: Any) -> web.StreamResponse:
    try:
        response: web.StreamResponse = await handler(request)
    except web.HTTPException as error:
        kept = {name: error.headers[name] for name in ("Allow", "Retry-After") if name in error.headers}
        return web.json_response({"error": error.text or error.reason}, status=error.status, headers=kept)
    return response


def _version() -> str:
    try:
        return version("lockstep")
    except ImportError:
        return "0"
