"""Memory, descriptors, threads and processor time of the server, read from its process id and never from what it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import psutil


@dataclass(frozen=True, slots=True)
class ServerFigures:
    """One look at the server's process."""

    time: float            # s, monotonic
    memory: int            # bytes of resident memory
    threads: int
    descriptors: int | None  # open files and sockets; None where the system does not tell (Windows counts handles instead)
    processor: float       # s of processor time so far
    waited: float | None = None  # s that its main thread was ready and got no processor, or the host had taken it; None where the system does not tell

    @classmethod
    def of(cls, process: psutil.Process) -> ServerFigures:
        """Reads the figures now."""
        with process.oneshot():
            times = process.cpu_times()
            return cls(
                monotonic(), process.memory_info().rss, process.num_threads(),
                process.num_fds() if hasattr(process, "num_fds") else None, times.user + times.system, _waited(process.pid),
            )


CROWDED = 0.2
"""Share of the time for which the server may be ready to work and get no processor, before times and rates are void."""


def kept_waiting(looks: Sequence[ServerFigures]) -> float:
    """Seconds between the first and the last of these looks in which others on this machine kept the server from its work.

    A server that is slow by itself does not wait. 0 where the system does not tell.
    """
    told = [look.waited for look in looks if look.waited is not None]
    return told[-1] - told[0] if told else 0.0


def crowded_out(looks: Sequence[ServerFigures]) -> str | None:
    """Why times and rates between these looks mean nothing, if the server was kept from its work for too long."""
    lasted = looks[-1].time - looks[0].time if looks else 0.0
    share = kept_waiting(looks) / lasted if lasted > 0 else 0.0
    if share <= CROWDED:
        return None
    return f"invalid: the server got no processor for {share:.0%} of the time although it was ready to work ({CROWDED:.0%} allowed)"


def _waited(pid: int) -> float | None:
    """From what Linux counts for each process: time on a processor (ns), time in a queue for one (ns), turns.

    A virtual machine beside others has processors that stand still at times, which no queue shows.
    """
    try:
        queued = int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return None
    return queued + stolen()


def stolen() -> float:
    """Seconds since the system started for which the host had taken a processor away; of that time each processor has its share."""
    share: float = getattr(psutil.cpu_times(), "steal", 0.0) / (psutil.cpu_count() or 1)
    return share
