"""Agents: what a message does to the agents of its user, and what they say about themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reference_platform.agent_state import AgentState, Member, Shared
from reference_platform.digests import digest
from reference_platform.errors import AgentFailedError
from reference_platform.memory import Memory
from reference_platform.messages import (
    ContextQuery,
    ContextUpdate,
    Fields,
    HistoryQuery,
    Invalid,
    StateQuery,
    TeamQuery,
    TeamSetting,
    UserMessage,
)
from reference_platform.sessions.context import SessionContext
from reference_platform.topics import topic_of

from .port import Port

if TYPE_CHECKING:
    from reference_platform.host import Host
    from reference_platform.sessions.session import Session

BEGINNING = 80
"""So many characters of a content are kept as the beginning of a recent message."""


class Agents(Port):
    """One assistant per user, whose memory is a fold over everything it was told, and beside it the team that the user configures."""

    name = "assistant"

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.states: dict[str, AgentState] = {}
        """Agents of users who are here or have messages waiting."""
        self.failing: dict[str | None, int] = {}
        """How many next messages of a user (None: of anybody) fail, set through control."""
        self.memory = Memory(host.config.state_sync_interval)

    def state(self, user: str) -> AgentState:
        """The agent of a user, from the store if it is not in memory."""
        state = self.states.get(user)
        if state is None:
            state = self.states[user] = self.host.policies.store.agent(user)
        return state

    def instances(self) -> dict[str, int]:
        """How many agent objects of each user are in memory; never more than one."""
        return dict.fromkeys(self.states, 1)

    def forget(self, user: str) -> None:
        """Nothing of this user is open, waiting or uncommitted: its agent may leave the memory, the store has it."""
        self.states.pop(user, None)

    def unknown(self, message: UserMessage) -> list[str]:
        """Agents that the message names and the team of its user does not have: it is refused with ``unknown_agent``."""
        team = self.state(message.user).team
        return [name for name in message.target_agents or () if name not in team]

    def refused(self, user: str) -> None:
        """A message of this user was refused, whatever the reason: the agent never hears of it."""

    # What a message does

    async def apply(self, message: UserMessage) -> Fields:
        """Lets the agent handle a message: changes ``state(message.user)`` and returns the reply.

        Called once per message; calls for different users may interleave wherever this waits. The reply leaves after the
        commit that makes the change durable. The pipeline adds ``processing_time``. An exception (raised before anything is
        changed) is answered with ``processing_failed``.
        """
        return self.apply_now(message)

    def apply_now(self, message: UserMessage) -> Fields:
        """``apply`` without waiting; the pipeline calls it directly where ``apply`` is not replaced."""
        if self.failing:
            self.fail_if_told(message.user)
        state = self.states.get(message.user) or self.state(message.user)
        if message.target_agents is not None and (missing := self.unknown(message)):
            raise AgentFailedError(f"the team has lost {', '.join(missing)} meanwhile")
        context = state.context
        state.message_count += 1
        state.version += 1
        if message.sequence_id is not None:
            state.last_sequence_id = message.sequence_id
        state.conversation, state.complete = message.conversation, message.final
        context.digest = digest(context.digest + message.digest)
        state.note(message.message_id, topic_of(message.content), message.content[:BEGINNING])
        reply = self.reply(message, state)
        if message.target_agents is not None:
            reply |= self.coordinate(message, state)
        return reply

    def fail_if_told(self, user: str) -> None:
        """Raises as often as control has asked for."""
        for whom in (user, None):
            left = self.failing.get(whom, 0)
            if left:
                self.failing[whom] = left - 1
                raise AgentFailedError("it was told to fail")

    def reply(self, message: UserMessage, state: AgentState) -> Fields:
        """The ``ai_response`` to a message that was just applied."""
        return {
            "type": "ai_response",
            "message_id": message.message_id,
            "attempt": message.attempt,
            "sequence_id": message.sequence_id,
            "content": f"Message {state.message_count} noted, {len(message.content)} characters.",
            "digest": message.digest,
            "agent": self.name,
            "version": state.version,
            "timestamp": self.host.clock.now(),
        }

    def coordinate(self, message: UserMessage, state: AgentState) -> Fields:
        """Lets the targeted agents of the team work on a message; returns what the reply says about it."""
        told: Fields = {}
        key, fact = message.shared_state_key, None
        if key is not None:
            before = state.shared.get(key)
            fact = state.shared[key] = (message.digest, before[1] + 1 if before else 1)
            told["shared"] = {"key": key, "value": fact[0], "version": fact[1]}
        told["contributing_agents"] = [
            self.contribute(name, state.team[name], message, fact) for name in message.target_agents or ()
        ]  # fmt: skip
        return told

    def contribute(self, name: str, member: Member, message: UserMessage, fact: Shared | None) -> Fields:
        """One targeted agent works: counts the message and takes the shared fact it writes (None: it writes none) into its view."""
        member.messages_processed += 1
        member.last_sequence_id = message.sequence_id
        if fact is not None and message.shared_state_key is not None:
            member.shared[message.shared_state_key] = fact
        return {"agent": name, "processed_sequence": message.sequence_id, "shared_version": fact[1] if fact else None}

    def configure(self, setting: TeamSetting, user: str) -> Fields:
        """Replaces the team of a user; who stays in it keeps counter and view. The ``agents_configured`` answer leaves after the commit."""
        state = self.state(user)
        state.team = {name: state.team.get(name) or Member() for name in setting.agents}
        return {"type": "agents_configured", "request_id": setting.request_id, "agents": list(setting.agents)}

    # What is told

    async def snapshot(self, query: StateQuery, user: str, pending: int) -> Fields:
        """The ``agent_state`` answer: all fields of one moment. ``pending`` counts waiting and running messages of the user."""
        state = self.state(user)
        context = state.context
        return {
            "type": "agent_state",
            "request_id": query.request_id,
            "user_id": user,
            "version": state.version,
            "message_count": state.message_count,
            "last_sequence_id": state.last_sequence_id,
            "processed_message_ids": list(state.processed),
            "conversation": state.conversation,
            "conversation_complete": state.complete,
            "context": {
                "topic": context.topic,
                "topics": list(context.topics),
                "digest": context.digest,
                "recent": list(context.recent),
            },
            "context_digest": context.digest,
            "pending": pending,
            "memory_usage": {"total_objects": state.objects(), "rss": self.memory.resident()},
            "corrupted": False,
        }

    async def team_snapshot(self, query: TeamQuery, user: str) -> Fields:
        """The ``all_agent_states`` answer: all agents of the team at one moment."""
        state = self.state(user)
        return {
            "type": "all_agent_states",
            "request_id": query.request_id,
            "version": state.version,
            "agents": {name: self.member_state(member) for name, member in state.team.items()},
        }

    def member_state(self, member: Member) -> Fields:
        """One agent of a team, as clients are told."""
        return {
            "messages_processed": member.messages_processed,
            "last_sequence_id": member.last_sequence_id,
            "shared_state": {key: {"value": value, "version": version} for key, (value, version) in member.shared.items()},
            "corrupted": False,
        }

    # What a session remembers (nothing, where it cannot come back)

    async def conversation(self, query: HistoryQuery, session: Session) -> Fields:
        """The ``conversation_history`` answer: all entries of one moment."""
        context = session.context or SessionContext(session.id)
        return {"type": "conversation_history", "request_id": query.request_id, **context.conversation()}

    async def memory_of(self, query: ContextQuery, session: Session) -> Fields:
        """The ``agent_context`` answer: all fields of one moment."""
        context = session.context or SessionContext(session.id)
        return {"type": "agent_context", "request_id": query.request_id, **context.memory()}

    async def keep_in_mind(self, update: ContextUpdate, session: Session) -> Fields:
        """Takes in all of an update or nothing; the ``context_updated`` answer leaves after the commit."""
        context = session.context
        if context is None:
            return Invalid("not_resumable", "a session that cannot come back keeps nothing; connect with resumable=true", request_id=update.request_id).answer()
        if not context.tell(update, self.host.clock.now()):
            return Invalid("context_full", "there is no room for so much; nothing was changed", request_id=update.request_id).answer()
        return {"type": "context_updated", "request_id": update.request_id, "version": context.version}
