"""``run.py check``: looks over the suites without running them and tells in plain words what to correct, and where."""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from runner import selection
from runner.errors import Exit
from runner.outcome import shorter
from runner.project import Project

COMMITTED_ORDERING = "pabot.ordering"
FIX = "python run.py check --fix"

ADVICE = (
    (r"did you mean", ""),
    (r"no keyword with name", "Correct its name, or import the resource that has it; docs/keywords.html lists the kit's keywords."),
    (r"multiple keywords with name", "Write the library or resource before the name, such as Lockstep.Send Burst."),
    (r"expected .* argument|missing value for argument|got .* argument", "Correct the arguments; docs/keywords.html shows what the keyword takes."),
    (r"argument .* got value", "Write a value that the keyword understands; docs/keywords.html shows which."),
    (r"variable .* not found", "Correct the name, or give it a value in the section *** Variables ***."),
    (r"resource file|importing library|does not exist", "Correct the path of the import; it counts from the folder of this file."),
    (r"cannot be empty|contains no", "Give it steps, or take it out."),
    (r"^DOC", "Say in one sentence of [Documentation] why it matters."),
    (r"^NAME", "Rename it."),
    (r"^(SPC|ORD)", f"The layout can be put right with: {FIX}"),
    (r"^LEN", "Divide it into smaller pieces."),
    (r"^(VAR|ARG)", "Remove it, or use it."),
)


@dataclass(frozen=True)
class Finding:
    """Something to correct."""

    file: str
    line: int
    what: str
    advice: str = ""

    def text(self) -> str:
        """File and line first, so that editors can jump there; then what is wrong; then what to do."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return "\n".join(part for part in (place, f"    {self.what}", f"    {self.advice}" if self.advice else "") if part)


def run(project: Project, *, fix: bool = False) -> int:
    """Prints every finding, or that there is none."""
    if fix:
        (project.suites / COMMITTED_ORDERING).write_text(selection.ordering(selection.find(project.suites)), encoding="utf-8")
        _python(project, "-m", "robocop", "format", "--silent", *_folders(project))
    findings = [*dry_run(project), *style(project), *layout(project), *ordering(project)]
    for finding in findings:
        print(finding.text(), end="\n\n")
    if findings:
        print(f"{len(findings)} thing{'s' * (len(findings) != 1)} to correct.")
        return Exit.NOT_READY
    count = sum(len(suite.tests) for suite in selection.find(project.suites))
    print(f"All is well: {count} tests read, every keyword found, every file laid out as agreed. Nothing was run.")
    return Exit.READY


def dry_run(project: Project) -> list[Finding]:
    """What Robot cannot read, find or call."""
    with tempfile.TemporaryDirectory() as folder:
        notes = Path(folder) / "notes.jsonl"
        _python(
            project, "-m", "robot", "--dryrun", "--output", "NONE", "--log", "NONE", "--report", "NONE", "--console", "none",
            "--runemptysuite", "--listener", f"runner.dry_run.DryRun{separator(notes)}{notes}", str(project.suites),
        )
        lines = notes.read_text(encoding="utf-8").splitlines() if notes.exists() else []
    found = (json.loads(line) for line in lines)
    return [Finding(_place(one["file"] or str(project.suites)), one["line"], one["text"].strip(), advice(one["text"])) for one in found]


def style(project: Project) -> list[Finding]:
    """What robocop finds."""
    lines = _python(
        project, "-m", "robocop", "check", "-c", "print_issues.output_format=simple",
        "--issue-format", "{source}|{line}|{rule_id}|{desc}", *_folders(project),
    ).splitlines()
    parts = (line.split("|", 3) for line in lines if line.count("|") >= 3)
    return [Finding(_place(str(project.root / file)), int(line), f"{what} ({rule})", advice(rule)) for file, line, rule, what in parts]


def layout(project: Project) -> list[Finding]:
    """Files that robocop would lay out otherwise."""
    lines = _python(project, "-m", "robocop", "format", "--check", "--no-overwrite", *_folders(project)).splitlines()
    files = [line.removeprefix("Would reformat ") for line in lines if line.startswith("Would reformat ")]
    places = "\n".join(_place(str(project.root / file)) for file in files)
    return [Finding(places, 0, "The layout is not the agreed one.", f"It can be put right with: {FIX}")] if files else []


def ordering(project: Project) -> list[Finding]:
    """The ordering file for plain pabot, where it does not list what is there."""
    file = project.suites / COMMITTED_ORDERING
    if file.is_file() and file.read_text(encoding="utf-8") == selection.ordering(selection.find(project.suites)):
        return []
    return [Finding(_place(str(file)), 0, "It does not list the suites that are there, in the order in which they have to run.", f"Run: {FIX}")]


def advice(text: str) -> str:
    """What to do about a message."""
    return next((words for pattern, words in ADVICE if re.search(pattern, text, re.IGNORECASE)), "")


def separator(path: Path) -> str:
    """Between a listener and its argument; Robot takes the first of ``:`` and ``;``, and Windows paths have a colon."""
    return ";" if ":" in str(path) else ":"


def _folders(project: Project) -> Iterable[str]:
    return [str(folder) for folder in (project.suites, project.resources) if folder.is_dir()]


def _place(file: str) -> str:
    return shorter(Path(file), Path.cwd())


def _python(project: Project, *words: str) -> str:
    done = subprocess.run(  # noqa: S603 - the kit's own tools
        [sys.executable, *words], cwd=project.root, env=project.environment(), capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    return done.stdout + done.stderr
