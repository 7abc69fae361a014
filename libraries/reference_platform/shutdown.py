"""How a platform ends: what its clients are told before, and by which process they are served afterwards."""

from __future__ import annotations

from dataclasses import dataclass

from .messages import Fields

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

    def notice(self) -> Fields:
        """What every open connection is told."""
        message = f"the platform is going away ({self.reason})"
        if self.estimate is not None:
            message += f"; come back in about {self.estimate:g} s"
        return {"type": "server_shutdown", "reason": self.reason, "estimated_restart_time": self.estimate, "message": message}
