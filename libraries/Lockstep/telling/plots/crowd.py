"""The picture of fairness: how much of the mean each connection was served, and how long each waited."""

from __future__ import annotations

from collections.abc import Sequence

from ...engine.load.result import Load
from .canvas import BLUE, GREEN, GREY, ORANGE, PALE, RED, SIDE_BY_SIDE, figure, svg, thinned

MANY = 10
"""Connections from which on a curve says more than the table."""
COLOURS = (PALE, GREEN, ORANGE, RED, BLUE)


def is_crowd(loads: Sequence[Load]) -> bool:
    """Some phase had so many connections that they can be compared."""
    return any(len(load.connections) >= MANY for load in loads)


def served(load: Load) -> list[float]:
    """Answered messages per second of each connection until its last answer, the slowest first."""
    return sorted(account.answered / max(account.last - load.begin, 1e-6) for account in load.connections)


def jain(rates: Sequence[float]) -> float:
    """1 where all are served alike, 1/n where one gets everything."""
    squares = sum(rate * rate for rate in rates)
    return sum(rates) ** 2 / (len(rates) * squares) if squares else 0.0


def drawn(loads: Sequence[Load]) -> str:
    """One line for each phase; connections sorted, so that a flat line is a fair one."""
    crowds = [load for load in loads if len(load.connections) >= MANY][-len(COLOURS):]
    with figure(2.9) as drawing:
        shares, waits = drawing.subplots(1, 2)
        drawing.subplots_adjust(**SIDE_BY_SIDE)
        shares.axhline(1.0, color=GREY, linestyle="--", linewidth=1.0)
        for number, load in enumerate(crowds):
            colour = COLOURS[number % len(COLOURS)]
            rates = served(load)
            mean = sum(rates) / len(rates) or 1.0
            shares.plot(*_sorted([rate / mean for rate in rates]), color=colour, linewidth=1.4, label=f"{_called(load)}, Jain {jain(rates):.3f}")
            waits.plot(*_sorted([account.p95 * 1000 for account in load.connections]), color=colour, linewidth=1.4, label=_called(load))
        for axes in (shares, waits):
            axes.set(xlabel="share of the connections, %", ylim=(0, None))
        shares.set(title="served, as a share of the mean", ylim=(0, max(1.2, shares.get_ylim()[1])))
        waits.set(title="p95 of each connection, ms")
        shares.legend(loc="lower right")
        return svg(drawing, "Fairness. " + "; ".join(f"{_called(load)}: Jain index {jain(served(load)):.3f}" for load in crowds))


def _called(load: Load) -> str:
    return f"{load.name.replace('_', ' ')}: {len(load.connections)} connections"


def _sorted(values: Sequence[float]) -> tuple[list[float], list[float]]:
    count = max(len(values) - 1, 1)
    points = thinned([(100 * place / count, value) for place, value in enumerate(sorted(values))])
    return [x for x, _ in points], [y for _, y in points]
