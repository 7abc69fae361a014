"""The one pabot call of a run: its command line, and what its output says about suites that start and end.

Facts behind each option: docs/adr/0004-one-pabot-call.md.
"""

# ruff: noqa: PLC0415 - Robot takes a third of a second to import, and the first line must not wait for it

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from runner.errors import StartError

RUNNER_OWNS = {
    "-d", "--outputdir", "-o", "--output", "-l", "--log", "-r", "--report", "-N", "--name", "--ordering", "--processes", "--command",
    "--pabotlibport", "--no-rebot",
}
RESULTS_FOLDER = "pabot_results"
_EVENT = re.compile(r"(?P<time>\d+-\d\d-\d\d \d\d:\d\d:\d\d\.\d+) \[PID:(?P<pid>\d+)\] \[\d+\] \[ID:(?P<id>\d+)\] (?P<what>EXECUTING|PASSED|FAILED|IGNORED|Execution failed in) (?P<rest>.*)")
_STATISTICS = re.compile(rb'<stat pass="(\d+)" fail="(\d+)" skip="(\d+)">All Tests</stat>')


@dataclass(frozen=True)
class Event:
    """A suite starts or ends, at a Unix ``time``. ``item`` is pabot's number of the suite, also its folder under ``pabot_results``."""

    what: str
    suite: str
    pid: int
    item: int
    time: float


def command(
    *,
    run: Path,
    suites: Path,
    ordering: Path,
    processes: int | None,
    variable_file: Path | None,
    variables: Mapping[str, str],
    selection: Sequence[str],
    rest: Sequence[str],
) -> list[str]:
    """Builds pabot's command line. ``rest`` are the user's own options for robot; some belong to the runner."""
    for word in rest:
        if word.partition("=")[0] in RUNNER_OWNS:
            raise StartError(f"{word} after -- is set by the runner itself. Leave it out; results are in results/latest.")
    call = [sys.executable, "-u", "-m", "pabot.pabot"]
    call += ["--command", sys.executable, "-m", "robot", "--end-command", "--pabotlibport", "0", "--ordering", str(ordering)]
    call += ["--processes", str(processes)] if processes else []
    call += ["--outputdir", str(run)]
    call += ["--variablefile", str(variable_file)] if variable_file else []
    for name, value in variables.items():
        call += ["--variable", f"{name}:{value}"]
    return [*call, *selection, *rest, str(suites)]


def is_worker(words: Sequence[str]) -> bool:
    """Whether this command line is one of the robot processes that pabot starts."""
    return ("-m", "robot") in pairwise(words)


def event(line: str) -> Event | None:
    """What a line of pabot's output tells about a suite; None for the many lines that tell nothing."""
    match = _EVENT.search(line)
    if match is None:
        return None
    what = "start" if match["what"] == "EXECUTING" else "end"
    suite = re.sub(r" (in [\d.]+ seconds|with \d+ failing test\(s\))$", "", match["rest"].strip())
    at = datetime.fromisoformat(match["time"]).timestamp()  # pabot writes the time of day of this machine
    return Event(what, suite, int(match["pid"]), int(match["id"]), at)


def counts(run: Path, item: int) -> tuple[int, int, int] | None:
    """Passed, failed and skipped tests of one suite; None if it left no readable result."""
    try:
        found = _STATISTICS.search((run / RESULTS_FOLDER / str(item) / "output.xml").read_bytes()[-20_000:])
    except OSError:
        return None
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def complaint(run: Path, item: int) -> str:
    """The first line that a suite without a result wrote to its standard error."""
    for file in (run / RESULTS_FOLDER / str(item)).glob("*_std*.out"):
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
            if "ERROR" in line or "Error" in line:
                return line.strip()
    return "the process ended without a word"


def reason(said: Sequence[str]) -> str:
    """Why pabot ended before the first suite: the line of its output that complains, or else the first."""
    lines = [line.strip().rstrip(".") for line in said if line.strip()]
    complaints = (line for line in lines if re.search(r"invalid|error|not recognized|no tests", line, re.IGNORECASE))
    return next(complaints, lines[0] if lines else "it said nothing")


def merge_what_is_there(run: Path) -> None:
    """Makes output.xml, log.html and report.html of the suites that ended, as pabot does when nothing interrupts it."""
    from robot.api import ExecutionResult
    from robot.errors import DataError

    outputs = []
    for file in sorted((run / RESULTS_FOLDER).glob("*/output.xml"), key=lambda file: int(file.parent.name) if file.parent.name.isdigit() else 0):
        try:
            ExecutionResult(str(file), include_keywords=False)
        except DataError:
            continue  # a process that was killed while it wrote
        outputs.append(str(file))
    if outputs:
        _merge(run, outputs)


def _merge(run: Path, outputs: Iterable[str]) -> None:
    from pabot import writer
    from pabot.result_merger import merge
    from robot.rebot import rebot

    messages = writer.get_writer(log_dir=str(run / RESULTS_FOLDER), console_type="none")
    try:
        merge(list(outputs), {"outputdir": str(run)}, "", [], None).save(str(run / "output.xml"))
    finally:
        messages.stop()
    with (run / "pabot.log").open("a", encoding="utf-8") as log:
        rebot(str(run / "output.xml"), outputdir=str(run), log="log.html", report="report.html", stdout=log, stderr=log)
