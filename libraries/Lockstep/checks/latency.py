"""How long answers take, counted from the moment a message should have been sent."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from .history import History
from .verdict import Measured, Verdict


def latencies(history: History) -> array[float]:
    """Seconds from the intended (else the actual) first sending of each message to its first reply, in order of reply."""
    raise NotImplementedError


def percentile(sorted_values: Sequence[float], p: float) -> float:
    """The nearest-rank percentile: the smallest value that at least p % of all values do not exceed; always a value that occurred."""
    raise NotImplementedError


def latency_figures(history: History) -> tuple[Measured, ...]:
    """Mean, p50, p90, p95, p99, p99.9 and maximum in ms, named latency_mean, latency_p50, ..., latency_p99_9, latency_max.

    Empty without a reply.
    """
    raise NotImplementedError


def latency_within(history: History, limit: float, share: float = 0.95, alpha: float = 1e-6) -> Verdict:
    """At least `share` of the replies come within `limit` seconds, by an exact binomial test at level `alpha` (*too_slow*)."""
    raise NotImplementedError


def mean_latency_within(history: History, limit: float) -> Verdict:
    """The mean latency is at most `limit` seconds (*too_slow*). O(n)."""
    raise NotImplementedError
