"""What the log of a test shows of its load phases: a table always, and the plots that say something about them."""

from __future__ import annotations

from collections.abc import Sequence

from ...engine.load.result import Load
from . import course, crowd, steps
from .table import load_table

MISSING = "No plots are drawn: matplotlib is not installed. Install it with: python -m pip install 'matplotlib&gt;=3.9,&lt;4'"


def load_picture(loads: Sequence[Load], knee: str | None = None) -> str:
    """HTML of all load phases of a test, in the order in which they ran; ``knee`` names the last step that met every limit, where that was judged."""
    measured = [] if any(load.interrupted for load in loads) else [load for load in loads if load.moments]  # who interrupts does not wait
    return f'<div style="overflow-x:auto;white-space:normal">{_plots(measured, knee)}{load_table(loads)}</div>'


def _plots(loads: Sequence[Load], knee: str | None) -> str:
    drawn: list[str] = []
    try:
        if loads:
            drawn.append(course.drawn(loads))
        if steps.are_steps(loads):
            drawn.append(steps.drawn(loads, knee))
        elif crowd.is_crowd(loads):
            drawn.append(crowd.drawn(loads))
    except ImportError:
        return f"<p>{MISSING}</p>"
    return "".join(drawn)
