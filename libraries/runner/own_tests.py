"""``run.py test``: the kit's own tests, with style and types as named steps before them."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

from runner.project import Project

SIDE_BY_SIDE = ("tests/acceptance/test_ways_to_start.py", "tests/acceptance/test_resilience_alone.py", "tests/kill_matrix/test_kill_matrix.py")
"""A process for each of these files. Whole runs that wait most of the time, and in which a late machine voids figures of time and nothing else."""
NOT_SMALL = ("tests/acceptance", "tests/kill_matrix/test_kill_matrix.py", "tests/benchmarks")
WORKERS = min(4, (os.cpu_count() or 1) + 1)
"""One more than there are cores: these tests wait for a third of their time."""
STAGES: tuple[tuple[str, ...], ...] = (
    ("-n", str(WORKERS), "--dist", "loadfile", "tests", *(f"--ignore={path}" for path in NOT_SMALL)),
    ("tests/acceptance", *(f"--ignore={path}" for path in SIDE_BY_SIDE)),  # whole runs, which use the cores themselves
    ("-n", str(len(SIDE_BY_SIDE)), "--dist", "loadfile", *SIDE_BY_SIDE),
)
STEPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Python style (ruff)", ("ruff", "check", "run.py", "libraries", "tests")),
    ("Python types (mypy)", ("mypy",)),
    ("Robot style (robocop check)", ("robocop", "check", "suites", "resources")),
    ("Robot layout (robocop format)", ("robocop", "format", "--check", "--no-overwrite", "suites", "resources")),
)
OURS = ("LOCKSTEP_RUN", "LOCKSTEP_RUN_ID", "LOCKSTEP_SEED", "LOCKSTEP_PROFILE", "LOCKSTEP_TARGET", "LOCKSTEP_START_ARGUMENTS", "ENVIRONMENT")


def run(arguments: Sequence[str], project: Project) -> int:
    """All steps, then pytest; with arguments only pytest, and these are its own."""
    children = clean(project.environment())
    if arguments:
        return subprocess.call([sys.executable, "-m", "pytest", *arguments], cwd=project.root, env=children)  # noqa: S603
    failed = [name for name, words in STEPS if not _step(name, words, project, children)]
    counts, ended = (0, 0, 0), True
    with tempfile.TemporaryDirectory() as folder:
        for number, stage in enumerate(STAGES):
            results = Path(folder) / f"results-{number}.xml"
            command = [sys.executable, "-m", "pytest", f"--junitxml={results}", *stage]
            ended = subprocess.call(command, cwd=project.root, env=children) == 0 and ended  # noqa: S603
            passed, red, skipped = count(results)
            counts = counts[0] + passed, counts[1] + red, counts[2] + skipped
    if failed:
        print(f"Failed before the tests: {', '.join(failed)}. See above.")
    print(closing_line(counts, len(STEPS) - len(failed), len(failed), tests_ended=ended))
    return 0 if ended and not failed else 1


def clean(variables: Mapping[str, str]) -> dict[str, str]:
    """Without what would change the runs that the tests start: they say themselves which profile and limits they want."""
    return {name: value for name, value in variables.items() if name not in OURS and not name.startswith("RAPID_")}


def count(results: Path) -> tuple[int, int, int]:
    """Passed, failed and skipped tests of pytest's own result file; one failure if it never wrote it."""
    if not results.is_file():
        return 0, 1, 0
    suites = list(ElementTree.parse(results).getroot().iter("testsuite"))  # noqa: S314 - written a moment ago by our own child

    def total(name: str) -> int:
        return sum(int(suite.get(name, "0")) for suite in suites)

    failed, skipped = total("failures") + total("errors"), total("skipped")
    return max(0, total("tests") - failed - skipped), failed, skipped


def closing_line(counts: tuple[int, int, int], steps_passed: int, steps_failed: int, *, tests_ended: bool) -> str:
    """The last line: plain, and red in words whenever the exit code is red."""
    passed, failed, skipped = counts
    failed += steps_failed + (not tests_ended and not failed)
    return f"{passed + steps_passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else "")


def _step(name: str, words: Sequence[str], project: Project, children: Mapping[str, str]) -> bool:
    begun = time.monotonic()
    done = subprocess.run(  # noqa: S603 - the kit's own tools
        [sys.executable, "-m", *words], cwd=project.root, env=dict(children), capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    good = done.returncode == 0
    print(f"{'ok  ' if good else 'FAIL'}  {name:<32}  {time.monotonic() - begun:5.1f} s", flush=True)
    if not good:
        print(done.stdout + done.stderr, end="", file=sys.stdout, flush=True)
    return good

