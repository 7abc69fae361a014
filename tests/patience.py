"""Waiting for what must come, however late this machine is; in vain only if it never does."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import pytest

GUARD = 60.0
"""Seconds after which something that should have come is taken for lost."""
T = TypeVar("T")


def until(condition: Callable[[], T], patience: float = GUARD) -> T:
    """The condition's first true value."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.005)
    pytest.fail(f"waited {patience:g} s in vain")
