"""The course of a test over time: offered and answered rate, percentiles of latency, and what they cost server and generator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from ...engine.load.result import Load, Moment
from ...engine.server_figures import ServerFigures
from .canvas import BLUE, GREEN, GREY, ORANGE, PALE, RED, figure, legend, svg, thinned

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Points = list[tuple[float, float]]
PERCENTILES = ((50, PALE), (95, ORANGE), (99, RED))


def drawn(loads: Sequence[Load]) -> str:
    """All phases on one axis of seconds since the first began."""
    zero = min(load.begin for load in loads)
    with figure(5.4) as drawing:
        rates, latency, cost = drawing.subplots(3, 1, sharex=True, height_ratios=(3, 3, 2))
        drawing.subplots_adjust(left=0.08, right=0.82, top=0.94, bottom=0.09, hspace=0.12)
        for number, load in enumerate(loads):
            _rates(rates, load, load.begin - zero, first=not number)
            _latency(latency, load, load.begin - zero, first=not number)
        _cost(cost, loads, zero)
        _phases((rates, latency, cost), loads, zero)
        rates.set_ylabel("messages/s")
        latency.set_ylabel("latency, ms")
        latency.set_yscale("log")
        latency.minorticks_off()
        latency.yaxis.set_major_formatter(lambda value, _place: f"{value:g}")
        cost.set_xlabel("seconds since the load began")
        rates.set_ylim(bottom=0)
        legend(rates)
        legend(latency)
        return svg(drawing, _says(loads))


def _rates(axes: Axes, load: Load, shift: float, *, first: bool) -> None:
    def label(text: str) -> str | None:
        return text if first else None

    axes.plot(*_columns(_offered(load, shift)), color=GREY, linestyle="--", linewidth=1.2, label=label("offered"))
    axes.plot(*_columns(_each(load, shift, lambda moment: moment.answered / moment.lasted)), color=BLUE, linewidth=1.4, label=label("answered"))
    if load.refused:
        axes.plot(*_columns(_each(load, shift, lambda moment: moment.refused / moment.lasted)), color=RED, linewidth=1.2, label="refused")


def _offered(load: Load, shift: float) -> Points:
    """By the timetable where there is one; otherwise what was sent."""
    if not load.plan.stages:
        return _each(load, shift, lambda moment: moment.sent / moment.lasted)
    points, at = [(shift, load.plan.stages[0].begin)], shift
    for stage in load.plan.stages:
        points += [(at, stage.begin), (at + stage.seconds, stage.end)]
        at += stage.seconds
    return points


def _latency(axes: Axes, load: Load, shift: float, *, first: bool) -> None:
    answered = [moment for moment in _whole(load) if moment.latency.total]
    for percentile, colour in PERCENTILES:
        points = [(shift + _middle(moment), max(moment.latency.percentile(percentile) * 1000, 0.01)) for moment in answered]
        axes.plot(*_columns(thinned(points)), color=colour, linewidth=1.3, label=f"p{percentile}" if first else None)


def _cost(axes: Axes, loads: Sequence[Load], zero: float) -> None:
    """Processor time of server and generator in cores, and the server's memory on an axis of its own."""
    told = False
    for number, load in enumerate(loads):
        own = _each(load, load.begin - zero, lambda moment: moment.processor)
        axes.plot(*_columns(own), color=PALE, linewidth=1.2, label="generator" if not number else None)
        server = [((sooner.time + later.time) / 2 - zero, (later.processor - sooner.processor) / (later.time - sooner.time))
                  for sooner, later in pairwise(_seen(load)) if later.time > sooner.time]
        axes.plot(*_columns(thinned(server)), color=BLUE, linewidth=1.2, label="server" if server and not told else None)
        told = told or bool(server)
    axes.set_ylabel("cores busy")
    axes.set_ylim(bottom=0)
    samples = [(sample.time - zero, sample.memory / 1e6) for load in loads for sample in _seen(load)]
    if samples:
        memory = axes.twinx()
        memory.grid(visible=False)
        memory.plot(*_columns(thinned(samples)), color=GREEN, linewidth=1.2, linestyle=":")
        memory.set_ylabel("server memory, MB", color=GREEN)
        memory.set_ylim(bottom=0)
        memory.spines["right"].set_visible(True)
        axes.legend(loc="upper left", bbox_to_anchor=(1.075, 1.0), borderaxespad=0.0)
    else:
        legend(axes)


def _seen(load: Load) -> list[ServerFigures]:
    """What was seen of the server while the load was on; before it, connections were opened."""
    return [sample for sample in load.server if sample.time >= load.begin]


def _phases(panels: Sequence[Axes], loads: Sequence[Load], zero: float) -> None:
    """A band and a name for each phase."""
    for number, load in enumerate(loads):
        begin, end = load.begin - zero, load.begin - zero + max(load.lasted, load.moments[-1].at)
        for axes in panels:
            axes.axvspan(begin, end, color="#f3f6fa" if number % 2 else "#fafafa", zorder=0)
        panels[0].annotate(load.name.replace("_", " "), (begin, 1.0), xycoords=("data", "axes fraction"), xytext=(2, 2 + 10 * (number % 2) * (len(loads) > 4)),
                           textcoords="offset points", fontsize=8, color=GREY)


def _each(load: Load, shift: float, figure_of: Callable[[Moment], float]) -> Points:
    return thinned([(shift + _middle(moment), figure_of(moment)) for moment in _whole(load)])


def _whole(load: Load) -> list[Moment]:
    """Without the short remnant at the end, whose rate would look like a collapse."""
    usual = median(moment.lasted for moment in load.moments)
    return [moment for moment in load.moments if moment.lasted > usual / 2] or load.moments


def _middle(moment: Moment) -> float:
    return max(0.0, moment.at - moment.lasted / 2)


def _columns(points: Points) -> tuple[list[float], list[float]]:
    return [x for x, _ in points], [y for _, y in points]


def _says(loads: Sequence[Load]) -> str:
    return "Course of the load. " + "; ".join(
        f"{load.name.replace('_', ' ')}: {load.answered:,} of {load.sent:,} answered in {load.lasted:.1f} s, p95 {load.latency.percentile(95) * 1000:.3g} ms"
        for load in loads
    )
