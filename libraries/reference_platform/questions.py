"""Answers about the platform itself: each is taken in one moment, when the question is received, and waits in no queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .messages import (
    CapacityQuery,
    ContextQuery,
    Fields,
    HistoryQuery,
    LatencyProbe,
    OfSession,
    OfUser,
    Question,
    QueueQuery,
    StateQuery,
    StatsQuery,
    StreamResume,
    StreamStart,
    TeamQuery,
    TokenRefresh,
)
from .tokens.messages import refreshed

if TYPE_CHECKING:
    from .host import Host
    from .pipeline import Pipeline
    from .sessions.session import Session


def probed(probe: LatencyProbe, host: Host) -> Fields:
    """The ``latency_response``; both times are seconds since the start, of the same clock."""
    received = host.uptime()
    return {
        "type": "latency_response",
        "request_id": probe.request_id,
        "client_send_time": probe.client_send_time,
        "server_receive_time": received,
        "server_send_time": host.uptime(),
    }


async def answer(question: Question, session: Session, pipeline: Pipeline) -> Fields:
    """The frame for a session that asks; it leaves after the commit of everything that it claims."""
    if isinstance(question, OfSession):
        return await _of_session(question, session, pipeline)
    return await _of_user(question, session.user, pipeline)


async def _of_session(question: OfSession, session: Session, pipeline: Pipeline) -> Fields:
    agents, streams = pipeline.policies.agents, pipeline.policies.streams
    if isinstance(question, StreamStart):
        return await streams.start(question, session)
    if isinstance(question, StreamResume):
        return await streams.resume(question, session)
    if isinstance(question, TokenRefresh):
        return await refreshed(question, session, pipeline.policies)
    if isinstance(question, HistoryQuery):
        return await agents.conversation(question, session)
    if isinstance(question, ContextQuery):
        return await agents.memory_of(question, session)
    fields = await agents.keep_in_mind(question, session)
    if session.context is not None:
        pipeline.transactions.batch.contexts[session.context] = None
    return fields


async def _of_user(question: OfUser, user: str, pipeline: Pipeline) -> Fields:
    policies = pipeline.policies
    running = pipeline.lanes.running.get(user, 0)
    if isinstance(question, StateQuery):
        return await policies.agents.snapshot(question, user, policies.inbox.reported_depth(user) + running)
    if isinstance(question, QueueQuery):
        return policies.inbox.state(question, user, running)
    if isinstance(question, CapacityQuery):
        return policies.inbox.limits(question)
    if isinstance(question, StatsQuery):
        return pipeline.figures.told(question)
    if isinstance(question, TeamQuery):
        return await policies.agents.team_snapshot(question, user)
    pipeline.transactions.batch.agents[policies.agents.state(user)] = None
    return policies.agents.configure(question, user)
