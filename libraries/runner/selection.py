"""Which suites and tests a run takes, found with Robot's own parser, and the order in which pabot starts them."""

# ruff: noqa: PLC0415 - Robot takes a third of a second to import, and the first line must not wait for it

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from profiles.nearest import did_you_mean
from runner.errors import StartError

REVIEW_FOLDER = "9__final_review"
SHARE = re.compile(r"Share \d+ Of \d+", re.IGNORECASE)
"""How the tests of a suite are called that go on at the same time, each in a process of its own."""
SERIAL_TAG = "serial"


@dataclass(frozen=True)
class Case:
    """One Robot test."""

    name: str
    tags: frozenset[str]


@dataclass(frozen=True)
class SuiteFile:
    """One .robot file with the tests that were selected in it."""

    name: str
    source: Path
    tests: tuple[Case, ...]
    review: bool = False

    @property
    def title(self) -> str:
        """The name without the root, as people read it."""
        return title_of(self.name)

    @property
    def serial(self) -> bool:
        """Whether it has to run alone: it measures rates, times or memory."""
        return any(SERIAL_TAG in test.tags for test in self.tests)

    @property
    def shares(self) -> tuple[Case, ...]:
        """Its tests, where these are shares of one load."""
        return self.tests if all(SHARE.fullmatch(test.name.rpartition(".")[2]) for test in self.tests) else ()

    @property
    def processes(self) -> dict[str, int]:
        """What pabot calls the processes that it starts for this file, and how many tests each of them runs."""
        return {test.name: 1 for test in self.shares} or {self.name: len(self.tests)}


def title_of(name: str) -> str:
    """A suite's full name without the root, as people read it."""
    return " / ".join(name.split(".")[1:]) or name


def find(suites: Path, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> list[SuiteFile]:
    """All suite files under a folder, in Robot's order, with the tests that the tags leave."""
    from robot.api import TestSuite
    from robot.errors import DataError

    try:
        root = TestSuite.from_file_system(suites)
    except DataError as error:
        raise StartError(f"The suites in {suites} cannot be read: {error}") from error
    root.filter(included_tags=list(include) or None, excluded_tags=list(exclude) or None)
    found: dict[str, SuiteFile] = {}
    for test in root.all_tests:
        suite = test.parent
        source = Path(suite.source)
        case = Case(test.full_name, frozenset(str(tag) for tag in test.tags))
        review = REVIEW_FOLDER in source.relative_to(Path(suites).resolve()).parts[:1]
        known = found.get(suite.full_name) or SuiteFile(suite.full_name, source, (), review)
        found[suite.full_name] = replace(known, tests=(*known.tests, case))
    return list(found.values())


def choose(found: Sequence[SuiteFile], wanted: Iterable[str], suites: Path) -> list[SuiteFile]:
    """What ``--suite`` values select: each is a case ID, a path, a file or folder name or a part of a title.

    The final review goes with whatever is selected: its criteria tell what the selected suites have measured.
    """
    chosen: dict[str, set[str]] = {}
    for value in wanted:
        matches = _matches(value, found, suites)
        if not matches:
            words = [suite.source.stem for suite in found] + sorted({tag for suite in found for test in suite.tests for tag in test.tags})
            titles = "; ".join(suite.title for suite in found)
            raise StartError(f"No suite or case is called {value!r}{did_you_mean(value, words)} Suites are: {titles}.")
        for suite, tests in matches.items():
            chosen.setdefault(suite, set()).update(tests)
    return [
        suite if suite.review else replace(suite, tests=tuple(test for test in suite.tests if test.name in chosen[suite.name]))
        for suite in found
        if suite.name in chosen or suite.review
    ]


def ordering(selected: Iterable[SuiteFile]) -> str:
    """Writes pabot's ordering file: functional suites together, then each serial suite alone, the review last.

    The tests of a suite of shares stand on lines of their own, since they have to go on at the same time.
    """
    suites = list(selected)
    functional = [suite for suite in suites if not suite.serial and not suite.review]
    serial = [[suite] for suite in suites if suite.serial and not suite.review]
    review = [suite for suite in suites if suite.review]
    groups = [[line for suite in group for line in _lines(suite)] for group in (functional, *serial, review)]
    return "\n#WAIT\n".join("\n".join(group) for group in groups if group) + "\n"


def _lines(suite: SuiteFile) -> list[str]:
    return [f"--test {test.name}" for test in suite.shares] or [f"--suite {suite.name}"]


def test_patterns(selected: Iterable[SuiteFile]) -> list[str]:
    """The selected tests as values of Robot's ``--test``, in which some characters mean patterns."""
    return [re.sub(r"([\[*?])", r"[\1]", test.name) for suite in selected for test in suite.tests]


def _matches(value: str, found: Sequence[SuiteFile], suites: Path) -> dict[str, set[str]]:
    """Suite name to test names; the most exact meaning of the value that matches anything wins."""
    everything = {suite.name: {test.name for test in suite.tests} for suite in found}
    for path in (Path(value), suites / value):
        if path.exists():
            inside = path.resolve()
            return {suite.name: everything[suite.name] for suite in found if suite.source.resolve().is_relative_to(inside)}
    by_case = {
        suite.name: {test.name for test in suite.tests if value.casefold() in {tag.casefold() for tag in test.tags}} for suite in found
    }
    by_case = {name: tests for name, tests in by_case.items() if tests}
    if by_case:
        return by_case
    word = _plain(value)
    for exact in (True, False):
        by_name = {suite.name: everything[suite.name] for suite in found if _named(suite, word, exact=exact)}
        if by_name:
            return by_name
    by_test = {suite.name: {test.name for test in suite.tests if word in _plain(test.name.rpartition(".")[2])} for suite in found}
    return {name: tests for name, tests in by_test.items() if tests}


def _named(suite: SuiteFile, word: str, *, exact: bool) -> bool:
    parts = [_plain(part) for part in suite.name.split(".")[1:]]
    return word in parts if exact else any(word in part for part in parts)


def _plain(name: str) -> str:
    """A name without ordering prefix, extension, case, spaces and underscores, as Robot compares names."""
    without_prefix = re.sub(r"^\d+__", "", name.strip().rstrip("/\\"))
    return re.sub(r"[\s_]+", "", without_prefix.removesuffix(".robot")).casefold()
