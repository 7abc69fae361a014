"""R4: state. What an agent says about itself is wrong, late, of two moments, or of somebody else."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING

from reference_platform.agent_state import AgentState, Context
from reference_platform.messages import Fields, StateQuery, UserMessage
from reference_platform.policies import Agents
from reference_platform.registry import defect

if TYPE_CHECKING:
    from reference_platform.host import Host


@defect("r4_count_random")
class RandomCount(Agents):
    """The message count is a random number from 0 to 50."""

    async def snapshot(self, query: StateQuery, user: str, pending: int) -> Fields:
        """Another one each time."""
        return await super().snapshot(query, user, pending) | {"message_count": self.host.random.randint(0, 50)}


@defect("r4_count_on_error")
class CountsErrors(Agents):
    """A malformed or refused message is counted too."""

    def refused(self, user: str) -> None:
        """Only the count moves."""
        self.state(user).message_count += 1


@defect("r4_lost_update")
class LostUpdate(Agents):
    """The count is written once more up to 4 ms later: what was counted in between is lost."""

    longest = 0.004

    async def apply(self, message: UserMessage) -> Fields:
        """Right for whoever waits between two messages."""
        reply = await super().apply(message)
        state = self.state(message.user)
        self.host.spawn(self._write_again(state, state.message_count))
        return reply

    async def _write_again(self, state: AgentState, count: int) -> None:
        await asyncio.sleep(self.host.random.uniform(0, self.longest))
        state.message_count = count


@defect("r4_stale_read")
class CachedState(Agents):
    """The state is served from a cache of 500 ms."""

    kept_for = 0.5

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.cache: dict[str, tuple[float, Fields]] = {}

    async def snapshot(self, query: StateQuery, user: str, pending: int) -> Fields:
        """Whole and of one moment, which may be half a second ago."""
        taken, fields = self.cache.get(user, (-self.kept_for, {}))
        if monotonic() - taken >= self.kept_for:
            fields = await super().snapshot(query, user, pending)
            self.cache[user] = monotonic(), fields
        return fields | {"request_id": query.request_id, "pending": pending}


@defect("r4_torn_snapshot")
class TornSnapshot(Agents):
    """Half of the state is read, then the other half, and a message may be processed in between."""

    between = 0.01

    async def snapshot(self, query: StateQuery, user: str, pending: int) -> Fields:
        """Count and version of the first moment, the rest of the second."""
        first = await super().snapshot(query, user, pending)
        await asyncio.sleep(self.between)
        second = await super().snapshot(query, user, pending)
        return second | {name: first[name] for name in ("version", "message_count")}


@defect("r4_context_crosstalk")
class SharedTitles(Agents):
    """The context of a conversation is found by its title, whoever has chosen it."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.contexts: dict[str, Context] = {}

    async def apply(self, message: UserMessage) -> Fields:
        """Two users with one title talk to one memory."""
        if message.conversation is not None:
            state = self.state(message.user)
            state.context = self.contexts.setdefault(message.conversation, state.context)
        return await super().apply(message)


@defect("r4_complete_flag_early")
class CompleteWhenIdle(Agents):
    """Takes a conversation for complete as soon as nothing of it waits."""

    async def snapshot(self, query: StateQuery, user: str, pending: int) -> Fields:
        """Idle is not complete."""
        fields = await super().snapshot(query, user, pending)
        if fields["conversation"] is not None and not pending:
            fields["conversation_complete"] = True
        return fields
