"""Reads what the keywords of a run have written: ``<run>/records/*.jsonl``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .criteria import Measurement


@dataclass(frozen=True, slots=True)
class NotOffered:
    """A check (or, with an empty ``check``, a whole test) that the target cannot support."""

    cases: tuple[str, ...]
    test: str
    check: str
    reason: str
    measurements: tuple[str, ...] = ()
    """What the absent check would have measured, as far as it is known."""


@dataclass(frozen=True, slots=True)
class BeyondLimits:
    """A test that asked for more than the target takes, by the limits in its file."""

    cases: tuple[str, ...]
    test: str
    reason: str


@dataclass(frozen=True, slots=True)
class Undecided:
    """Figures whose samples show neither that a limit is kept nor that it is missed."""

    cases: tuple[str, ...]
    reason: str
    measurements: tuple[str, ...]


@dataclass(slots=True)
class Records:
    """Everything the review needs from the records of one run. ``torn`` counts lines that could not be read."""

    measurements: list[Measurement] = field(default_factory=list)
    not_offered: list[NotOffered] = field(default_factory=list)
    beyond_limits: list[BeyondLimits] = field(default_factory=list)
    undecided: list[Undecided] = field(default_factory=list)
    disturbed: dict[str, str] = field(default_factory=dict)
    checks: dict[str, set[str]] = field(default_factory=dict)
    torn: int = 0

    def checks_of(self, test: str) -> tuple[int, int]:
        """How many checks of a test were made, and how many it has in all (3 of 5)."""
        made = self.checks.get(test, set())
        absent = {one.check for one in self.not_offered if one.test == test and one.check} - made
        return len(made), len(made) + len(absent)


def read_records(folder: Path, run: str) -> Records:
    """Reads all lines of this run. A torn line (a process died while it wrote) is counted; unknown kinds are passed over."""
    records = Records()
    for path in sorted(folder.glob("*.jsonl")):
        for line in _lines(path):
            try:
                entry = json.loads(line)
            except ValueError:
                records.torn += 1
                continue
            if isinstance(entry, dict) and entry.get("run") == run:
                _take(records, entry)
    return records


def _lines(path: Path) -> Iterator[str]:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        # A records file that cannot be read leaves a gap; the criteria that it fed are then reported as not measured.
        return
    # Not splitlines(): a server's reply inside a record may hold other line separators.
    yield from (line for line in text.split("\n") if line.strip())


def _take(records: Records, entry: dict[str, Any]) -> None:
    kind, cases, test = entry.get("kind"), _cases(entry), str(entry.get("test") or "")
    if kind == "measurement":
        records.measurements.append(
            Measurement(
                name=str(entry.get("name")),
                value=_number(entry.get("value")),
                unit=str(entry.get("unit") or ""),
                samples=int(_number(entry.get("samples"), 0)),
                cases=cases,
                test=test,
                valid=entry.get("valid") is not False,
                crowded=entry.get("crowded") is True,
            )
        )
    elif kind == "invalid":
        reason = str(entry.get("reason") or "the measurement was disturbed").replace("invalid: ", "", 1)  # whoever shows it says that first
        for case in cases:
            records.disturbed.setdefault(case, reason)
    elif kind == "not_offered":
        records.not_offered.append(NotOffered(cases, test, str(entry.get("check") or ""), str(entry.get("reason") or ""), _names(entry)))
    elif kind == "not_measured":
        records.undecided.append(Undecided(cases, str(entry.get("reason") or ""), _names(entry)))
    elif kind == "beyond_limits":
        records.beyond_limits.append(BeyondLimits(cases, test, str(entry.get("reason") or "")))
    elif kind == "verdict":
        records.checks.setdefault(test, set()).add(str(entry.get("check")))


def _cases(entry: dict[str, Any]) -> tuple[str, ...]:
    return tuple(case.strip() for case in str(entry.get("case") or "").split(",") if case.strip())


def _names(entry: dict[str, Any]) -> tuple[str, ...]:
    names = entry.get("measurements")
    return tuple(str(name) for name in names) if isinstance(names, list) else ()


def _number(value: object, otherwise: float = float("nan")) -> float:
    """The number, or not-a-number for anything else: such a measurement counts as missing."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < sys.float_info.max:
        return float(value)
    return otherwise
