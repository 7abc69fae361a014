"""Reads the merged result of Robot Framework: one line per test, and which suites left nothing behind."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from robot.api import ExecutionResult
from robot.errors import DataError

MESSAGE_LENGTH = 300
"""So many characters of a failure are shown on the page; the rest is one click away in log.html."""

SKIPS = ("not offered", "not available here", "invalid", "not measured")
"""The message of a skipped test begins with one of these kinds."""

CUT_OFF = ("Execution terminated by signal", "Test execution stopped due to a fatal error.")
"""Robot's words for tests that an interrupt cut off or kept from starting."""

LIMIT_MISSED = "limit missed:"
"""The library's word for a missed limit of time or rate."""
ALSO_TEARDOWN = "Also teardown failed:"
"""Robot's words for a second failure."""


@dataclass(frozen=True, slots=True)
class ExecutedTest:
    """One executed test. ``id`` is its anchor in log.html."""

    name: str
    title: str
    id: str
    tags: tuple[str, ...]
    status: str
    message: str

    @property
    def failed(self) -> bool:
        """Whether Robot counts it as failed."""
        return self.status == "FAIL"

    @property
    def cut_off(self) -> bool:
        """Whether an interrupt stopped it or kept it from starting: that says nothing about the target."""
        return self.failed and self.message.strip().endswith(CUT_OFF)

    @property
    def only_missed_a_limit(self) -> bool:
        """Whether all that failed is an agreed limit of time or rate: no promise was broken in what was looked at until then."""
        return self.failed and self.message.startswith(LIMIT_MISSED) and ALSO_TEARDOWN not in self.message

    @property
    def passed(self) -> bool:
        """Whether Robot counts it as passed."""
        return self.status == "PASS"

    @property
    def skipped(self) -> bool:
        """Whether Robot counts it as skipped."""
        return self.status == "SKIP"

    @property
    def link(self) -> str:
        """Opens this test, expanded, in the log beside the page."""
        return f"log.html#{self.id}"

    @property
    def skip_kind(self) -> str:
        """Which kind of skip its message begins with; empty where it does not say."""
        kind, colon, _ = self.sentence.partition(": ")
        return kind if colon and kind in SKIPS else ""

    @property
    def skip_reason(self) -> str:
        """The first sentence of its message without the kind."""
        return self.sentence.removeprefix(f"{self.skip_kind}: ") if self.skip_kind else self.sentence

    @property
    def sentence(self) -> str:
        """The first sentence of its message, in plain text."""
        return first_sentence(self.message)


@dataclass(slots=True)
class RunResult:
    """All executed tests of a run. ``problem`` says why there is no (readable) output."""

    tests: list[ExecutedTest] = field(default_factory=list)
    suites: set[str] = field(default_factory=set)
    ended: datetime | None = None
    elapsed: timedelta | None = None
    problem: str = ""

    def of_case(self, case: str) -> list[ExecutedTest]:
        """The tests that carry a tag."""
        return [test for test in self.tests if case in test.tags]

    def by_name(self, name: str) -> ExecutedTest | None:
        """The test of a long name."""
        return next((test for test in self.tests if test.name == name), None)

    def missing(self, selected: Iterable[str]) -> list[str]:
        """The suites that were to run and left no result."""
        return [suite for suite in selected if suite not in self.suites]


def read_result(path: Path) -> RunResult:
    """Reads ``output.xml``; a missing or torn one gives an empty result that says so."""
    if not path.is_file():
        return RunResult(problem="the run left no output.xml")
    try:
        execution = ExecutionResult(str(path), include_keywords=False)
    except DataError:
        return RunResult(problem="output.xml of the run is torn and cannot be read")
    result = RunResult(ended=execution.suite.end_time, elapsed=execution.suite.elapsed_time)
    for suite in _suites(execution.suite):
        if suite.test_count:
            result.suites.add(suite.full_name)
        for test in suite.tests:
            outcome = ExecutedTest(test.full_name, test.name, test.id, tuple(test.tags), test.status, test.message)
            result.tests.append(outcome)
    return result


def first_sentence(message: str) -> str:
    """The first sentence of a test's message, without Robot's HTML mark-up, shortened."""
    text = message.strip()
    if text.startswith("*HTML*"):
        text = html.unescape(re.sub(r"<[^>]*>", " ", text.removeprefix("*HTML*")))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    # "Parent suite setup failed:" alone says nothing; the line after it does.
    first = " ".join(lines[:2]) if lines and lines[0].endswith(":") else "".join(lines[:1])
    first = re.split(r"(?<=[.!?])\s+(?=[A-Z])", first, maxsplit=1)[0]
    return first if len(first) <= MESSAGE_LENGTH else f"{first[: MESSAGE_LENGTH - 1].rstrip()}…"


def _suites(suite: Any) -> Iterator[Any]:
    yield suite
    for child in suite.suites:
        yield from _suites(child)
