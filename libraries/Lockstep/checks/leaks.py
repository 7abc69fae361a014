"""The server stays as small as it was: what it uses for a message, a refusal or a connection it gives back.

Read from samples of its process (memory in bytes, threads, descriptors), never from what it says about itself. Samples lack what the
system does not tell.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from math import isfinite

from . import wording
from .events import Event, Kind
from .history import History
from .trend import slope, thinned
from .verdict import Verdict
from .violations import Code

WARM_UP = 10_000
"""Messages during which a correct server may still grow: caches fill, and an interpreter asks for memory in steps."""
FLOOR = 2_000_000
"""Bytes; the step in which a correct server may ask for memory."""
FEWEST = 12
"""Fewer samples tell no slope."""


def memory_within(history: History, limit: int) -> Verdict:
    """The server's memory grows by at most `limit` bytes over its first sample (*leak*). O(samples). Source: bounded memory."""
    return _within(history, "memory", limit, ("server_memory_growth", "B"))


def threads_within(history: History, limit: int) -> Verdict:
    """The server runs at most `limit` threads more than at its first sample (*leak*). O(samples). Source: bounded threads."""
    return _within(history, "threads", limit, ("server_threads_growth", "threads"))


def _within(history: History, field: str, limit: int, figure: tuple[str, str]) -> Verdict:
    verdict = Verdict(f"{field} of the server within its limit")
    samples = _samples(history, field)
    verdict.exercised = len(samples)
    if samples:
        (first, before), (largest, after) = samples[0], max(samples, key=lambda sample: sample[1])
        verdict.measured(figure[0], after - before, figure[1], len(samples))
        if after - before > limit:
            verdict.violated(
                Code.LEAK,
                f"the server's {field} grew from {_amount(field, before)} ({wording.at(history, first)}) to {_amount(field, after)} "
                f"({wording.at(history, largest)}), where {_amount(field, limit)} more are allowed",
                first, largest,
            )
    return verdict.concluded()


def memory_flat(history: History, limit: float = 64, warm_up: int = WARM_UP, floor: int = FLOOR) -> Verdict:
    """`memory_slope_within` for what a journal says.

    A message is one attempt that was answered, refused or called a duplicate. O(n).
    """
    settled = history.events.positions(Kind.REPLY, Kind.REFUSED, Kind.DUPLICATE)
    counted = [(bisect_left(settled, history.events.position(sample)), memory, sample) for sample, memory in _samples(history, "memory")]
    behind = [sample for messages, _, sample in counted if messages >= warm_up]
    return memory_slope_within(
        [(messages, memory) for messages, memory, _ in counted], limit, warm_up, floor, (behind[0], behind[-1]) if behind else (),
    )


def memory_slope_within(
    samples: Sequence[tuple[float, float]], limit: float, warm_up: int = WARM_UP, floor: int = FLOOR, evidence: Sequence[Event] = (), *,
    whose: str = "server",
) -> Verdict:
    """Behind the warm-up the memory of a process (`whose`) does not grow by more than `limit` bytes a message (*leak*).

    `samples` say how many messages were settled by then, and how many bytes it had. Growth of less than `floor` bytes in all is no leak but
    the step in which memory is asked for, and without its largest step it must still grow half as fast: a leak goes on. The slope is the median
    of all pairs of at most 200 samples; its interval is recorded beside it. Source: Theil and Sen.
    """
    verdict = Verdict(f"memory of the {whose} does not leak")
    behind = thinned([sample for sample in samples if sample[0] >= warm_up])
    if len(behind) >= FEWEST:
        verdict.exercised = len(behind)
        rise = slope(behind)
        begun, done = behind[0][0], behind[-1][0]
        grown = rise.middle * (done - begun)
        for name, figure in (("", rise.middle), ("_least", rise.least), ("_most", rise.most)):
            if isfinite(figure):
                verdict.measured(f"{whose}_memory_per_message{name}", figure, "B/msg", len(behind))
        if rise.middle > limit and grown > floor and slope(_without_its_largest_step(behind)).middle > limit / 2:
            verdict.violated(
                Code.LEAK,
                f"the {whose}'s memory grows by {rise.middle:.0f} B with each message ({_amount('memory', grown)} over {done - begun:g} "
                f"messages, behind a warm-up of {begun:g}), where {limit:g} B are allowed",
                *evidence,
            )
    return verdict.concluded()


def _without_its_largest_step(samples: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The same, as if the largest rise from one sample to the next had not been: what still grows goes on growing."""
    rise, at = max((after[1] - before[1], after[0]) for before, after in pairwise(samples))
    return [(messages, memory - rise if messages >= at else memory) for messages, memory in samples]


def descriptors_flat(history: History, limit: int = 5) -> Verdict:
    """The server gives back its descriptors: at the end it needs at most `limit` more than at the beginning (*leak*).

    Compared are the lowest figures of the first and of the last quarter of the samples, less the connections that were open by then:
    what is needed for a moment only does not count. O(n). Source: resource pairing.
    """
    verdict = Verdict("descriptors of the server do not leak")
    connected, closed = (history.events.positions(kind) for kind in (Kind.CONNECTED, Kind.CLOSE))
    used = []
    for sample, descriptors in _samples(history, "descriptors"):
        position = history.events.position(sample)
        used.append((descriptors - bisect_left(connected, position) + bisect_left(closed, position), sample))
    if len(used) >= FEWEST:
        verdict.exercised = len(used)
        quarter = len(used) // 4
        (before, first), (after, last) = (min(part, key=lambda each: each[0]) for part in (used[:quarter], used[-quarter:]))
        verdict.measured("server_descriptors_growth", after - before, "descriptors", len(used))
        if after - before > limit:
            verdict.violated(
                Code.LEAK,
                f"the server needs {after:g} descriptors beside its connections ({wording.at(history, last)}), where it needed {before:g} "
                f"({wording.at(history, first)}); {limit} more are allowed",
                first, last,
            )
    return verdict.concluded()


def _samples(history: History, field: str) -> list[tuple[Event, float]]:
    """The samples that have this figure."""
    found = ((event, (event.details or {}).get(field)) for event in history.journal.others[Kind.SAMPLE])
    return [(event, value) for event, value in found if value is not None]


def _amount(field: str, value: float) -> str:
    return f"{value / 1e6:.1f} MB" if field == "memory" else f"{value:g} {field}"
