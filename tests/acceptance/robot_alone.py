"""Robot alone, without the runner, and what has to be right then."""

from __future__ import annotations

import sys
from pathlib import Path

from acceptance.running import ROOT, Finished, finish

SHORTER = [word for sizes in (
    "RATE_STEPS:100, 300, 600 msg/s", "SECONDS_PER_RATE_STEP:1 s", "CONNECTION_STEPS:5, 130", "SECONDS_PER_CONNECTION_STEP:1 s",
    "SOAK_MESSAGES:20000", "COOL_DOWN:1 s", "CHEAP_RECONNECTIONS:200", "BENCHMARK_PHASES:1, 1, 2, 1, 1 s", "USER_RATE_TIME:3 s",
    "PEAK_TIME:1 s", "SCENARIO_TIME:2 s", "STRESS_TIME:4 s", "LOADED_MESSAGES:2000",
) for word in ("--variable", sizes)]
"""The whole quick run is another test; here every suite only has to run, and to be right."""
LONG = "hvt-3ORhvt-4ORhvt-8"
"""Cases with few and long tests, of which one after the other shows nothing new."""


def all_green(done: Finished, at_least: int) -> None:
    assert done.of_status("FAIL") == {}, done.output
    unexpected = {name: why for name, why in done.of_status("SKIP").items() if not why.startswith(("invalid", "not measured"))}
    assert unexpected == {}, unexpected
    assert len(done.of_status("PASS")) >= at_least, done.output


def robot(folder: Path, *arguments: str) -> Finished:
    return finish([sys.executable, "-m", "robot", "--outputdir", str(folder), *arguments], folder)


def in_any_order(folder: Path, part: str, at_least: int) -> None:
    """One of the three folders of suites."""
    all_green(robot(folder, "--randomize", "all", "--exclude", LONG, *SHORTER, str(ROOT / "suites" / part)), at_least)
