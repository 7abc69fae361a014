"""Control over what agents say of their own accord: they speak when a tester wants it, into queues of the size that the tester wants."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, Any

from aiohttp import web

from reference_platform.outbound.queue import PRIORITIES, AgentMessage, Bounds
from reference_platform.policies.outbox import queue_of

from .input import bad, body_of, number_in, user_in

if TYPE_CHECKING:
    from reference_platform.host import Host
    from reference_platform.sessions.session import Session

OVERFLOWS = ("drop_oldest", "drop_newest", "reject")


class Outbound:
    """Requests about outbound queues."""

    def __init__(self, host: Host) -> None:
        self._host = host

    async def speak(self, request: web.Request) -> web.Response:
        """An agent says something into each session of a user, or into one of them; answered when it is known what became of it."""
        body = await body_of(request)
        sessions, agent, sayings, every = self._sessions(body), self._agent(body), self._sayings(body), number_in(body, "every", default=0.0)
        spoken: list[tuple[Session, AgentMessage]] = []
        for number, (content, priority) in enumerate(sayings):
            if number and every:
                await asyncio.sleep(every)
            spoken += [(session, self._say(session, agent, content, priority)) for session in sessions]
        committed = self._host.transactions.committed
        await committed()
        await committed()  # what became of it, which is decided behind the first
        return web.json_response({"spoken": [
            {
                "message_id": message.message_id, "session": session.id, "agent_sequence": message.sequence, "created_at": message.created_at,
                "state": message.state,
            }
            for session, message in spoken
        ]})  # fmt: skip

    async def limit(self, request: web.Request) -> web.Response:
        """How much may wait for the sessions of a user, or of all users, from now on; what is not said stays as it was."""
        body = await body_of(request)
        user, outbox = user_in(body), self._host.policies.outbox
        before = outbox.bounds if user is None else outbox.bounds_of.get(user, outbox.bounds)
        size = number_in(body, "size", default=before.size)
        if size < 1 or not size.is_integer():
            raise bad(f"size must be a whole number from 1, not {size:g}: a queue that holds nothing is none")
        overflow = body.get("overflow", before.overflow)
        if overflow not in OVERFLOWS:
            raise bad(f"overflow must be one of {', '.join(OVERFLOWS)}, not {overflow!r}")
        ttl, critical = (self._positive(body, name, default) for name, default in (("ttl", before.ttl), ("ttl_critical", before.ttl_critical)))
        bounds = Bounds(int(size), overflow, ttl, critical)
        if user is None:
            outbox.bounds = bounds
            outbox.bounds_of.clear()
        else:
            outbox.bounds_of[user] = bounds
        return web.json_response({"user": user, **bounds._asdict()})

    def _say(self, session: Session, agent: str, content: str, priority: str) -> AgentMessage:
        """An agent says this now; the Outbox decides what becomes of it when it is durable."""
        host, queue = self._host, queue_of(session)
        queue.sequences[agent] += 1
        message = AgentMessage(
            f"agent-{secrets.token_hex(12)}", agent, queue.sequences[agent], priority, content, host.policies.codec.digest(content), host.clock.now()
        )
        changes = host.transactions.batch.outbound
        changes.spoken.append((session, message))
        changes.queues[session] = None
        host.transactions.touch()
        return message

    def _sessions(self, body: dict[str, Any]) -> list[Session]:
        user, wanted = user_in(body), body.get("session")
        if user is None:
            raise bad("user must say whom the agent talks to")
        sessions = [one for one in self._host.policies.sessions.open_sessions.values() if one.user == user and wanted in {None, one.id}]
        if not sessions:
            raise bad(f"{user} has no session" + (f" {wanted}" if wanted is not None else "") + " that an agent could speak in")
        return sessions

    def _agent(self, body: dict[str, Any]) -> str:
        agent = body.get("agent")
        if not self._host.policies.codec.is_name(agent):
            raise bad("agent must be a name")
        return agent

    def _sayings(self, body: dict[str, Any]) -> list[tuple[str, str]]:
        """Content and priority of each."""
        messages = body.get("messages")
        if type(messages) is not list or not messages:
            raise bad("messages must be a list of one or more")
        for one in messages:
            if type(one) is not dict or type(one.get("content")) is not str:
                raise bad("content of each message must be a string")
            if one.get("priority", "normal") not in PRIORITIES:
                raise bad(f"priority of each message must be one of {', '.join(PRIORITIES)}, not {one['priority']!r}")
            if not 0 < _size(one["content"]) <= self._host.config.max_message_size:
                raise bad(f"content of each message must be 1 to {self._host.config.max_message_size} bytes of Unicode text")
        return [(one["content"], one.get("priority", "normal")) for one in messages]

    @staticmethod
    def _positive(body: dict[str, Any], name: str, default: float) -> float:
        value = number_in(body, name, default=default)
        if not value:
            raise bad(f"{name} must be more than 0 s: what may not wait at all needs no queue")
        return value


def _size(text: str) -> int:
    """Bytes of a text; 0 for one that cannot be written."""
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        return 0
