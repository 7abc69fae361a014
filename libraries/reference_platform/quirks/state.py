"""Quirks in what an agent says about itself."""

from __future__ import annotations

import asyncio

from reference_platform.messages import Fields, StateQuery, TeamQuery
from reference_platform.policies import Agents
from reference_platform.registry import quirk


@quirk("n9_read_in_between")
class ReadInBetween(Agents):
    """A state is read 0 to 20 ms after it was asked for: whole, of one moment, of any between question and answer."""

    longest = 0.02

    async def snapshot(self, query: StateQuery, user: str, pending: int) -> Fields:
        """What is processed meanwhile is in it."""
        await self._moment()
        return await super().snapshot(query, user, pending)

    async def team_snapshot(self, query: TeamQuery, user: str) -> Fields:
        """The same for a team."""
        await self._moment()
        return await super().team_snapshot(query, user)

    async def _moment(self) -> None:
        await asyncio.sleep(self.host.random.uniform(0, self.longest))
