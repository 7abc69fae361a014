"""What the kit raises. Each text is a sentence that begins with its kind; Robot shows no class name in front of it."""

from __future__ import annotations

from typing import ClassVar


class LockstepError(Exception):
    """Root of all errors of the kit."""

    ROBOT_SUPPRESS_NAME: ClassVar[bool] = True
    kind: ClassVar[str] = "internal"

    def __str__(self) -> str:
        return f"{self.kind}: {super().__str__()}"


class UsageError(LockstepError):
    """A keyword, profile or target file was used in a way that cannot work."""

    kind = "usage"


class EnvironmentSetupError(LockstepError):
    """The target, the network, a file or a package is not as the run needs it."""

    kind = "environment"


class ViolationError(LockstepError):
    """The target broke a promise: a check found a violation."""

    kind = "violation"


class PerformanceThresholdError(LockstepError):
    """The target kept its promises but missed an agreed limit of time or rate."""

    kind = "limit missed"


class InternalError(LockstepError):
    """The kit itself is wrong; please report it."""

    kind = "internal"
