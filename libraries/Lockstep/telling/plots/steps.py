"""The scaling curve: what was answered of what was offered, step by step, and the knee from which more is offered in vain."""

from __future__ import annotations

from collections.abc import Sequence

from ...engine.load.result import Load
from .canvas import BLUE, GREY, ORANGE, RED, SIDE_BY_SIDE, figure, svg

FEWEST = 3
KEEPS_UP = 0.95
"""Share of the offered rate that has to be answered, where nobody has judged which step is the knee: the last answers of a short step
come after its end."""


def offered(load: Load) -> float | None:
    """msg/s of a steady open-loop phase; None for any other."""
    stages = load.plan.stages
    return stages[0].begin if len(stages) == 1 and stages[0].begin == stages[0].end else None


def are_steps(loads: Sequence[Load]) -> bool:
    """At least three steady rates, each above the one before."""
    rates = [offered(load) for load in loads]
    return len(rates) >= FEWEST and all(rate is not None for rate in rates) and rates == sorted(set(rates), key=float)  # type: ignore[arg-type]


def knee_of(loads: Sequence[Load], named: str | None = None) -> Load | None:
    """The step of that name; where nobody has judged them, the last one before the first that did not keep up."""
    if named is not None:
        return next((load for load in loads if load.name == named), None)
    found = None
    for load in loads:
        if (load.rate or 0.0) < KEEPS_UP * float(offered(load) or 0.0):
            break
        found = load
    return found


def drawn(loads: Sequence[Load], named: str | None = None) -> str:
    """Answered over offered rate with the diagonal beside it, and p95 over the same axis."""
    rates, answered = [float(offered(load) or 0.0) for load in loads], [load.rate or 0.0 for load in loads]
    knee = knee_of(loads, named)
    with figure(2.9) as drawing:
        curve, latency = drawing.subplots(1, 2)
        drawing.subplots_adjust(**SIDE_BY_SIDE)
        curve.plot([0, max(rates)], [0, max(rates)], color=GREY, linestyle="--", linewidth=1.0, label="offered")
        curve.plot(rates, answered, color=BLUE, marker="o", markersize=4, linewidth=1.4, label="answered")
        for percentile, colour in ((50, BLUE), (95, ORANGE), (99, RED)):
            latency.plot(rates, [max(load.latency.percentile(percentile) * 1000, 0.01) for load in loads], color=colour, marker="o", markersize=3,
                         linewidth=1.2, label=f"p{percentile}")
        if knee is not None:
            at = float(offered(knee) or 0.0)
            curve.plot([at], [knee.rate or 0.0], marker="o", markersize=11, markerfacecolor="none", markeredgecolor=RED, linestyle="none", label=f"knee: {_called(knee)}")
        curve.set(title="answered over offered rate", xlabel="offered, messages/s", ylabel="answered, messages/s")
        latency.set(title="latency over offered rate", xlabel="offered, messages/s", ylabel="ms", yscale="log")
        latency.minorticks_off()
        latency.yaxis.set_major_formatter(lambda value, _place: f"{value:g}")
        curve.legend(loc="upper left")
        latency.legend(loc="upper left")
        return svg(drawing, _says(loads, knee))


def _says(loads: Sequence[Load], knee: Load | None) -> str:
    told = "; ".join(f"{offered(load):,.0f} offered, {load.rate or 0.0:,.0f} answered" for load in loads)
    at = _called(knee) if knee is not None else "below the first step"
    return f"Scaling curve in messages per second. {told}. Knee: {at}"


def _called(load: Load) -> str:
    """By its name: a step may offer a little more than the rate that it is to show."""
    return load.name.replace("_", " ")
