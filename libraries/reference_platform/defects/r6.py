"""R6: several agents. A member of the team is left out, lags, is read in halves, misreports, or waits for another for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from reference_platform.agent_state import Member, Shared
from reference_platform.messages import Fields, TeamQuery, UserMessage
from reference_platform.policies import Agents
from reference_platform.registry import defect

if TYPE_CHECKING:
    from reference_platform.host import Host


@defect("r6_missing_agent")
class LeftOut(Agents):
    """In one of 100 cases a targeted agent hears nothing of the message, although the reply says that it contributed."""

    def contribute(self, name: str, member: Member, message: UserMessage, fact: Shared | None) -> Fields:
        """Mostly right."""
        if self.host.random.random() < 1 / 100:
            member = Member()
        return super().contribute(name, member, message, fact)


@defect("r6_stale_agent")
class OneBehind(Agents):
    """The last agent of a team takes a shared fact into its view only when the next one comes."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.late: dict[tuple[str, str], Shared] = {}

    def contribute(self, name: str, member: Member, message: UserMessage, fact: Shared | None) -> Fields:
        """The reply says what its view should be."""
        key = message.shared_state_key
        if fact is None or key is None or name != list(self.state(message.user).team)[-1]:
            return super().contribute(name, member, message, fact)
        before = self.late.get((message.user, key))
        self.late[message.user, key] = fact
        return super().contribute(name, member, message, before) | {"shared_version": fact[1]}


@defect("r6_torn_shared_read")
class TornFacts(Agents):
    """The values of shared facts are read, then their versions, and a message may be processed in between."""

    between = 0.01

    async def team_snapshot(self, query: TeamQuery, user: str) -> Fields:
        """Values of the first moment, versions of the second."""
        first = await super().team_snapshot(query, user)
        await asyncio.sleep(self.between)
        second = await super().team_snapshot(query, user)
        for name, agent in second["agents"].items():
            known = first["agents"].get(name, {"shared_state": {}})["shared_state"]
            for key, fact in agent["shared_state"].items():
                fact["value"] = known.get(key, fact)["value"]
        return second


@defect("r6_contributor_seq")
class PreviousSequence(Agents):
    """A contributing agent reports the sequence number of the message before."""

    def contribute(self, name: str, member: Member, message: UserMessage, fact: Shared | None) -> Fields:
        """Its state is right."""
        before = member.last_sequence_id
        return super().contribute(name, member, message, fact) | {"processed_sequence": before}


@defect("r6_deadlock_two_agents")
class OppositeLocks(Agents):
    """A message locks its agents in the order in which it names them, a question in the opposite one: both may wait for ever."""

    moment = 0.001

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.locks: dict[tuple[str, str], asyncio.Lock] = {}

    async def apply(self, message: UserMessage) -> Fields:
        """First to last."""
        async with self._locked(message.user, message.target_agents or ()):
            return await super().apply(message)

    async def team_snapshot(self, query: TeamQuery, user: str) -> Fields:
        """Last to first."""
        async with self._locked(user, reversed(self.state(user).team)):
            return await super().team_snapshot(query, user)

    @asynccontextmanager
    async def _locked(self, user: str, names: Iterable[str]) -> AsyncIterator[None]:
        async with AsyncExitStack() as held:
            for name in names:
                await held.enter_async_context(self.locks.setdefault((user, name), asyncio.Lock()))
                await asyncio.sleep(self.moment)
            yield
