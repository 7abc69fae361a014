"""How a platform ends: what its clients are told before, and by which process they are served afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .messages import Fields, Reply

if TYPE_CHECKING:
    from .host import Host

STOPPING = "stopping"
"""The stage of a platform that lets nobody in any more."""


@dataclass(frozen=True, slots=True)
class Shutdown:
    """The wish to end."""

    reason: str = "shutdown"
    estimate: float | None = None
    """Seconds until somebody serves again, as far as is known; None: nobody is meant to."""
    hands_over: bool = False
    """A platform in standby waits for the store: it is given free before the connections are closed."""

    @property
    def comes_back(self) -> bool:
        """Somebody will serve again soon."""
        return self.estimate is not None

    def announce(self, host: Host) -> None:
        """Tells every session whose connection is open, behind the next commit."""
        notice, transactions = self.notice(), host.transactions
        transactions.batch.replies += [Reply(connection.session, notice.copy()) for connection in host.connections.values() if connection.is_open]
        transactions.touch()

    def notice(self) -> Fields:
        """What clients are told."""
        message = f"the platform is going away ({self.reason})"
        if self.estimate is not None:
            message += f"; come back in about {self.estimate:g} s"
        return {"type": "server_shutdown", "reason": self.reason, "estimated_restart_time": self.estimate, "message": message}
