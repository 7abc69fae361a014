"""X5: the service restarts. What had been promised before is gone after it, or nobody is let in for a while."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from websockets.http11 import Request

from reference_platform.policies import Duplicates, Gate, Store
from reference_platform.policies.duplicates import Known
from reference_platform.policies.gate import Refusal
from reference_platform.policies.store import Recovered
from reference_platform.registry import defect
from reference_platform.sessions.context import SessionContext

if TYPE_CHECKING:
    from reference_platform.host import Host


@defect("x5_state_lost")
class ContextNotRecovered(Store):
    """After a restart whoever comes back is welcomed as known, and finds an empty conversation and an agent that remembers nothing."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.from_before: frozenset[str] = frozenset()
        """Sessions that an earlier process had."""

    async def recover(self) -> Recovered:
        """Notes who was there before."""
        found = await super().recover()
        self.from_before = frozenset(found.sessions)
        return found

    def context(self, session_id: str) -> SessionContext:
        """A new one for each of those."""
        return SessionContext(session_id) if session_id in self.from_before else super().context(session_id)


@defect("x5_acked_lost")
class AcceptedNotRecovered(Store):
    """What had been accepted and not yet processed when the service died is gone after the restart, although its arrival was confirmed."""

    async def recover(self) -> Recovered:
        """Without what waits."""
        return (await super().recover())._replace(waiting=[])


@defect("x5_dedup_lost")
class ClaimsNotRecovered(Duplicates):
    """A restart forgets which messages came in the last half minute before it: what is sent again, since its answer was lost, is processed a
    second time.
    """

    forgotten = 30.0

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.restarted = 0.0

    def recovered(self) -> None:
        """This process begins."""
        self.restarted = self.host.clock.now()

    def is_over(self, known: Known) -> bool:
        """As if the last moments had never been written down."""
        return super().is_over(known) or self.restarted - self.forgotten < known.at < self.restarted


@defect("x5_half_open")
class AcceptedAndLeftWaiting(Gate):
    """After a restart the service takes connections before it can serve them: whoever comes within the first 12 seconds is let wait and hears
    nothing, not even that it is too early.
    """

    silent_for = 12.0
    """s; the client gives up before."""

    async def check(self, request: Request) -> Refusal | None:
        """The first process of a store has nothing to recover."""
        if self.host.policies.store.database.instance > 1 and self.host.uptime() < self.silent_for:
            await asyncio.sleep(2 * self.silent_for)
            return None
        return await super().check(request)
