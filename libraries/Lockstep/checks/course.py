"""How latency goes on while messages are sent: whether it rises, and whether single replies stick out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from .events import Event
from .history import History
from .load import Part
from .trend import slope
from .verdict import Verdict
from .violations import Code

STRETCHES = 20
"""So many make a trend. With more of them a single step looks like one, and fewer than 12 cannot be told from chance."""
FEWEST = 12
OUTLIER_FACTOR, OUTLIER_FLOOR = 10, 0.05
INSTRUMENT = 0.001
"""Share of messages that the generator itself may send too late: a tenth of what the target may."""


class Stretch(NamedTuple):
    """A stretch of the time: how many replies came in it, and their median latency (s)."""

    replies: int
    median: float


def no_rise(stretches: Sequence[Stretch], floor: float = 0.05, factor: float = 2.0, evidence: Sequence[Event] = ()) -> Verdict:
    """Latency does not rise in the course of a load (*too_slow*): no work that grows with what was done before.

    The medians of 20 stretches of equal length, in order of time, must not rise steadily, from stretch to stretch, to more than `factor`
    times and `floor` seconds above where they began. A single step, such as a machine that became busy, is no trend. Stretches without
    replies are left out; fewer than 12 of the others tell nothing. Source: Mann and Kendall, Theil and Sen.
    """
    verdict = Verdict("latency does not rise")
    points = [(place, stretch.median) for place, stretch in enumerate(stretches) if stretch.replies]
    if len(points) >= FEWEST:
        replies = verdict.exercised = sum(stretch.replies for stretch in stretches)
        found = slope(points)
        rise = found.middle * (points[-1][0] - points[0][0])
        began = max(median(value for _, value in points) - rise / 2, 0.0)
        verdict.measured("latency_rise", rise * 1000, "ms", replies)
        if found.least > 0 and rise > floor and began + rise > factor * began:
            verdict.violated(
                Code.TOO_SLOW,
                f"latency rose steadily over {replies} replies, from {began * 1000:.0f} ms to {(began + rise) * 1000:.0f} ms; "
                f"{floor * 1000:g} ms more are allowed",
                *evidence,
            )
    return verdict.concluded()


def no_latency_trend(history: History, floor: float = 0.05, factor: float = 2.0) -> Verdict:
    """`no_rise` for what a journal says: 20 windows of equally many replies, in order of reply; fewer than 40 replies tell nothing. O(n log n)."""
    values, replies = history.latencies, history.journal.replies
    count = len(values) if len(values) >= 2 * STRETCHES else 0
    edges = [place * count // STRETCHES for place in range(STRETCHES + 1)]
    stretches = [Stretch(end - begin, median(values[begin:end])) for begin, end in pairwise(edges) if begin < end]
    return no_rise(stretches, floor, factor, (replies[0], replies[-1]) if count else ())


def outlier_limit(typical: float) -> float:
    """The latency (s) above which a reply sticks out where this is the median: ten times as long, and 50 ms at least."""
    return max(OUTLIER_FACTOR * typical, OUTLIER_FLOOR)


def lag_limit(typical: float) -> float:
    """The lateness (s) of the generator's own that is too much where this is the median: half of what sticks out.

    A machine that keeps the generator waiting for so long keeps a server on it waiting as well, and longer.
    """
    return outlier_limit(typical) / 2


def too_coarse(late: int, sent: int) -> bool:
    """Whether a generator sent so many messages later than the `lag_limit` that outliers say nothing about the target."""
    return late > INSTRUMENT * sent


def few_outliers(stretches: Sequence[Part], share: float = 0.01) -> Verdict:
    """In most stretches fewer than `share` of the replies stick out (*too_slow*); a part's late replies are those above the `outlier_limit`.

    Judged is the stretch in the middle, by its share. Replies that stick out in a few stretches only came while the machine, or a clean-up,
    held everything up; a server with a tail has it throughout. Stretches without replies are left out. Source: median of means.
    """
    verdict = Verdict("few replies stick out")
    shares = sorted(part.late / part.replies for part in stretches if part.replies)
    if shares:
        replies, late = sum(part.replies for part in stretches), sum(part.late for part in stretches)
        verdict.exercised, typical = replies, shares[(len(shares) - 1) // 2]
        verdict.measured("outlier_share", 100 * late / replies, "%", replies)
        verdict.measured("outlier_share_typical", 100 * typical, "%", len(shares))
        if typical >= share:
            verdict.violated(
                Code.TOO_SLOW,
                f"{late:,} of {replies:,} replies took ten times as long as the usual one and 50 ms at least; in most of {len(shares)} stretches "
                f"they were {100 * typical:.1f} % or more, where less than {share * 100:g} % may be",
            )
    return verdict.concluded()
