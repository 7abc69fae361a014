"""Users who ask for the same get the same."""

from __future__ import annotations

import math
from collections.abc import Sequence

from . import wording
from .history import History
from .verdict import Verdict
from .violations import Code


def jain_index(values: Sequence[float]) -> float:
    """Jain's fairness index: 1 when all values are equal, 1/n when one has everything; 1 when all are zero."""
    squares = sum(value * value for value in values)
    return sum(values) ** 2 / (len(values) * squares) if squares else 1.0


def users_served_fairly(history: History, at_least: float = 0.95, slowest_share: float = 0.8) -> Verdict:
    """The Jain index of the users' work rates is high enough, and so is the slowest user's share of the mean (*unfair*).

    A user's work rate is messages answered per second, from the first sending to the last first reply; a user without a reply
    has rate 0. Fewer than two users cannot be compared. O(n). Source: Jain, Chiu and Hawe 1984.
    """
    verdict = Verdict("users served fairly")
    rates = work_rates(history)
    if len(rates) > 1:
        verdict.exercised = len(rates)
        index, mean = jain_index(list(rates.values())), sum(rates.values()) / len(rates)
        slowest = min(rates, key=rates.__getitem__)
        share = rates[slowest] / mean if mean else 1.0
        verdict.measured("jain", index, "", len(rates))
        verdict.measured("slowest_share", share, "", len(rates))
        if index < at_least:
            verdict.violated(
                Code.UNFAIR,
                f"the Jain index of {wording.counted(len(rates), 'user')} is {index:.3f}, where {at_least:g} is the least; "
                f"{slowest} was served slowest with {rates[slowest]:.1f} of {mean:.1f} messages a second on average",
                history.users[slowest],
            )
        if share < slowest_share:
            verdict.violated(
                Code.UNFAIR,
                f"{slowest} was served {rates[slowest]:.1f} messages a second, {share:.0%} of the mean of {mean:.1f} over "
                f"{wording.counted(len(rates), 'user')}, where {slowest_share:.0%} is the least",
                history.users[slowest],
            )
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
