"""Answers about the platform itself: each is taken in one moment, when the question is received, and waits in no queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .messages import CapacityQuery, Fields, Question, QueueQuery, StateQuery, TeamQuery

if TYPE_CHECKING:
    from .pipeline import Pipeline


async def answer(question: Question, user: str, pipeline: Pipeline) -> Fields:
    """The frame for a user who asks; it leaves after the commit of everything that it claims."""
    policies = pipeline.policies
    running = pipeline.running.get(user, 0)
    if isinstance(question, StateQuery):
        return await policies.agents.snapshot(question, user, policies.inbox.reported_depth(user) + running)
    if isinstance(question, QueueQuery):
        return policies.inbox.state(question, user, running)
    if isinstance(question, CapacityQuery):
        return policies.inbox.limits(question)
    if isinstance(question, TeamQuery):
        return await policies.agents.team_snapshot(question, user)
    pipeline.batch.agents[policies.agents.state(user)] = None
    return policies.agents.configure(question, user)
