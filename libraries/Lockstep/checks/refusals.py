"""Whoever is turned away is told so in the promised way, and gets nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from . import wording
from .events import Event, Kind
from .history import History
from .verdict import Verdict
from .violations import Code

TRIES = frozenset({Kind.CONNECT, Kind.CONNECTED})
OURS = frozenset({
    Kind.CONNECT, Kind.CONNECT_FAILED, Kind.CLOSE, Kind.FAULT, Kind.MARK, Kind.PING, Kind.PONG, Kind.PINGED, Kind.PONGED, Kind.SAMPLE,
})
"""What happens on a connection without anything being told on it."""


def refused_as_promised(history: History, ways: Collection[str], *, client: str, why: str) -> Verdict:
    """The last connection of this client, or its last try, was ended by the target (*not_refused*), in one of these ways (*wrong_close*).

    Ways are such as ``http 403`` and ``close 4401``; ``why`` says in words what it is refused for. Whoever was not let in at all was told
    nothing there (*data_before_auth*). O(n).
    """
    verdict = Verdict("the refusal is as promised")
    told = [event for event in history.events if event.client == client]
    newest = max((event.connection for event in told if event.kind in TRIES), default=None)
    mine = [event for event in told if event.connection == newest]
    if not mine:
        return verdict.concluded()
    verdict.exercised = 1
    way, promised = _way(mine), " or ".join(ways)
    if way is None:
        verdict.violated(Code.NOT_REFUSED, f"{client} was not turned away ({why}), where {promised} is promised", mine[-1])
    elif way not in ways:
        verdict.violated(Code.WRONG_CLOSE, f"{client} was turned away by {way} ({why}), where {promised} is promised", mine[-1])
    if mine[-1].kind is Kind.CONNECT_FAILED:
        for event in mine:
            if event.kind not in OURS:
                verdict.violated(Code.DATA_BEFORE_AUTH, f"{client} was told something {wording.at(history, event)} on a connection that was refused", event)
    return verdict.concluded()


def _way(events: Sequence[Event]) -> str | None:
    """How the target ended a connection; None where it did not."""
    ends = {event.kind: event.details or {} for event in events}
    if Kind.CONNECT_FAILED in ends:
        return str(ends[Kind.CONNECT_FAILED].get("way") or "no word")
    closed = ends.get(Kind.CLOSE, {"by": "us"})
    return f"close {closed.get('code')}" if closed.get("by") != "us" else None


def broken_texts_refused(history: History, ways: Collection[str]) -> Verdict:
    """Each text that is no message (a MARK ``broken``) is refused (*not_refused*) in one of these ways (*wrong_close*).

    Ways are such as ``error invalid_json``, an error that names no message, and ``close 1003``. On one connection refusals come in the order
    of what they refuse; where the target closes it, that refuses whatever is open. A connection that a fault has met before that is not
    judged. O(n).
    """
    verdict = Verdict("broken texts are refused")
    promised = " or ".join(ways)
    said: dict[int, list[Event]] = {}
    for event in history.events.of(Kind.MARK, Kind.ERROR, Kind.CLOSE, Kind.FAULT):
        said.setdefault(event.connection, []).append(event)
    for events in said.values():
        broken = [event for event in events if event.kind is Kind.MARK and "broken" in (event.details or {})]
        refusals = [event for event in events if event.kind is Kind.ERROR and event.message_id is None and broken and event.index > broken[0].index]
        end = next((event for event in events if event.kind in {Kind.CLOSE, Kind.FAULT}), None)
        for place, text in enumerate(broken):
            refusal = refusals[place] if place < len(refusals) else end
            if refusal is not None and refusal.kind is Kind.FAULT:
                continue
            verdict.exercised += 1
            way = way_of(refusal)
            what = f"{wording.owner(text)} sent {(text.details or {})['broken']!r} {wording.at(history, text)}"
            if way is None:
                verdict.violated(Code.NOT_REFUSED, f"{what}, and it was not refused, where {promised} is promised", text)
            elif way not in ways:
                verdict.violated(Code.WRONG_CLOSE, f"{what}, and it was refused by {way}, where {promised} is promised", text, refusal)
    return verdict.concluded()


def way_of(event: Event | None) -> str | None:
    """The way in which this event refuses; None where it does not."""
    if event is None or event.kind is Kind.CLOSE:
        return _way([event]) if event is not None else None
    return f"error {(event.details or {}).get('reason')}"
