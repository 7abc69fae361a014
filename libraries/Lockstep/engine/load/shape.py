"""The shape of a benchmark: how much is offered in each of its phases, and for how long."""

from __future__ import annotations

from typing import NamedTuple

PHASES = ("warm-up", "ramp", "sustained", "peak", "cool-down")


class Offer(NamedTuple):
    """What a phase offers: a rate (msg/s), how long it grows to that from 0, and how long it stays there (s)."""

    rate: float
    ramp: float
    lasting: float


def offer(phase: str, *, sustained: float, peak: float, seconds: float, within: float) -> Offer:
    """What one of the phases offers: 1 000, ramp to 5 000, 7 500, 10 000 and 2 000 msg/s for agreed rates of 5 000 and 10 000.

    A rate counts until the last answer. Where a phase has to show an agreed rate it offers enough more to reach it, although the
    last answer takes as long as ``within`` allows. The ramp takes half of its phase; the agreed rate is shown in the other half.
    """
    if phase == "ramp":
        return Offer(shown(sustained, seconds / 2, within), seconds / 2, seconds / 2)
    rate = {
        "warm-up": sustained / 5, "sustained": max((sustained + peak) / 2, shown(sustained, seconds, within)), "peak": shown(peak, seconds, within),
        "cool-down": sustained * 2 / 5,
    }[phase]
    return Offer(rate, 0.0, seconds)


def shown(rate: float, seconds: float, within: float) -> float:
    """What has to be offered for so long, so that ``rate`` is reached when the last answer takes ``within`` seconds."""
    return rate * (1 + within / seconds)
