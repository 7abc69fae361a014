"""Reads the criteria from the rows of the review suites, with Robot's own parser and without running anything.

These rows are the only definition of a criterion: the test's name is its title, the tag ``fr-...`` its id, and each
row of the template is one condition. What the suites show when they run and what the page shows is therefore the same.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from robot.api import TestSuite

from .case_names import case_names
from .criteria import PROFILES, Comparison, Condition, Criterion, comparison
from .errors import InputError
from .quantity import Quantity, parse
from .yaml_file import read_mapping

ROW_KEYWORD = "the measured value should be"
FOLDER = "9__final_review"
_VARIABLE = re.compile(r"\$\{(?P<name>[^{}]+)\}")


@dataclass(frozen=True, slots=True)
class Limits:
    """The agreed values of a run: those of its profile, and what the person who started it put in their place."""

    profile: str
    agreed: Mapping[str, Any]
    given: Mapping[str, Any]

    def value(self, key: str) -> str:
        """The text of a limit, for instance ``500 ms``."""
        if key in self.given:
            return str(self.given[key])
        if key in self.agreed:
            return str(self.agreed[key])
        raise InputError(f"${{{key}}} is neither a key of profile {self.profile} nor given with --variable.")


def load_limits(resources: Path, profile: str, given: Mapping[str, Any]) -> Limits:
    """Reads the agreed values of a profile from ``resources/profiles``."""
    path = resources / "profiles" / f"{profile}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(one.stem for one in path.parent.glob("*.yaml"))) or "none"
        raise InputError(f"Profile {profile} is unknown: {path.parent} has {known}.")
    return Limits(profile, {str(key): value for key, value in read_mapping(path).items()}, given)


def read_criteria(suites: Path, limits: Limits) -> list[Criterion]:
    """All criteria of the review suites, in the order of their files and rows."""
    folder = suites / FOLDER
    if not any(folder.glob("*.robot")):
        raise InputError(f"{folder} holds no .robot file: without its rows there is no criterion to judge.")
    criteria: dict[str, Criterion] = {}
    for test in tests_of(TestSuite.from_file_system(folder)):
        criterion = _criterion(test, limits)
        if criterion.id in criteria:
            raise InputError(f"{test.source}, line {test.lineno}: criterion {criterion.id} is defined twice.")
        criteria[criterion.id] = criterion
    return list(criteria.values())


def case_tags(suites: Path) -> Counter[str]:
    """How many tests carry each tag, run or not: a case without any is not built yet."""
    return Counter(str(tag) for test in tests_of(TestSuite.from_file_system(suites)) for tag in test.tags)


def tests_of(suite: Any) -> Iterator[Any]:
    """Every test of a parsed suite and its children."""
    yield from suite.tests
    for child in suite.suites:
        yield from tests_of(child)


def _criterion(test: Any, limits: Limits) -> Criterion:
    place = f"{test.source}, line {test.lineno}"
    ids = [str(tag) for tag in test.tags if str(tag).startswith("fr-")]
    if len(ids) != 1:
        raise InputError(f"{place}: the criterion '{test.name}' needs exactly one tag that begins with fr-, it has {len(ids)}.")
    conditions: list[Condition] = []
    cases: tuple[str, ...] = ()
    needs = PROFILES[0]
    for row in test.body:
        where = f"{test.source}, line {row.lineno}"
        if " ".join(str(row.name).lower().replace("_", " ").split()) != ROW_KEYWORD:
            raise InputError(f"{where}: a criterion consists of rows of 'The Measured Value Should Be' only, not of '{row.name}'.")
        plain, named = _split(row.args, where)
        cases = _names(named["cases"], where) if "cases" in named else cases
        needs = _profile(named["needs"], where) if "needs" in named else needs
        if not cases:
            raise InputError(f"{where}: the first row must say which cases feed the criterion, for instance cases=rms-1.")
        conditions.append(_condition(plain, cases, limits, where))
    if not conditions:
        raise InputError(f"{place}: the criterion '{test.name}' has no row.")
    return Criterion(ids[0], test.name, tuple(conditions), needs)


def _split(arguments: tuple[str, ...], where: str) -> tuple[list[str], dict[str, str]]:
    plain, named = [], {}
    for argument in arguments:
        name, equals, value = str(argument).partition("=")
        if equals and name in ("cases", "needs"):
            named[name] = value
        elif equals:
            raise InputError(f"{where}: '{name}=' is not known; a row may name cases= and needs=.")
        else:
            plain.append(str(argument))
    return plain, named


def _names(text: str, where: str) -> tuple[str, ...]:
    try:
        return case_names(text)
    except InputError as error:
        raise InputError(f"{where}: {error}") from error


def _profile(text: str, where: str) -> str:
    if text not in PROFILES:
        raise InputError(f"{where}: needs={text} is no profile; allowed are {', '.join(PROFILES)}.")
    return text


def _condition(plain: list[str], cases: tuple[str, ...], limits: Limits, where: str) -> Condition:
    try:
        compared = comparison(plain[1]) if len(plain) > 1 else None
        if compared is Comparison.REPORTED and len(plain) == 2:
            return Condition(plain[0], compared, None, cases)
        limit, key = _limit(plain[2], limits) if len(plain) == 3 else (None, None)
    except InputError as error:
        raise InputError(f"{where}: {error}") from error
    if compared is None or limit is None:
        raise InputError(f"{where}: a row needs a measurement, a comparison and one limit, for instance: lost    at most    0.")
    return Condition(plain[0], compared, limit, cases, key)


def _limit(text: str, limits: Limits) -> tuple[Quantity, str | None]:
    match = _VARIABLE.search(text)
    key = match["name"] if match else None
    return parse(_VARIABLE.sub(lambda found: limits.value(found["name"]), text)), key


def weakened(criteria: list[Criterion], limits: Limits, changed: list[str]) -> list[str]:
    """The changed keys that made a promise easier to keep. A key whose direction no row tells counts as weakened."""
    rows = [condition for criterion in criteria for condition in criterion.conditions if condition.key]
    used = sorted({str(row.key) for row in rows})
    replaced = [key for key in used if key in limits.given and str(limits.given[key]) != str(limits.agreed.get(key))]
    keys = dict.fromkeys([*changed, *replaced])
    return [key for key in keys if not _stricter(key, rows, limits)]


def _stricter(key: str, rows: list[Condition], limits: Limits) -> bool:
    """Whether every row with this key allows no more than agreed."""
    using = [row for row in rows if row.key == key]
    if not using or key not in limits.given or key not in limits.agreed:
        return False
    agreed = parse(str(limits.agreed[key]))
    return all(row.limit is not None and Condition("", row.comparison, agreed, ()).holds(row.limit) for row in using)
