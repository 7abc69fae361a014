"""How long a server was away for its clients: from the end of a connection to the first answer on the next."""

from __future__ import annotations

import math
from collections import defaultdict
from statistics import median
from typing import NamedTuple

from . import wording
from .events import Event, Kind
from .history import History
from .recovery import recoveries
from .struck import faults, kind_of
from .verdict import Verdict
from .violations import Code

NAMED = {"shutdown": "graceful", "kill": "crash", "hand_over": "rolling"}
"""Fault that ends a server's process -> the restart that follows, in the names of figures."""


class Outage(NamedTuple):
    """Of one client."""

    fault: Event
    lost: Event | None
    """The end of its connection; None where it did not end."""
    lasted: float
    """s, from that end to the greeting on the next connection and the first answer there; infinite where it never came back."""


def outages(history: History) -> list[Outage]:
    """What each end of the server meant for each client that was connected then.

    The time that a client had nothing to say is left out; waits of its ladder count. O(n log n).
    """
    back = {one.reconnection.lost.index: one for one in recoveries(history) if one.reconnection.lost is not None and one.reconnection.connected is not None}
    ends = {event.connection: event for event in reversed(history.events.of(Kind.CLOSE))}
    found = list[Outage]()
    for fault in faults(history, "done"):
        if kind_of(fault) not in NAMED or fault.connection not in history.journal.connected:
            continue
        lost = ends.get(fault.connection)
        if lost is not None and (lost.index < fault.index or (lost.details or {}).get("by") == "us"):
            continue
        one = back.get(lost.index) if lost is not None else None
        greeting = one.reconnection.connected if one is not None else None
        lasted = greeting.time - lost.time + one.answered - one.connected if one is not None and greeting is not None and lost is not None else math.inf
        found.append(Outage(fault, lost, lasted))
    return found


def outages_shorter_than(history: History, limit: float) -> Verdict:
    """Each client that was connected when the server ended has lost its connection (*fault_not_confirmed*), and is connected and answered
    again (*starved*) within `limit` seconds (*slow_recovery*).

    For limits that a single try cannot miss by chance. Measures for each kind of restart median and maximum in s, such as
    graceful_outage and graceful_outage_max; crash_ and rolling_ likewise. O(n log n). Source: recovery time objective.
    """
    verdict = Verdict("each outage is short enough")
    lasted: defaultdict[str, list[float]] = defaultdict(list)
    for one in outages(history):
        verdict.exercised += 1
        who = wording.owner(one.fault)
        if one.lost is None:
            verdict.violated(Code.FAULT_NOT_CONFIRMED, f"{who}'s connection did not end with the server ({kind_of(one.fault)} {wording.at(history, one.fault)})", one.fault)
        elif one.lasted == math.inf:
            verdict.violated(Code.STARVED, f"{who} lost its connection {wording.at(history, one.lost)} with the server, and never came back", one.fault, one.lost)
        elif one.lasted > limit:
            verdict.violated(
                Code.SLOW_RECOVERY,
                f"{who} lost its connection {wording.at(history, one.lost)} and was to be answered again within {limit:g} s, but it took {one.lasted:.3f} s",
                one.fault, one.lost,
            )
        if one.lasted < math.inf:
            lasted[NAMED[kind_of(one.fault)]].append(one.lasted)
    for name, times in lasted.items():
        verdict.measured(f"{name}_outage", median(times), "s", len(times))
        verdict.measured(f"{name}_outage_max", max(times), "s", len(times))
    return verdict.concluded()
