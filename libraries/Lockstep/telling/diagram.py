"""A sequence diagram of what happened around a violation: inline HTML for log.html, no script, no file to lose."""

from __future__ import annotations

from html import escape

from ..checks import Event, History, Kind, Verdict

AROUND = 4
MOST_ROWS = 24
_TO_TARGET = frozenset({Kind.CONNECT, Kind.SEND, Kind.QUERY, Kind.PING, Kind.PONGED})
_NOTED = frozenset({Kind.SEND_UNKNOWN, Kind.QUERY_UNKNOWN, Kind.CONNECT_FAILED, Kind.FAULT, Kind.MARK, Kind.SAMPLE, Kind.SPOKEN})
"""What the kit did or concluded itself: nothing of it went over the wire."""
_STYLE = "border-collapse:collapse;font:12px monospace;background:#fff;color:#222;white-space:nowrap"


def sequence_diagram(history: History, verdict: Verdict) -> str:
    """The first violation's events with their neighbours, as arrows between client and target."""
    evidence = {index for violation in verdict.violations[:1] for index in violation.evidence}
    rows = _rows(history, evidence)
    if not rows:
        return "<p>There is no journal event to show.</p>"
    begin = history.events[0].time
    body = "".join(_row(event, begin, marked=event.index in evidence) for event in rows)
    return (
        f'<div style="overflow-x:auto"><table style="{_STYLE}"><caption style="text-align:left;padding:4px 0">'
        f"{escape(verdict.check)}: what went over the wire around the first violation</caption>"
        '<tr><th scope="col" style="padding:2px 8px;text-align:right">time</th><th scope="col" style="padding:2px 8px">client</th>'
        f'<th scope="col"></th><th scope="col" style="padding:2px 8px">target</th></tr>{body}</table></div>'
    )


def _rows(history: History, evidence: set[int]) -> list[Event]:
    places = [place for place, event in enumerate(history.events) if event.index in evidence]
    shown = sorted({near for place in places for near in range(max(0, place - AROUND), min(len(history.events), place + AROUND + 1))})
    return [history.events[place] for place in shown[:MOST_ROWS]]


def _row(event: Event, begin: float, *, marked: bool) -> str:
    text = escape(_text(event))
    arrow = f"·· {text} ··" if event.kind in _NOTED else f"── {text} ──▶" if event.kind in _TO_TARGET else f"◀── {text} ──"
    style = "background:#fde8e6;font-weight:bold" if marked else ""
    return (
        f'<tr style="{style}"><td style="padding:2px 8px;text-align:right">+{event.time - begin:.3f} s</td>'
        f'<td style="padding:2px 8px">{escape(event.client)}</td><td style="padding:2px 8px">{arrow}</td>'
        f'<td style="padding:2px 8px">{"✗ here" if marked else ""}</td></tr>'
    )


def _text(event: Event) -> str:
    parts = [str(event.kind).replace("_", " ")]
    if event.message_id:
        parts.append(event.message_id)
    if event.attempt and event.attempt > 1:
        parts.append(f"attempt {event.attempt}")
    details = event.details or {}
    parts += [str(details[name]) for name in ("fault", "state") if name in details]
    parts += [f"{name} {details[name]}" for name in ("reason", "code") if name in details]
    return " ".join(parts)
