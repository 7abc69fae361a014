"""How many answers a second, and whether the generator kept its own schedule."""

from __future__ import annotations

import math
from collections.abc import Sequence

from . import bulk, wording
from .events import Event
from .history import History
from .latency import percentile
from .verdict import Measured, Verdict
from .violations import Code


def answered_rate(history: History) -> float:
    """Messages answered per second, from the first intended (else actual) sending to the last first reply; 0 without a reply.

    Answered, not sent: a generator that floods a slow server shows the server's rate. O(1) on the shared projection.
    """
    replies = history.journal.replies
    if not replies:
        return 0.0
    first = history.journal.sends[0]
    span = replies[-1].time - (first.time if first.intended is None else first.intended)
    return len(replies) / span if span > 0 else math.inf


def rate_sustained(history: History, required: float) -> Verdict:
    """The answered rate reaches `required` per second (*rate_not_sustained*). O(n)."""
    sends, replies = history.journal.sends, history.journal.replies
    return rate_reached(len(sends), len(replies), answered_rate(history), required, [*sends[:1], *replies[-1:]])


def rate_reached(sent: int, answered: int, rate: float, required: float, evidence: Sequence[Event] = (), *, offered: float | None = None) -> Verdict:
    """So many answers at `rate` per second reach `required` (*rate_not_sustained*); `offered` per second, where that was agreed.

    The rate counts from when the first message was due to the last answer, so one that was offered at exactly `required` falls
    short by as long as the last answer took: whoever wants to see a rate reached offers a little more.
    """
    verdict = Verdict("rate sustained", exercised=sent)
    if sent:
        verdict.measured("answered_rate", rate, "messages/s", answered)
        if rate < required:
            verdict.violated(
                Code.RATE_NOT_SUSTAINED,
                f"{answered:,} of {wording.counted(sent, 'message')}{f', offered at {offered:g} a second,' if offered else ''} were answered, at {rate:,.1f} a second, where {required:g} are the least",
                *evidence,
            )
    return verdict.concluded()


def sending_within(history: History, mean: float, most: float) -> Verdict:
    """A message that is due is on its way after `mean` seconds on average, and after `most` seconds at the latest (*too_slow*).

    A server that does not read holds up the sender. Messages without an intended time are not looked at; where the generator itself
    was late the figures are void. O(n). Source: backpressure of TCP, seen by the sender.
    """
    verdict = Verdict("sending takes no longer than allowed")
    sends = history.journal.sends
    lags = [(send.time - send.intended, send) for send in sends if send.intended is not None]
    verdict.exercised = len(lags)
    if lags:
        average = math.fsum(lag for lag, _ in lags) / len(lags)
        longest, slowest = max(lags, key=lambda lag: lag[0])
        verdict.measured("sending_mean", average * 1000, "ms", len(lags))
        verdict.measured("sending_max", longest * 1000, "ms", len(lags))
        if average > mean or longest > most:
            verdict.violated(
                Code.TOO_SLOW,
                f"sending took {average:.3f} s on average and at most {longest:.3f} s ({wording.message(slowest)}), where {mean:g} s on average and "
                f"{most:g} s at most are allowed",
                slowest,
            )
    return verdict.concluded()


def sender_lag(history: History) -> tuple[Measured, ...]:
    """How late the generator sent, in ms: sender_lag_mean, sender_lag_p99, sender_lag_max. Empty for unpaced messages.

    This is the kit's own lateness: beside a large lag, latency and rate say nothing about the server. O(n log n), in C.
    """
    events, sends = history.events, history.journal.sends
    lags = bulk.ascending(bulk.difference(bulk.taken(events.times, sends.positions), bulk.taken(events.intended, sends.positions)))
    if not lags:
        return ()
    figures = {"mean": math.fsum(lags) / len(lags), "p99": percentile(lags, 99), "max": lags[-1]}
    return tuple(Measured(f"sender_lag_{name}", value * 1000, "ms", len(lags)) for name, value in figures.items())
