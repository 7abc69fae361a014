"""The end of a run on the screen: one verdict sentence, the tests that failed, and where to read on."""

# ruff: noqa: PLC0415 - Robot takes a third of a second to import, and the first line must not wait for it

import html
import os
import re
from dataclasses import dataclass
from pathlib import Path

STOPPED = ("Execution terminated by signal", "Test execution stopped due to a fatal error.")
"""Robot's words for tests that an interrupt cut off or kept from starting: they say nothing about the target."""

PAGES = (("Final Review", "final_review.html"), ("Log", "log.html"), ("Report", "report.html"))


@dataclass(frozen=True)
class FailedTest:
    """A failed test and the first sentence of its message."""

    name: str
    sentence: str


def failed_tests(output: Path) -> list[FailedTest]:
    """The failed tests of a merged output, in order; none if there is no readable output."""
    if not output.is_file():
        return []
    from robot.api import ExecutionResult
    from robot.errors import DataError

    try:
        suite = ExecutionResult(str(output), include_keywords=False).suite
    except DataError:
        return []
    failed = (test for test in suite.all_tests if test.failed and not test.message.strip().endswith(STOPPED))
    return [FailedTest(test.full_name.partition(".")[2], first_sentence(test.message)) for test in failed]


def first_sentence(message: str) -> str:
    """The first line of a test's message as plain text."""
    if message.startswith("*HTML*"):
        message = html.unescape(re.sub(r"<[^>]+>", " ", message.removeprefix("*HTML*").replace("<br>", "\n")))
    lines = (" ".join(line.split()) for line in message.splitlines())
    return next((line for line in lines if line), "no message")


def paths(run: Path, here: Path) -> list[tuple[str, str]]:
    """The pages that exist, each with its path as seen from here where that is shorter."""
    return [(label, shorter(run / name, here)) for label, name in PAGES if (run / name).is_file()]


def shorter(path: Path, here: Path) -> str:
    """The absolute or the relative path, whichever is less to read."""
    try:
        relative = os.path.relpath(path, here)
    except ValueError:
        return str(path)  # another drive
    return min(relative, str(path), key=len)
