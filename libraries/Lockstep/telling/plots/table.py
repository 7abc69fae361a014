"""The figures of load phases as a table, for everybody who reads numbers, copies them or has no plots."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ...engine.load.result import Load

_TABLE = "border-collapse:collapse;font:12px sans-serif;background:#fff;color:#222;margin:4px 0"
_CELL = "padding:2px 8px;text-align:right;border-bottom:1px solid #ddd;white-space:nowrap"
HEADS = ("phase", "connections", "sent", "answered", "refused", "lost", "answered/s", "p50 ms", "p95 ms", "p99 ms", "max ms")


def load_table(loads: Sequence[Load]) -> str:
    """A row for each phase, with what is to be known before its figures are believed."""
    heads = "".join(f'<th scope="col" style="{_CELL}{";text-align:left" * (head == "phase")}">{head}</th>' for head in HEADS)
    return f'<table style="{_TABLE}"><thead><tr>{heads}</tr></thead><tbody>{"".join(_row(load) for load in loads)}</tbody></table>'


def _row(load: Load) -> str:
    rate = "not measured" if load.rate is None else f"{load.rate:,.1f}"
    times = [_milliseconds(load.latency.percentile(p)) if load.latency.total else "" for p in (50, 95, 99, 100)]
    cells = [f"{load.plan.connections:,}", f"{load.sent:,}", f"{load.answered:,}", f"{load.refused:,}", f"{load.lost:,}", rate, *times]
    notes = escape("; ".join(_notes(load)))
    return (
        f'<tr><th scope="row" style="{_CELL};text-align:left">{escape(load.name.replace("_", " "))}</th>'
        + "".join(f'<td style="{_CELL}">{cell}</td>' for cell in cells) + "</tr>"
        + (f'<tr><td colspan="{len(HEADS)}" style="{_CELL};text-align:left;white-space:normal">{notes}</td></tr>' if notes else "")
    )


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.0f}" if seconds >= 0.1 else f"{seconds * 1000:.3g}"


def _notes(load: Load) -> list[str]:
    """Reasons come from the target, so they are escaped."""
    refusals = [f"{count:,} refused as {reason[:60]}" for reason, count in load.reasons.most_common(3)]
    broken = [f"{count:,} {code}" for code, count in load.violations.most_common(3)]
    return [*([disturbed] if (disturbed := load.invalid or load.crowded) else []), *load.missing, *broken, *refusals]
