"""What is going on in the running suites: files that keywords replace every second, read and put into words."""

import json
from dataclasses import dataclass
from pathlib import Path

STALE = 5.0


@dataclass(frozen=True)
class Progress:
    """The newest word of one process."""

    suite: str = ""
    test: str = ""
    phase: str = ""
    done: float | None = None
    total: float | None = None
    rate: float | None = None
    p99: float | None = None
    violations: int = 0
    updated: float = 0.0

    def text(self, now: float) -> str:
        """`Burst  450 of 1 000, 98/s, p99 12 ms`: what is known, in words."""
        parts = []
        if self.done is not None:
            parts.append(number(self.done) + (f" of {number(self.total)}" if self.total else ""))
        if self.rate is not None:
            parts.append(f"{number(self.rate)}/s")
        if self.p99 is not None:
            parts.append(f"p99 {self.p99 * 1000:.3g} ms")
        if self.violations:
            parts.append(f"{self.violations} violation{'s' * (self.violations != 1)}")
        if now - self.updated > STALE:
            parts.append(f"no news for {now - self.updated:.0f} s")
        what = self.phase or self.test.rpartition(".")[2]
        return "  ".join(part for part in (what, ", ".join(parts)) if part)


def read(folder: Path) -> dict[int, Progress]:
    """Progress by process id; a file that is just being replaced or that is damaged is left out this time."""
    found = {}
    for file in folder.glob("*.json"):
        try:
            values = json.loads(file.read_text(encoding="utf-8"))
            found[int(file.stem)] = _progress(values)
        except (OSError, ValueError, TypeError, AttributeError):
            continue
    return found


def _progress(values: dict[str, object]) -> Progress:
    def figure(key: str) -> float | None:
        value = values.get(key)
        return float(value) if isinstance(value, int | float) else None

    def word(key: str) -> str:
        return str(values.get(key) or "")

    return Progress(
        suite=word("suite"), test=word("test"), phase=word("phase"), done=figure("done"), total=figure("total"), rate=figure("rate"),
        p99=figure("p99"), violations=int(figure("violations") or 0), updated=figure("updated") or 0.0,
    )


def number(value: float) -> str:
    """`12 000`, `98`, `0.5`: short, with thin groups that no country misreads."""
    return f"{value:,.0f}".replace(",", " ") if value >= 10 or value == int(value) else f"{value:.2g}"
