"""The platform's clock: real time plus an offset that only grows."""

import time
from collections.abc import Callable


class Clock:
    """Seconds since 1970, never backwards within a process; control may push it forward.

    Every promise in seconds (duplicate window, token expiry) is counted on this clock, so that a test can let five
    minutes pass at once.
    """

    def __init__(self, offset: float = 0.0) -> None:
        self.offset = offset
        self.moved: list[Callable[[], None]] = []
        """Called right after each push."""
        self._start = time.time() - time.monotonic()

    def now(self) -> float:
        """The platform's time (s since 1970)."""
        return self._start + time.monotonic() + self.offset

    def advance(self, seconds: float) -> float:
        """Moves the clock forward by ``seconds`` (0 or more) and returns the new time."""
        if not seconds >= 0:
            raise ValueError(f"seconds must be 0 or more, not {seconds}: this clock never goes back")
        self.offset += seconds
        for tell in self.moved:
            tell()
        return self.now()
