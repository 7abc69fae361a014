"""Connections that are alive stay up, and who is there answers pings."""

from __future__ import annotations

from collections import defaultdict

from . import wording
from .events import Event, Kind
from .history import History
from .verdict import Verdict
from .violations import Code

BROKEN_OFF = (1002, 1003, 1007, 1009, 1010, 1011)
"""With these codes this side gives up a connection because of what the server sent on it."""


def connections_stayed_up(history: History) -> Verdict:
    """No connection ends but by our own wish (*zombie*); this side answers every ping, so there is no reason to drop it.

    A connection to which a fault was done before (an event FAULT of it, or of connection 0 for all) is not judged.
    O(connections). Source: failure detector accuracy.
    """
    verdict = Verdict("connections stayed up")
    others = history.journal.others
    harmed = _harmed(history)
    ends = {event.connection: event for event in reversed(others[Kind.CLOSE])}
    lost = 0
    for connection, connected in history.journal.connected.items():
        end = ends.get(connection)
        if end is not None and _first(harmed, connection) < end.index:
            continue
        verdict.exercised += 1
        details = (end.details if end else None) or {}
        by, code = details.get("by"), details.get("code")
        if end is not None and (by != "us" or code in BROKEN_OFF):
            lost += 1
            how = "was closed by the server" if by != "us" else "had to be given up because of what the server sent"
            verdict.violated(
                Code.ZOMBIE,
                f"{wording.owner(end)}'s connection {connection}, open since {wording.at(history, connected)[3:]}, {how} "
                f"{wording.at(history, end)} with code {code}" + (f" ({details['reason']!r})" if details.get("reason") else ""),
                connected, end,
            )
    verdict.measured("disconnects", lost, "connections", verdict.exercised)
    return verdict.concluded()


def pings_answered(history: History, within: float) -> Verdict:
    """Each ping is answered within so many seconds (*zombie*); the answer to a later ping answers the earlier ones as well.

    Not judged are pings whose time was not over when the history or the connection ended, and those of a connection to which a
    fault was done before (an event FAULT of it, or of connection 0 for all). O(n log n). Source: failure detector completeness.
    """
    verdict = Verdict("pings are answered")
    others = history.journal.others
    harmed = _harmed(history)
    pings: defaultdict[int, list[Event]] = defaultdict(list)
    for ping in others[Kind.PING]:
        pings[ping.connection].append(ping)
    answers = {(event.connection, event.message_id): event for event in others[Kind.PONG]}
    ends = {event.connection: event for event in reversed(others[Kind.CLOSE])}
    last = history.events[-1] if history.events else None
    longest = 0.0
    for connection, mine in pings.items():
        answer: Event | None = None
        end = ends.get(connection) or last
        for ping in reversed(mine):
            own = answers.get((connection, ping.message_id))
            answer = min((event for event in (own, answer) if event), key=lambda event: event.index, default=None)
            over = answer or end
            if over is None or _first(harmed, connection) < over.index or (answer is None and over.time - ping.time <= within):
                continue
            verdict.exercised += 1
            took = _took(ping, answer) if answer else over.time - ping.time
            longest = max(longest, took)
            if took > within:
                found = f"was answered after {took:.3f} s" if answer else f"was not answered for {took:.3f} s"
                verdict.violated(
                    Code.ZOMBIE,
                    f"{wording.owner(ping)}'s ping {wording.at(history, ping)} {found}, where {within:g} s are allowed", ping, over,
                )
    verdict.measured("ping_longest", 1000 * longest, "ms", verdict.exercised)
    return verdict.concluded()


def _took(ping: Event, answer: Event) -> float:
    """How long the answer took: measured at the socket where that was done, else between the events."""
    took = (answer.details or {}).get("took") if answer.message_id == ping.message_id else None
    return float(took) if took is not None else answer.time - ping.time


def _harmed(history: History) -> dict[int, list[int]]:
    """Connection -> the indexes of faults that were done to it; 0 stands for all."""
    harmed: defaultdict[int, list[int]] = defaultdict(list)
    for fault in history.journal.others[Kind.FAULT]:
        harmed[fault.connection].append(fault.index)
    return dict(harmed)


def _first(harmed: dict[int, list[int]], connection: int) -> float:
    """When a connection was first harmed."""
    return min((indexes[0] for indexes in (harmed.get(connection), harmed.get(0)) if indexes), default=float("inf"))
