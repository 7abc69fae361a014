"""What the suites are proven to catch: reads ``kill_matrix.json``, the results of all runs with something built into the server on purpose."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from .errors import InputError
from .soak import Soak, read_soak
from .wording import count


class Shown(StrEnum):
    """What a trial has shown. Only the first is a proof."""

    PROVEN = "proven"
    REFUTED = "refuted"
    NO_RESULT = "no_result"
    NOT_RUN = "not_run"


@dataclass(frozen=True, slots=True)
class Trial:
    """One fault (or one odd but legal behaviour) and the case that is to notice it (or to leave it alone)."""

    name: str
    legal: bool
    case: str
    description: str
    expected: tuple[str, ...]
    observed: tuple[str, ...]
    shown: Shown
    problem: str = ""
    runs: int = 0
    partly: bool = False
    """Whether only some tests of the case were run, those that it touches most."""
    version: str = ""
    made: datetime | None = None

    @property
    def caught_as(self) -> tuple[str, ...]:
        """The violations that count: the expected ones among those observed; what came beside them is left out."""
        return tuple(code for code in self.observed if code in self.expected)


@dataclass(frozen=True, slots=True)
class Proof:
    """All trials of a kill matrix, in its order, and the soak."""

    trials: tuple[Trial, ...]
    soak: Soak = field(default_factory=Soak)

    @property
    def faults(self) -> tuple[Trial, ...]:
        """The trials with a fault."""
        return tuple(one for one in self.trials if not one.legal)

    @property
    def oddities(self) -> tuple[Trial, ...]:
        """The trials with odd but legal behaviour."""
        return tuple(one for one in self.trials if one.legal)

    @property
    def versions(self) -> tuple[str, ...]:
        """The versions of the kit about which something was shown."""
        tried = [one.version for one in self.trials if one.shown is not Shown.NOT_RUN] + [self.soak.version] * bool(self.soak.schedules)
        return tuple(dict.fromkeys(filter(None, tried)))

    @property
    def made(self) -> tuple[datetime, datetime] | None:
        """When the first and the last result came."""
        times = sorted(one.made for one in self.trials if one.made)
        return (times[0], times[-1]) if times else None

    @property
    def sentence(self) -> str:
        """The whole in one sentence."""
        caught = _tally(self.faults, "built-in fault", "caught", "missed")
        quiet = _tally(self.oddities, "trial with odd but legal behaviour", "rightly not reported", "reported by mistake")
        return f"{'; '.join(filter(None, (caught, quiet, self.soak.tally)))}."

    @property
    def shown(self) -> Shown:
        """The worst that any trial has shown, or the soak as far as it went; nothing at all is no proof either."""
        found = {one.shown for one in self.trials} or {Shown.NOT_RUN}
        found |= {Shown.REFUTED} if self.soak.failed else {Shown.NO_RESULT} if self.soak.broken else set()
        return next(state for state in (Shown.REFUTED, Shown.NO_RESULT, Shown.NOT_RUN, Shown.PROVEN) if state in found)


def read_proof(path: Path) -> Proof:
    """Reads a kill matrix and the soak beside it; the five agreed keys are enough, what else an entry tells makes the page richer."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise InputError(f"{path} is torn and cannot be read: {error}.") from error
    if not isinstance(content, list) or not all(isinstance(entry, dict) and {"defect", "quirk"} & set(entry) for entry in content):
        raise InputError(f"{path} must be a list of entries, each with the key defect or quirk. Make it again with: python run.py prove --again")
    return Proof(tuple(_trial(entry) for entry in content), read_soak(path))


def of_case(trials: Iterable[Trial], case: str) -> list[Trial]:
    """The trials on one case."""
    return [one for one in trials if one.case == case]


def proven(trials: Iterable[Trial]) -> int:
    """How many of them have shown what they were to show."""
    return sum(one.shown is Shown.PROVEN for one in trials)


def _trial(entry: dict[str, Any]) -> Trial:
    legal = "quirk" in entry
    runs = [run for run in entry.get("runs") or () if isinstance(run, dict)]
    killed = entry.get("killed")
    problem = next((str(run["problem"]) for run in runs if run.get("problem")), "")
    if killed is None:
        shown = Shown.NO_RESULT if runs else Shown.NOT_RUN
    else:
        shown = Shown.PROVEN if bool(killed) is not legal else Shown.REFUTED
    name = str(entry["quirk"] if legal else entry["defect"])
    return Trial(
        name=name,
        legal=legal,
        case=str(entry.get("case", "")),
        description=str(entry.get("description") or name.replace("_", " ")),
        expected=_texts(entry.get("expected")),
        observed=_texts(entry.get("observed")),
        shown=shown,
        problem=problem,
        runs=len(runs),
        partly=legal and bool(runs) and all(run.get("tests") for run in runs),
        version=str(entry.get("version") or ""),
        made=_instant(entry.get("made")),
    )


def _tally(trials: Sequence[Trial], what: str, good: str, bad: str) -> str:
    """"42 of 42 built-in faults caught", and what became of the others."""
    words = {Shown.REFUTED: bad, Shown.NO_RESULT: "without a result", Shown.NOT_RUN: "not run"}
    numbers = {state: sum(one.shown is state for one in trials) for state in words}
    others = [f"{number} {words[state]}" for state, number in numbers.items() if number]
    return ", ".join([f"{proven(trials)} of {count(len(trials), what, _many(what))} {good}", *others])


def _many(what: str) -> str:
    first, _, rest = what.partition(" with ")
    return f"{first}s with {rest}" if rest else f"{first}s"


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, list) else ()


def _instant(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        return None
