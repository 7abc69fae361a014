"""All linear checks over a million events, in a fresh process each time; ``checks.py`` says what is measured."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

from benchmarks.rows import Row
from benchmarks.stage import HERE, Failed
from runner.project import Project

MOST_SECONDS, MOST_MEGABYTES = 2.0, 400
LONGEST = 300


def checked(rounds: int, seconds: float, tell: Callable[[str], None]) -> list[Row]:
    """CPU time and peak memory, against the pinned bounds."""
    times, memory = Row("checks of 1000000 events", "s"), Row("checks of 1000000 events, peak", "MB")
    for number in range(1, rounds + 1):
        done = subprocess.run([sys.executable, str(HERE / "checks.py"), "--json"], env=Project.here().environment(), capture_output=True,
                              text=True, timeout=LONGEST, check=False)
        lines = done.stdout.splitlines()
        if len(lines) < 2 or not lines[-2].startswith("{"):
            raise Failed(f"the checks of a million events failed: {(done.stderr or done.stdout).strip().splitlines()[-1][:200]}")
        found = json.loads(lines[-2])
        times.add(found["seconds"], MOST_SECONDS)
        memory.add(found["megabytes"], MOST_MEGABYTES)
        tell(f"checks round {number}: {found['seconds']:.2f} s, {found['megabytes']:.0f} MB")
    return [times, memory]
