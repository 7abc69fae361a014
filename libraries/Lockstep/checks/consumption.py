"""What a load costs the server, read from its process: the last message costs no more than the first, and what was taken is given back."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from .leaks import FLOOR
from .trend import slope
from .verdict import Verdict
from .violations import Code

STRETCHES = 20
"""So many make a trend of what a message costs; see the module ``course``."""


class Look(NamedTuple):
    """One look at the server's process."""

    messages: float
    """Settled by then."""
    memory: int
    """Bytes."""
    threads: int
    descriptors: int | None
    """None where the system does not tell."""
    processor: float
    """Seconds so far."""


def given_back(before: Look, after: Sequence[Look], limit: int = 5) -> Verdict:
    """Behind the load the server runs at most `limit` more threads, and has so many more descriptors open, than before it (*leak*).

    `after` are looks at the server at rest; the lowest figure counts, since what is needed for a moment only is no leak. O(looks).
    Source: resource pairing.
    """
    verdict = Verdict("threads and descriptors of the server are given back")
    _compare(verdict, "threads", before.threads, [look.threads for look in after], limit)
    if before.descriptors is not None:
        _compare(verdict, "descriptors", before.descriptors, [look.descriptors for look in after if look.descriptors is not None], limit)
    return verdict.concluded()


def tasks_given_back(before: int, after: Sequence[int], limit: int = 5) -> Verdict:
    """Behind the load the server's loop runs at most `limit` more tasks than before it (*leak*); see `given_back`."""
    verdict = Verdict("tasks of the server are given back")
    _compare(verdict, "tasks", before, after, limit)
    return verdict.concluded()


def _compare(verdict: Verdict, what: str, had: int, now: Sequence[int], limit: int) -> None:
    if now:
        verdict.exercised += len(now)
        grown = min(now) - had
        verdict.measured(f"server_{what}_left", grown, what, len(now))
        if grown > limit:
            verdict.violated(Code.LEAK, f"the server at rest still has {min(now)} {what}, where it had {had} before the load; {limit} more are allowed")


def kept_within(looks: Sequence[Look], messages: int, limit: float, floor: int = 2 * FLOOR) -> Verdict:
    """Of each of so many `messages` the server keeps at most `limit` bytes, but for `floor` bytes in all (*leak*).

    Compared are the first look and the lowest of the last ten: for floods that are over in a moment, in which no course of the memory can be
    seen. O(1). Source: resource pairing.
    """
    verdict = Verdict("memory of what was refused is given back")
    if looks and messages:
        verdict.exercised = messages
        kept = min(look.memory for look in looks[-10:]) - looks[0].memory
        verdict.measured("server_memory_per_message", kept / messages, "B/msg", messages)
        if kept > limit * messages + floor:
            verdict.violated(
                Code.LEAK,
                f"the server has {kept / 1e6:.1f} MB more than before {messages} messages that it refused, {kept / messages:.0f} B for each, where "
                f"{limit:g} B and {floor / 1e6:g} MB in all are allowed",
            )
    return verdict.concluded()


def undecided(verdict: Verdict, most: str, limit: float) -> str | None:
    """Why a slope says neither that there is a leak nor that a message leaves `limit` bytes at most; None where it says either.

    `most` is the name of the figure that ends its interval.
    """
    figure = next((figure for figure in verdict.measurements if figure.name == most), None)
    if not verdict.ok or (figure is not None and figure.value <= limit):
        return None
    supported = f"at most {figure.value:,.0f} B" if figure is not None else "no bound"
    return f"the memory seen supports {supported} for each message, where {limit:g} B are to be shown; more messages narrow it"


def memory_level(during: Sequence[Look], at_rest: Sequence[Look], share: float = 0.05, floor: int = 2 * FLOOR) -> Verdict:
    """Memory stays level under load, or comes back behind it (*leak*).

    Level: at rest it lies no more than `share` and `floor` bytes above its median in the middle third of the load (by messages). Back: but for
    `share` of it, all that was taken since the first look is given back. A slow leak is for the slope to find; this one finds what is taken
    late and kept. O(looks). Source: plateau test of soak runs.
    """
    verdict = Verdict("memory of the server levels off or comes back")
    first, last = (during[0].messages, during[-1].messages) if during else (0.0, 0.0)
    third = (last - first) / 3
    middle = [look.memory for look in during if first + third <= look.messages <= last - third]
    if middle and at_rest:
        verdict.exercised = len(middle) + len(at_rest)
        level, peak, left = median(middle), max(look.memory for look in during), min(look.memory for look in at_rest)
        taken = peak - during[0].memory
        verdict.measured("server_memory_growth", taken, "B", len(during))
        verdict.measured("server_memory_left", left - during[0].memory, "B", len(at_rest))
        kept = left - during[0].memory > share * taken
        if kept and left - level > share * level + floor:
            verdict.violated(
                Code.LEAK,
                f"the server at rest has {left / 1e6:.1f} MB, where it had {level / 1e6:.1f} MB in the middle of the load and {peak / 1e6:.1f} MB at "
                f"most: it neither levelled off nor gave back {1 - share:.0%} of what it took",
            )
    return verdict.concluded()


def work_level(looks: Sequence[Look], factor: float = 2.0) -> Verdict:
    """The server's processor time for a message does not rise with the messages before it (*leak*): its work is linear in their number.

    The costs of 20 stretches of equally many messages must not rise steadily to more than `factor` times what they began with. Processor time
    does not count waiting, so that a busy machine changes little. O(looks). Source: Mann and Kendall, Theil and Sen.
    """
    verdict = Verdict("work of the server is linear in the messages")
    looks = [look for look, after in pairwise(looks) if after.messages > look.messages]
    if len(looks) > STRETCHES:
        begin, end = looks[0].messages, looks[-1].messages
        edges = [_processor_at(looks, begin + (end - begin) * place / STRETCHES) for place in range(STRETCHES + 1)]
        each = (end - begin) / STRETCHES
        costs = [(later - earlier) / each for earlier, later in pairwise(edges)]
        rise = slope(list(enumerate(costs)))
        grown = rise.middle * (STRETCHES - 1)
        began = max(median(costs) - grown / 2, 0.0)
        verdict.exercised = len(looks)
        verdict.measured("server_work_per_message", median(costs) * 1e6, "us", len(looks))
        if rise.least > 0 and began + grown > factor * began:
            verdict.violated(
                Code.LEAK,
                f"a message costs the server more and more: {began * 1e6:.0f} us of processor time at first and {(began + grown) * 1e6:.0f} us behind "
                f"{end - begin:,.0f} messages, where it may become {factor:g} times as much",
            )
    return verdict.concluded()


def _processor_at(looks: Sequence[Look], messages: float) -> float:
    """Processor time when so many messages were settled; between two looks it is taken to grow evenly."""
    place = min(max(bisect_left(looks, messages, key=lambda look: look.messages), 1), len(looks) - 1)
    before, after = looks[place - 1], looks[place]
    return before.processor + (after.processor - before.processor) * (messages - before.messages) / (after.messages - before.messages)
