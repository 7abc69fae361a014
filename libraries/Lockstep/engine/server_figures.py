"""Memory, descriptors, threads and processor time of the server, read from its process id and never from what it says."""

from __future__ import annotations

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
    waited: float | None = None  # s that its main thread was ready and got no processor; None where the system does not tell

    @classmethod
    def of(cls, process: psutil.Process) -> ServerFigures:
        """Reads the figures now."""
        with process.oneshot():
            times = process.cpu_times()
            return cls(
                monotonic(), process.memory_info().rss, process.num_threads(),
                process.num_fds() if hasattr(process, "num_fds") else None, times.user + times.system, _waited(process.pid),
            )


def _waited(pid: int) -> float | None:
    """From what Linux counts for each process: time on a processor (ns), time in a queue for one (ns), turns."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return None
