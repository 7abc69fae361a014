"""Random small histories, wrong as often as right, and the obvious questions that oracles ask of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from Lockstep.checks import Event, History, Kind, LedgerRow, Verdict

witnessed: set[bool] = set()
"""Whether the running test has seen violations, and verdicts over real samples without any."""


def against_oracle(*strategies: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], Callable[[], None]]:
    """A property test with the same examples in each run, which fails as well if its examples show only one kind of verdict."""

    def decorate(test: Callable[..., None]) -> Callable[[], None]:
        holds = settings(derandomize=True, deadline=None, max_examples=250)(given(*strategies)(test))

        def run() -> None:
            witnessed.clear()
            holds()
            assert witnessed == {True, False}, "the examples show only one kind of verdict"

        run.__name__ = test.__name__
        return run

    return decorate


USERS = ("alice", "bob")
IDS = ("m1", "m2", "m3")
ANSWERS = (Kind.REPLY, Kind.DUPLICATE, Kind.ACCEPTED, Kind.REFUSED)


@st.composite
def histories(draw: st.DrawFn, *, honest_echo: bool = False, size: int = 14) -> History:
    """Sendings, answers and processed rows in any order. A server either names attempts or never does."""
    echo = draw(st.booleans())
    users, ids = USERS[: draw(st.integers(1, 2))], IDS[: draw(st.integers(1, 3))]
    events: list[Event] = []
    attempts: Counter[tuple[str, str]] = Counter()
    kinds = st.sampled_from((Kind.SEND,) * 6 + (Kind.REPLY,) * 4 + ANSWERS + (Kind.SEND_UNKNOWN, Kind.FAULT, Kind.CLOSE))
    clock = 0.0
    for _ in range(draw(st.integers(size // 4, size))):
        kind, user, message_id = draw(kinds), draw(st.sampled_from(users)), draw(st.sampled_from(ids))
        connection = 1 + USERS.index(user) * 2 + draw(st.sampled_from((0, 0, 0, 1)))
        clock += draw(st.sampled_from((0.0, 0.1, 1.0, 3.0)))
        key, right = (user, message_id), IDS.index(message_id)
        digest = draw(st.sampled_from((f"d-{message_id}",) * 4 + ("d-other", None)))
        details = {"priority": draw(st.sampled_from(("high", "normal")))} if kind is Kind.SEND and draw(st.integers(0, 3)) == 0 else None
        if kind is Kind.SEND:
            attempts[key] += 1
            attempt: int | None = attempts[key]
            sequence = draw(st.sampled_from((right, right, None)))
        else:
            most = max(attempts[key], 1) if honest_echo else 3
            attempt = draw(st.integers(1, most)) if echo else None
            sequence = draw(st.sampled_from((right, right, right, None, 9)))
        events.append(Event(len(events) * 2 + 3, clock, kind, f"{user}-client", connection, user, message_id, attempt, sequence,
                            None, digest, details=details))
    rows = [
        LedgerRow(index, 0.0, user, "s", "c", message_id, 1 + index % max(attempts[user, message_id], 1) if echo else 0, None, digest, "a", what)
        for index, (user, message_id, digest, what) in enumerate(draw(st.lists(st.tuples(
            st.sampled_from(users), st.sampled_from(ids), st.sampled_from(("d-m1", "d-m2", "d-other", "")),
            st.sampled_from(("processed", "processed", "accepted")),
        ), max_size=6)))
    ]
    return History(events, rows)


def told(history: History, kind: Kind, send: Event) -> list[Event]:
    """The events of this kind about the message of this sending, from the first sending on."""
    begin = min(e.index for e in history.events if e.kind is Kind.SEND and (e.user, e.message_id) == (send.user, send.message_id))
    return [e for e in history.events if e.kind is kind and (e.user, e.message_id) == (send.user, send.message_id) and e.index >= begin]


def first_sends(history: History) -> list[Event]:
    """The first sending of each message."""
    sends = [event for event in history.events if event.kind is Kind.SEND]
    return [s for s in sends if not any(o.index < s.index and (o.user, o.message_id) == (s.user, s.message_id) for o in sends)]


def rows_of(history: History, send: Event) -> list[LedgerRow]:
    return [r for r in history.ledger if r.what == "processed" and (r.user, r.message_id) == (send.user, send.message_id)]


def open_attempts(history: History, send: Event) -> list[Event]:
    """The attempts that are refused in not every possible world."""
    sends = told(history, Kind.SEND, send)
    worlds: set[frozenset[int]] = {frozenset()}
    for refusal in told(history, Kind.REFUSED, send):
        worlds = {
            world | {attempt.index}
            for world in worlds for attempt in sends
            if attempt.index < refusal.index and attempt.index not in world and refusal.attempt in (None, attempt.attempt)
        } or worlds
    return [attempt for attempt in sends if any(attempt.index not in world for world in worlds)]


def meant(effect: Any, sends: list[Event]) -> list[Event]:
    """The attempts that an effect may be about."""
    return [send for send in sends if not effect.attempt or effect.attempt == send.attempt]


def codes(verdict: Verdict) -> dict[str, int]:
    """What was violated how often, vacuous left out, for oracles know nothing of it."""
    found = {str(code): count for code, count in verdict.counts.items() if code != "vacuous"}
    if verdict.exercised:
        witnessed.add(bool(found))
    return found


def expect(*found: str) -> dict[str, int]:
    return dict(Counter(found))
