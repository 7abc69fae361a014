"""A failure: one sentence, then the evidence with its neighbours, then how to see it again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..checks import Code, Event, History, Kind, Verdict, Violation

AROUND = 2
"""Neighbours shown on each side of the first violation."""
OTHERS_SHOWN = 4


def failure_text(verdicts: Sequence[Verdict], history: History, seed: int) -> str:
    """The text of a failed expectation: the first violation in full, further ones by sentence, the rest counted."""
    first = verdicts[0].violations[0]
    lines = [first.sentence.rstrip(".") + "."]
    evidence = _events(history, first)
    if first.code is Code.REORDERED and evidence:
        lines.append(_order_around(history, evidence[0]))
    lines.append(_where(history, evidence, first, seed))
    others = [violation for verdict in verdicts for violation in verdict.violations if violation is not first]
    lines += [f"  also: {violation.sentence} [{violation.code}]" for violation in others[:OTHERS_SHOWN]]
    total = sum(count for verdict in verdicts for count in verdict.counts.values())
    if (hidden := total - 1 - len(others[:OTHERS_SHOWN])) > 0:
        lines.append(f"  and {hidden:,} more")
    return "\n".join(lines)


def _events(history: History, violation: Violation) -> list[Event]:
    wanted = set(violation.evidence)
    return [event for event in history.events if event.index in wanted]


def _where(history: History, evidence: Sequence[Event], violation: Violation, seed: int) -> str:
    parts = [f"[{violation.code}]"]
    if evidence:
        parts.append(f"at +{max(event.time for event in evidence) - history.events[0].time:.3f} s")
        parts.append(f"journal events {', '.join(str(event.index) for event in evidence)}")
    if violation.ledger:
        parts.append(f"ledger rows {', '.join(map(str, violation.ledger))}")
    return f"  {'; '.join(parts)}; --seed {seed} repeats it"


def _order_around(history: History, event: Event) -> str:
    """Expected and arrived order of the messages around an event, by sequence id or short message id."""
    if event.kind is Kind.AGENT_MESSAGE:  # agents speak whether the user is there or not
        sent = _labels(item for item in history.events if item.kind is Kind.SPOKEN and item.user == event.user)
    else:
        sent = _labels(item for item in history.events if item.kind is Kind.SEND and item.connection == event.connection)
    answer = Kind.AGENT_MESSAGE if event.kind is Kind.AGENT_MESSAGE else Kind.REPLY
    arrived = _labels(item for item in history.events if item.kind is answer and item.connection == event.connection)
    label = _label(event)
    return f"  expected {_window(sent, label)}   arrived {_window(arrived, label)}"


def _labels(events: Iterable[Event]) -> list[str]:
    return [_label(event) for event in events]


def _label(event: Event) -> str:
    return str(event.sequence_id) if event.sequence_id is not None else str(event.message_id).rsplit(".", 1)[-1]


def _window(labels: Sequence[str], label: str) -> str:
    if label not in labels:
        return "(not there)"
    place = labels.index(label)
    begin, end = max(0, place - AROUND), min(len(labels), place + AROUND + 1)
    return ("… " if begin else "") + " ".join(labels[begin:end]) + (" …" if end < len(labels) else "")
