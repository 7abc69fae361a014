"""The soak: random faults on the way to a correct server, schedule by schedule. Reads ``soak.json`` beside ``kill_matrix.json``."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .wording import count

FILE = "soak.json"
AGAIN = "python run.py prove --replay"


@dataclass(frozen=True, slots=True)
class Schedule:
    """What became of one schedule; ``agreed`` is None where the run broke off."""

    seed: int
    agreed: bool | None
    faults: Mapping[str, int]
    observed: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Soak:
    """All schedules that were run with one version of the kit, of the many that are wanted."""

    schedules: tuple[Schedule, ...] = ()
    wanted: int = 0
    version: str = ""

    @property
    def agreed(self) -> int:
        """In how many of them the server's account and the clients' were the same."""
        return sum(one.agreed is True for one in self.schedules)

    @property
    def left(self) -> int:
        """How many are still to be run."""
        return max(0, self.wanted - len(self.schedules))

    @property
    def failed(self) -> tuple[Schedule, ...]:
        """Those with a violation."""
        return tuple(one for one in self.schedules if one.agreed is False)

    @property
    def broken(self) -> tuple[Schedule, ...]:
        """Those without a result."""
        return tuple(one for one in self.schedules if one.agreed is None)

    @property
    def faults(self) -> Mapping[str, int]:
        """How often which fault struck, the most frequent first."""
        total = Counter[str]()
        for one in self.schedules:
            total.update(one.faults)
        return dict(total.most_common())

    @property
    def tally(self) -> str:
        """The whole in half a sentence; empty where nothing was run."""
        if not self.schedules:
            return ""
        return f"server and clients agreed about every message in {self.agreed} of {count(len(self.schedules), 'random fault schedule')}"


def read_soak(kill_matrix: Path) -> Soak:
    """Reads what lies beside a kill matrix; nothing there, or nothing that can be read, is a soak without a schedule."""
    try:
        content = json.loads(kill_matrix.with_name(FILE).read_text(encoding="utf-8"))
        return Soak(tuple(_schedule(run) for run in content["runs"]), int(content["wanted"]), str(content["version"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Soak()


def _schedule(run: Mapping[str, Any]) -> Schedule:
    return Schedule(int(run["seed"]), run["agreed"], {str(name): int(times) for name, times in run["faults"].items()}, tuple(run["observed"]), str(run["problem"]))
