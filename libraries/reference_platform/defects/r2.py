# ruff: noqa: ARG002 - a defect ignores what the correct port would look at
"""R2: idempotency. A repeated message is processed again, or treated as one where it is none, or not answered."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from reference_platform.messages import UserMessage
from reference_platform.policies import Duplicates
from reference_platform.policies.duplicates import Claim, Known
from reference_platform.registry import defect

if TYPE_CHECKING:
    from reference_platform.connections.connection import Connection
    from reference_platform.host import Host


@defect("r2_no_dedup")
class NoDuplicates(Duplicates):
    """Takes every message for a new one, also one that it has processed before."""

    def find(self, message: UserMessage, connection: Connection) -> Known | None:
        """Finds nothing."""
        return None


@defect("r2_window_too_short")
class ShortWindow(Duplicates):
    """Forgets a message id after one second, where 300 s are promised."""

    window = 1.0


@defect("r2_dedup_id_only_conn")
class PerConnection(Duplicates):
    """Recognises a repeated message only on the connection over which it first came."""

    def find(self, message: UserMessage, connection: Connection) -> Known | None:
        """A claim of another connection of the user does not count."""
        known = super().find(message, connection)
        return known if known is not None and known.connection_id == connection.session.connection_id else None


@defect("r2_dedup_lost_on_reconnect")
class ForgottenOnReconnect(Duplicates):
    """Forgets which messages it has processed when their connection closes."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.closed: set[str] = set()

    def connection_closed(self, connection: Connection) -> None:
        """From here on nothing counts that came over it."""
        self.closed.add(connection.session.connection_id)

    def is_over(self, known: Known) -> bool:
        """As if the window had ended when the connection closed."""
        return super().is_over(known) or known.connection_id in self.closed


@defect("r2_dedup_lost_on_restart")
class ForgottenOnRestart(Duplicates):
    """Forgets at a restart which messages it has processed."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.started: float | None = None

    def recovered(self) -> None:
        """From here on counts what is claimed."""
        self.started = self.host.clock.now()

    def is_over(self, known: Known) -> bool:
        """What an earlier process has claimed does not count."""
        return super().is_over(known) or (self.started is not None and known.at < self.started)


@defect("r2_dedup_global_across_users")
class AcrossUsers(Duplicates):
    """Takes a message for a repeated one when any other user has used its id."""

    def scope(self, user: str) -> str:
        """One scope for everybody."""
        return ""


@defect("r2_race_check_then_act")
class CheckThenAct(Duplicates):
    """Looks up, waits for something else, and notes the id only then: two connections at once both get through."""

    delay = 0.002

    async def claim(self, message: UserMessage, connection: Connection) -> Claim:
        """The same steps as the correct one, with a pause between check and act."""
        known = self.find(message, connection)
        if known is not None and not self.is_over(known):
            return Claim(admit=False, answer=self.rejection(message))
        await asyncio.sleep(self.delay)
        self.remember(message)
        return Claim(admit=True)


@defect("r2_reject_then_process")
class RejectedButProcessed(Duplicates):
    """Tells the client that it was a duplicate, and lets the agent count it all the same."""

    async def claim(self, message: UserMessage, connection: Connection) -> Claim:
        """The rejection is sent, the agent's reply is not."""
        claim = await super().claim(message, connection)
        return claim if claim.admit else Claim(admit=True, answer=claim.answer, reply=False)


@defect("r2_dup_missing_reply")
class SilentDuplicates(Duplicates):
    """Drops duplicates without a word, where a rejection is promised."""

    async def claim(self, message: UserMessage, connection: Connection) -> Claim:
        """The same decision without the answer."""
        return (await super().claim(message, connection))._replace(answer=None)
