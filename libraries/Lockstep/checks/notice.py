"""Before a server ends in an orderly way, it says so to everybody, and then closes their connections with a code that fits."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from . import wording
from .events import Event, Kind
from .history import History
from .struck import faults, kind_of
from .verdict import Verdict
from .violations import Code

ORDERLY = frozenset({"shutdown", "hand_over"})
"""Faults by which a server is asked to end, and may tidy up before."""
CLOSES = ("close 1012", "close 1001")
"""It restarts; it goes away (RFC 6455 and its registry)."""


def notice_before_close(history: History, closes: Collection[str] = CLOSES) -> Verdict:
    """Each connection that is open when the server is asked to end is told so once, with the reason and the estimate that were given
    (*disagreement*), before the server closes it in one of these ways (*wrong_close*).

    A connection that this side has closed meanwhile is not judged. Measures *notice_lead*, the shortest time from a notice to its close in
    ms. O(n). Source: RFC 6455 7.4.1; graceful shutdown of load balancers.
    """
    verdict = Verdict("the notice comes before the close")
    of_connection: dict[int, dict[Kind, list[Event]]] = {}
    for event in history.events.of(Kind.NOTICE, Kind.CLOSE):
        of_connection.setdefault(event.connection, {}).setdefault(event.kind, []).append(event)
    leads = list[float]()
    for asked in faults(history, "done"):
        if kind_of(asked) not in ORDERLY or asked.connection not in history.journal.connected:
            continue
        told = of_connection.get(asked.connection, {})
        close = next(iter(told.get(Kind.CLOSE, ())), None)
        if close is None:
            verdict.exercised += 1
            verdict.violated(Code.WRONG_CLOSE, f"{wording.owner(asked)}'s connection was still open when the server that it belongs to had ended", asked)
        elif close.index > asked.index and _said(close).get("by") != "us":
            verdict.exercised += 1
            way = f"close {_said(close).get('code')}"
            if way not in closes:
                verdict.violated(
                    Code.WRONG_CLOSE, f"{wording.owner(asked)}'s connection was ended with {way} {wording.at(history, close)}, where {' or '.join(closes)} is right",
                    asked, close,
                )
            leads += _told(history, verdict, asked, [notice for notice in told.get(Kind.NOTICE, ()) if notice.index < close.index], close)
    if leads:
        verdict.measured("notice_lead", min(leads) * 1000, "ms", len(leads))
    return verdict.concluded()


def _told(history: History, verdict: Verdict, asked: Event, notices: list[Event], close: Event) -> list[float]:
    """Judges what one connection was told; returns how long before its close."""
    whose = f"{wording.owner(asked)}'s connection"
    if not notices:
        verdict.violated(Code.WRONG_CLOSE, f"{whose} was closed {wording.at(history, close)} without a notice before", asked, close)
        return []
    if len(notices) > 1:
        verdict.violated(Code.DUPLICATED, f"{whose} was told {len(notices)} times that the server ends", *notices, close)
    for part in ("reason", "estimate"):
        given, said = _said(asked).get(part), _said(notices[0]).get(part)
        if given is not None and given != said:
            verdict.violated(Code.DISAGREEMENT, f"{whose} was told the {part} {said!r}, where {given!r} was given", asked, notices[0])
    return [close.time - notices[0].time]


def _said(event: Event) -> Mapping[str, Any]:
    return event.details or {}
