"""Room for connections: each takes a descriptor, and a system that gives too few would leave clients unserved without a word."""

from __future__ import annotations

import contextlib

from reference_platform.errors import PlatformError

BESIDE = 128
"""Descriptors for the store, the HTTP side, the loop, and connections that are being turned away."""


def reserve(connections: int) -> None:
    """Raises this process's own limit as far as it may; fails where that is not enough."""
    try:
        import resource  # noqa: PLC0415 - not on Windows, whose limit is none of ours
    except ImportError:
        return
    wanted = connections + BESIDE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise PlatformError(f"max_connections {connections} needs {wanted} descriptors, this system allows {hard}; lower it or run 'ulimit -Hn {wanted}' first")
    with contextlib.suppress(OSError, ValueError):  # macOS may know a limit of its own, and tells it when it is reached
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
