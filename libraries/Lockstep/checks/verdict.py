"""What a check returns. It never raises: the keyword that asked decides what a violation means."""

from __future__ import annotations

from dataclasses import dataclass, field

from .events import Event, LedgerRow
from .violations import Code

KEPT_VIOLATIONS = 100
"""So many violations keep sentence and evidence; further ones are only counted, so that a wrecked run stays readable."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that must not have happened. ``evidence`` are journal (or ledger) indexes, ``ledger`` says which."""

    code: Code
    sentence: str
    evidence: tuple[int, ...] = ()
    ledger: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure that a check found on its way."""

    name: str
    value: float
    unit: str
    samples: int


@dataclass(slots=True)
class Verdict:
    """The result of one check over one slice of history."""

    check: str
    exercised: int = 0
    violations: list[Violation] = field(default_factory=list)
    measurements: list[Measured] = field(default_factory=list)
    counts: dict[Code, int] = field(default_factory=dict)

    def violated(self, code: Code, sentence: str, *evidence: Event | LedgerRow | None) -> None:
        """Adds a violation; evidence are the events and ledger rows that show it."""
        self.counts[code] = self.counts.get(code, 0) + 1
        if len(self.violations) < KEPT_VIOLATIONS:
            self.violations.append(
                Violation(
                    code,
                    sentence,
                    tuple(item.index for item in evidence if isinstance(item, Event)),
                    tuple(item.index for item in evidence if isinstance(item, LedgerRow)),
                )
            )

    def measured(self, name: str, value: float, unit: str, samples: int) -> None:
        """Adds a figure with its unit and the number of samples behind it."""
        self.measurements.append(Measured(name, value, unit, samples))

    def concluded(self) -> Verdict:
        """Returns itself; a check that saw nothing is *vacuous*, which is a violation (case rule 3)."""
        if self.exercised == 0:
            self.violated(Code.VACUOUS, f"{self.check}: nothing was there to be checked")
        return self

    @property
    def ok(self) -> bool:
        """True when nothing was violated."""
        return not self.counts
