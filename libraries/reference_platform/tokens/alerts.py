"""Alerts: what a row of audit events means, said once. The rules are data."""

from __future__ import annotations

from collections import deque
from typing import Any, NamedTuple

from .audit_trail import Event

KEPT = 1000
"""So many of the last alerts are kept, and so many subjects watched per rule."""
EXPIRED = frozenset({"token_expired"})
FORGED = frozenset({"token_signature", "token_algorithm", "token_issuer", "token_audience"})
REFUSED = EXPIRED | FORGED | {"token_malformed", "token_revoked", "token_not_yet"}


class Rule(NamedTuple):
    """An alert is raised when ``at_least`` events of these types share their ``by`` within ``within`` seconds."""

    name: str
    severity: str
    types: frozenset[str]
    by: str
    """The field that the events share."""
    at_least: int
    within: float
    different: str = ""
    """A field in which the counted events differ; none: every event counts."""


RULES = (
    Rule("repeated_expired_token_attempts", "CRITICAL", EXPIRED, "user", 5, 600),
    Rule("repeated_expired_token_attempts", "CRITICAL", EXPIRED, "address", 5, 600),
    Rule("token_attack_pattern", "CRITICAL", FORGED, "user", 3, 600),
    Rule("token_attack_pattern", "CRITICAL", FORGED, "address", 3, 600),
    Rule("token_attack_pattern", "CRITICAL", REFUSED, "address", 5, 600, different="user"),
    Rule("token_attack_pattern", "CRITICAL", REFUSED, "fingerprint", 3, 600, different="address"),
)
"""A forger tries again and again; a thief tries many users from one place, or one token from many places. Somebody whose token has run out
tries a few times from one place, and that is no alert.
"""


class Alerts:
    """Sees every event once, in order, and keeps what it means."""

    def __init__(self, rules: tuple[Rule, ...] = RULES) -> None:
        self._rules = rules
        self._seen: list[dict[str, deque[Event]]] = [{} for _ in rules]
        """By rule and subject: its events, the oldest first."""
        self._open: dict[tuple[Rule, str], dict[str, Any]] = {}
        self.raised: deque[dict[str, Any]] = deque(maxlen=KEPT)
        """An alert that is still going on counts further events and names the last."""

    def see(self, event: Event) -> None:
        """It has happened."""
        for rule, subjects in zip(self._rules, self._seen, strict=True):
            subject = getattr(event, rule.by)
            if event.type in rule.types and subject:
                self._watch(rule, subjects, subject, event)

    def _watch(self, rule: Rule, subjects: dict[str, deque[Event]], subject: str, event: Event) -> None:
        events = subjects.pop(subject, None) or deque(maxlen=KEPT)
        subjects[subject] = events  # the one seen last is the last to be forgotten
        if len(subjects) > KEPT:
            self._forget(rule, subjects)
        events.append(event)
        while events[0].time <= event.time - rule.within:
            events.popleft()
        count = len({getattr(one, rule.different) for one in events}) if rule.different else len(events)
        if count < rule.at_least:
            self._open.pop((rule, subject), None)
        elif (alert := self._open.get((rule, subject))) is not None:
            alert.update(count=count, last_event=event.number)
        else:
            alert = {
                "name": rule.name, "severity": rule.severity, "time": event.time, "by": rule.by, "subject": subject,
                "count": count, "first_event": events[0].number, "last_event": event.number,
            }  # fmt: skip
            self._open[rule, subject] = alert
            self.raised.append(alert)

    def _forget(self, rule: Rule, subjects: dict[str, deque[Event]]) -> None:
        oldest = next(iter(subjects))
        del subjects[oldest]
        self._open.pop((rule, oldest), None)
