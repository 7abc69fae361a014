"""A figure of matplotlib, and its way into log.html. The library is imported with the first figure: it takes a second and 50 MB."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, RED, ORANGE, GREEN, GREY, PALE = "#1f5fa8", "#8a1c13", "#b45f06", "#1e6b34", "#666666", "#7aa6d8"
WIDTH = 9.6
"""Inches, of 72 points each."""
SIDE_BY_SIDE = {"left": 0.08, "right": 0.985, "top": 0.9, "bottom": 0.17, "wspace": 0.2}
"""Margins of two plots in a row."""
MOST_POINTS = 300
_SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",     # text stays text
    "text.parse_math": False,   # names of phases are not formulas
    "font.size": 9, "axes.titlesize": 10, "axes.titlelocation": "left", "axes.spines.top": False, "axes.spines.right": False,
    "axes.grid": True, "grid.color": "#e4e4e4", "grid.linewidth": 0.6, "axes.edgecolor": GREY, "legend.frameon": False, "legend.fontsize": 8,
}


@contextmanager
def figure(height: float) -> Iterator[Figure]:
    """An empty figure of so many inches in the kit's manner. Margins are given: to work them out takes as long as to draw."""
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # where its font cache lies is nobody's concern
    from matplotlib import rc_context  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    with rc_context(_SETTINGS):
        yield Figure(figsize=(WIDTH, height), facecolor="white")


def svg(drawing: Figure, says: str) -> str:
    """The figure as one line of inline SVG; ``says`` tells its figures to those who cannot see them. White in dark logs too."""
    from matplotlib import rc_context  # noqa: PLC0415

    written = io.StringIO()
    with rc_context({"svg.hashsalt": says}):  # names inside are made of this: the same in each run, and of no other figure of the log
        drawing.savefig(written, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = written.getvalue()
    text = text[text.index("<svg"):]
    text = re.sub(r"<metadata>.*?</metadata>|<style[^>]*>.*?</style>|<!--.*?-->", "", text, flags=re.DOTALL)  # styles would hold for the whole log
    text = re.sub(r'<g id="[^"]*">', "<g>", text)
    text = re.sub(r' d="[^"]*"', lambda path: re.sub(r"\d+\.\d{2,}", lambda number: f"{float(number[0]):.1f}", path[0]), text)
    text = re.sub(r'"font: ([\d.]+px)[^;"]*', r'"font-size: \1', text)  # the family once for all, in the head
    text = re.sub(r"\s+", " ", text).replace("> <", "><")
    head = (f'<svg role="img" aria-label="{escape(says)}" style="display:block;max-width:100%;height:auto;background:#fff;margin:4px 0;font-family:sans-serif" '
            'stroke-linejoin="round" stroke-linecap="butt"')
    return text.replace("<svg", head, 1)


def legend(axes: Axes) -> None:
    """Beside the plot, where it hides nothing."""
    axes.legend(loc="upper left", bbox_to_anchor=(1.005, 1.0), borderaxespad=0.0)


def thinned(points: Sequence[tuple[float, float]], most: int = MOST_POINTS) -> list[tuple[float, float]]:
    """At most so many points: of each stretch the lowest and the highest, so that no spike gets lost."""
    if len(points) <= most:
        return list(points)
    stretch = -(-2 * len(points) // most)
    kept = []
    for first in range(0, len(points), stretch):
        part = points[first : first + stretch]
        kept += sorted({min(part, key=lambda point: point[1]), max(part, key=lambda point: point[1])})
    return kept
