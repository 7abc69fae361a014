"""Users, or connections, that ask for the same get the same."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from . import wording
from .events import Event
from .history import History
from .verdict import Verdict
from .violations import Code


class Shares(NamedTuple):
    """How evenly several were served."""

    jain: float
    """Jain's index of their rates."""
    mean: float
    """Their mean rate."""
    slowest: str
    share: float
    """The slowest one's share of the mean; 1 where nobody was served."""


def shares(rates: Mapping[str, float]) -> Shares:
    """How evenly these were served, of whom there is one at least."""
    mean = sum(rates.values()) / len(rates)
    slowest = min(rates, key=rates.__getitem__)
    return Shares(jain_index(list(rates.values())), mean, slowest, rates[slowest] / mean if mean else 1.0)


def jain_index(values: Sequence[float]) -> float:
    """Jain's fairness index: 1 when all values are equal, 1/n when one has everything; 1 when all are zero."""
    squares = sum(value * value for value in values)
    return sum(values) ** 2 / (len(values) * squares) if squares else 1.0


def evened(rates: Mapping[str, float], groups: Mapping[str, int]) -> dict[str, float]:
    """The rates as they would be if each group had the mean of all.

    For connections of several programs: how much processor time each program got is the machine's doing, and only those of one program
    ask for the same. Who got nothing keeps nothing. O(n).
    """
    members: dict[int, list[float]] = {}
    for name, rate in rates.items():
        members.setdefault(groups[name], []).append(rate)
    mean = sum(rates.values()) / len(rates) if rates else 0.0
    means = {group: sum(found) / len(found) for group, found in members.items()}
    return {name: rate * mean / means[groups[name]] if rate else 0.0 for name, rate in rates.items()}


def with_one_window_more(rates: Mapping[str, float], lasted: Mapping[str, float], window: int) -> dict[str, float]:
    """The rates as they would be if whoever is below the mean had been answered one window more, in the seconds that each was served.

    In closed loop so much may be on its way when the phase ends: a difference that this makes good is the end's doing. O(n).
    """
    mean = sum(rates.values()) / len(rates) if rates else 0.0
    return {name: rate + window / lasted[name] if rate < mean else rate for name, rate in rates.items()}


def connections_served_fairly(rates: Mapping[str, float], at_least: float = 0.95, slowest_share: float = 0.8) -> Verdict:
    """The Jain index of the connections' rates is high enough, and so is the slowest one's share of the mean (*unfair*).

    `rates` are messages answered per second, by the name of the connection. Fewer than two cannot be compared. O(n). Source: Jain,
    Chiu and Hawe 1984.
    """
    return _served_fairly("connection", rates, at_least, slowest_share, {})


def users_served_fairly(history: History, at_least: float = 0.95, slowest_share: float = 0.8) -> Verdict:
    """The Jain index of the users' work rates is high enough, and so is the slowest user's share of the mean (*unfair*).

    A user's work rate is messages answered per second, from the first sending to the last first reply; a user without a reply
    has rate 0. Fewer than two users cannot be compared. O(n). Source: Jain, Chiu and Hawe 1984.
    """
    return _served_fairly("user", work_rates(history), at_least, slowest_share, history.users)


def _served_fairly(who: str, rates: Mapping[str, float], at_least: float, slowest_share: float, evidence: Mapping[str, Event]) -> Verdict:
    verdict = Verdict(f"{who}s served fairly")
    if len(rates) > 1:
        verdict.exercised = len(rates)
        found = shares(rates)
        verdict.measured("jain", found.jain, "", len(rates))
        verdict.measured("slowest_share", found.share, "", len(rates))
        everybody = wording.counted(len(rates), who)
        told = f"{found.slowest} was served {rates[found.slowest]:.1f} messages a second, {found.share:.0%} of the mean of {found.mean:.1f} over {everybody}"
        if found.jain < at_least:
            verdict.violated(
                Code.UNFAIR, f"the Jain index of {everybody} is {found.jain:.3f}, where {at_least:g} is the least; {told}", evidence.get(found.slowest),
            )
        if found.share < slowest_share:
            verdict.violated(Code.UNFAIR, f"{told}, where {slowest_share:.0%} is the least", evidence.get(found.slowest))
    return verdict.concluded()


def work_rates(history: History) -> dict[str, float]:
    """Messages answered per second for each user; a user served within no measurable time is left out."""
    rates = {}
    for user, first in history.users.items():
        answered = history.answered.get(user)
        span = history.events.times[answered[-1]] - first.time if answered else math.inf
        if span > 0:
            rates[user] = len(answered or ()) / span
    return rates
