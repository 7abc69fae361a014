"""What a benchmark leaves behind: rows of figures, as JSON for programs and as a table for people."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NOTEWORTHY = 0.01


@dataclass
class Row:
    """One comparison over all rounds. ``other`` is a peer's figure, or the figure that is to be reached."""

    name: str
    unit: str
    rounds: list[dict[str, float]] = field(default_factory=list)
    """``ours`` and ``other`` of each round; further figures beside them, such as the CPU of a message."""
    missing: str | None = None
    """Why there is nothing to compare with: the peer cannot be had, or failed."""
    taken: float = 0.0
    """Share of the machine's time that the host of a virtual machine gave to others meanwhile: above a few per cent the figures are noise."""

    def add(self, ours: float, other: float | None, **beside: float) -> None:
        """Notes a round."""
        self.rounds.append({"ours": ours, **({} if other is None else {"other": other}), **beside})

    def median(self, figure: str) -> float | None:
        """The median of a figure over the rounds that have it."""
        values = [each[figure] for each in self.rounds if figure in each]
        return statistics.median(values) if values else None

    @property
    def ratio(self) -> float | None:
        """Our median by the other one."""
        ours, other = self.median("ours"), self.median("other")
        return ours / other if ours is not None and other else None

    def as_json(self) -> dict[str, Any]:
        """The row as it stands in the file; ``missing`` only where something is."""
        row = {"name": self.name, "ours": self.median("ours"), "other": self.median("other"), "ratio": self.ratio, "unit": self.unit, "rounds": self.rounds}
        return row if self.missing is None else {**row, "missing": self.missing}


def write(rows: Sequence[Row], folder: Path, heading: str) -> Path:
    """Writes ``bench.json`` and the same as a page, ``bench.md``, which also names the machine; returns the first."""
    file = folder / "bench.json"
    beside = folder / ".bench.json"
    beside.write_text(json.dumps([row.as_json() for row in rows], indent=1) + "\n", encoding="utf-8")
    beside.replace(file)
    (folder / "bench.md").write_text(f"{heading}\n\n{table(rows)}\n", encoding="utf-8")
    return file


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table, aligned so that it can be read as it is."""
    lines = [("row", "ours", "other", "ratio", "unit", "rounds", "remark"), *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    text = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines]
    return "\n".join([text[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *text[1:]])


def _cells(row: Row) -> tuple[str, ...]:
    return (row.name, figure(row.median("ours")), figure(row.median("other")), figure(row.ratio), row.unit, str(len(row.rounds)), _remark(row))


def _remark(row: Row) -> str:
    if row.missing is not None:
        return f"missing: {row.missing}"
    ours, other, remarks = row.median("ours_us"), row.median("other_us"), list[str]()
    if ours:  # a starved round may have taken less than the clock of processor time can tell
        remarks.append(f"CPU {ours:.1f} against {other:.1f} us a message, {other / ours:.1f} x less" if other else f"CPU {ours:.1f} us a message")
    if row.taken >= NOTEWORTHY:
        remarks.append(f"the host took {row.taken:.0%} of the machine")
    return "; ".join(remarks)


def figure(value: float | None) -> str:
    """A figure with as many digits as mean something."""
    if value is None:
        return "-"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
