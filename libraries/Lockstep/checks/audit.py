"""What an investigator finds: every refusal is on record, once and in order, without a secret; and attacks were said aloud."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from . import wording
from .history import History
from .tokens import Attempt, attempts
from .verdict import Verdict
from .violations import Code

FINGERPRINT = re.compile(r"[0-9a-f]{16}")
TOKEN = re.compile(r"eyJ[\w-]{10,}\.[\w-]{10,}")
"""What a signed token looks like."""


class Noted(NamedTuple):
    """One event of the target's audit trail."""

    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody needs
    time: float
    type: str
    severity: str
    user: str
    address: str
    user_agent: str
    fingerprint: str
    session: str
    reason: str


REFUSAL = "token_"
"""Types of events about refused tokens begin so."""
MUST_SAY = ("type", "severity", "address")


def trail_is_sound(trail: Sequence[Noted], since: int, secrets: Collection[str] = ()) -> Verdict:
    """Events are numbered without a gap behind ``since`` (*gap*), in the order in which they happened (*reordered*), each says what must be said
    (*corrupted*), and none tells a secret (*leaked_to_other_user*). O(n) for each secret.
    """
    verdict, before = Verdict("the audit trail is sound"), None
    for expected, event in enumerate(trail, since + 1):
        verdict.exercised += 1
        if event.index != expected:
            verdict.violated(Code.GAP, f"event {event.index} of the audit trail stands where {expected} belongs")
        if before is not None and event.time < before.time:
            verdict.violated(Code.REORDERED, f"event {event.index} of the audit trail happened {before.time - event.time:.3f} s before the one in front of it")
        missing = [name for name in MUST_SAY if not getattr(event, name)]
        if missing:
            verdict.violated(Code.CORRUPTED, f"event {event.index} of the audit trail does not say its {' and '.join(missing)}")
        if not FINGERPRINT.fullmatch(event.fingerprint):
            verdict.violated(Code.CORRUPTED, f"event {event.index} of the audit trail has a fingerprint that is not 16 hex digits")
        for name, value in event._asdict().items():
            if isinstance(value, str) and (TOKEN.search(value) or any(secret in value for secret in secrets)):
                verdict.violated(Code.LEAKED_TO_OTHER_USER, f"event {event.index} of the audit trail tells a secret in its {name}")
        before = event
    return verdict.concluded()


def refusals_on_record(history: History, trail: Iterable[Noted], proxies: Collection[str] = ()) -> Verdict:
    """Each refused attempt has one event (*lost*, *phantom*) that names the user whom the token names, the address that it came from and the
    program that called (*corrupted*). Events and attempts are joined by the fingerprint of the token.

    ``X-Forwarded-For`` is believed where one of ``proxies`` calls, and nowhere else. Records ``refusals_audited`` (%). O(n).
    """
    verdict = Verdict("every refusal is on record")
    noted: defaultdict[str, list[Noted]] = defaultdict(list)
    for event in trail:
        if event.type.startswith(REFUSAL):
            noted[event.fingerprint].append(event)
    tried: defaultdict[str, list[Attempt]] = defaultdict(list)
    for attempt in attempts(history):
        if attempt.ended is not None:
            tried[str((attempt.begun.details or {}).get("fingerprint"))].append(attempt)
    on_record = 0
    for fingerprint, mine in tried.items():
        verdict.exercised += len(mine)
        on_record += min(len(mine), len(noted[fingerprint]))
        _compare(verdict, history, mine, noted[fingerprint], proxies)
    if verdict.exercised:
        verdict.measured("refusals_audited", 100 * on_record / verdict.exercised, "%", verdict.exercised)
    return verdict.concluded()


def _compare(verdict: Verdict, history: History, tried: Sequence[Attempt], events: Sequence[Noted], proxies: Collection[str]) -> None:
    """Attempts with one token, and what is on record of it."""
    first, begun = tried[0], tried[0].begun
    if len(events) != len(tried):
        code = Code.LOST if len(events) < len(tried) else Code.PHANTOM
        verdict.violated(code, f"{first.title} was refused {len(tried)} times {wording.at(history, begun)} and after, and is on record {len(events)} times", begun)
    for event in events:
        for what in _wrong(event, first):
            verdict.violated(Code.CORRUPTED, f"event {event.index} of the audit trail about {first.title} {what}", begun)
    if strange := _strange(tried, events, proxies):
        verdict.violated(Code.CORRUPTED, f"{first.title} came from {strange[0]}, and is on record as from {strange[1]}", begun)


def _wrong(event: Noted, attempt: Attempt) -> Iterable[str]:
    """What an event says wrongly."""
    names = (attempt.begun.details or {}).get("names")
    if names is not None and event.user != names:
        yield f"names the user {event.user or 'nobody'}, where the token names {names or 'nobody'}"
    if not event.user_agent:
        yield "does not say with what program it was shown"


def _strange(tried: Sequence[Attempt], events: Sequence[Noted], proxies: Collection[str]) -> tuple[str, str] | None:
    """Addresses of attempts that no event has, and the other way round; None where they are the same or not known."""
    came = [_address(attempt, proxies) for attempt in tried]
    if None in came or len(events) != len(tried):
        return None
    expected, told = Counter(map(str, came)), Counter(event.address for event in events)
    return (_listed(expected - told), _listed(told - expected)) if expected != told else None


def _listed(addresses: Counter[str]) -> str:
    return ", ".join(sorted(addresses))


def _address(attempt: Attempt, proxies: Collection[str]) -> str | None:
    """Where an attempt comes from, for a target that trusts these proxies; None where we do not know our own address."""
    said: Mapping[str, str | None] = attempt.begun.details or {}
    source, hops = said.get("source"), [hop.strip() for hop in (said.get("forwarded") or "").split(",") if hop.strip()]
    while source in proxies and hops:
        source = hops.pop()
    return source


class Alert(NamedTuple):
    """What the target said aloud about somebody or some place."""

    name: str
    severity: str
    by: str
    subject: str


def alert_raised(alerts: Iterable[Alert], name: str, subjects: Mapping[str, str], severity: str = "") -> Verdict:
    """Of each of these subjects (as the target calls them -> in words) this alert was raised (*lost*), and is as grave as agreed (*corrupted*). O(n)."""
    verdict = Verdict("the alert was raised", exercised=len(subjects))
    raised = {alert.subject: alert for alert in alerts if alert.name == name}
    for subject, words in subjects.items():
        if subject not in raised:
            verdict.violated(Code.LOST, f"the alert {name} was not raised about {words}")
        elif severity and raised[subject].severity != severity:
            verdict.violated(Code.CORRUPTED, f"the alert {name} about {words} is {raised[subject].severity}, where {severity} is agreed")
    return verdict.concluded()


def no_alert_raised(alerts: Iterable[Alert], subjects: Mapping[str, str]) -> Verdict:
    """Of none of these subjects any alert was raised (*phantom*). O(n)."""
    verdict = Verdict("no alert was raised", exercised=len(subjects))
    for alert in alerts:
        if alert.subject in subjects:
            verdict.violated(Code.PHANTOM, f"the alert {alert.name} was raised about {subjects[alert.subject]}, who has only made mistakes")
    return verdict.concluded()
