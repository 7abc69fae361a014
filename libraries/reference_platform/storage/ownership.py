"""Who may use a store: one process at a time, by a lock on a file beside it that ends with the process, however that ends."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from reference_platform.errors import PlatformError


class StoreInUseError(PlatformError):
    """Another platform has the store."""


class Ownership:
    """Of one store, from now on. May be taken in another thread than it is given up in."""

    def __init__(self, store: Path) -> None:
        try:
            self._lock = sqlite3.connect(f"{store}.owner", timeout=0, isolation_level=None, check_same_thread=False)
            self._lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            if "locked" in str(error):
                self._lock.close()
                raise StoreInUseError(f"the store {store} is in use by another platform; give each its own --store, or start this one with --standby") from error
            raise PlatformError(f"the store {store} cannot be written ({error}); name a file in a folder that can be") from error

    def give_up(self) -> None:
        """Whoever waits for the store may have it."""
        self._lock.close()
