"""Random small histories, wrong as often as right, and the obvious questions that oracles ask of them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from Lockstep.checks import Event, History, Kind, LedgerRow, Verdict

witnessed: set[bool] = set()
"""Whether the running test has seen violations, and verdicts over real samples without any."""


TIMES = int(os.environ.get("LOCKSTEP_TEST_TIMES", "1"))
"""With LOCKSTEP_TEST_TIMES=20 twenty times as many examples are tried, new ones in each run; a failure prints how to repeat it."""


def examples(number: int) -> settings:
    """The same examples in each run, and no time limit: nothing here fails by chance or since the machine is busy."""
    return settings(derandomize=TIMES == 1, deadline=None, max_examples=number * TIMES, print_blob=True, database=None)


def against_oracle(*strategies: st.SearchStrategy[Any], number: int = 120) -> Callable[[Callable[..., None]], Callable[[], None]]:
    """A property test with the same examples in each run, which fails as well if its examples show only one kind of verdict."""

    def decorate(test: Callable[..., None]) -> Callable[[], None]:
        holds = examples(number)(given(*strategies)(test))

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


class Choices:
    """Picks from drawn bytes: one draw for a whole history is many times faster than one for each field, and still shrinks."""

    def __init__(self, drawn: bytes) -> None:
        self._left = iter(drawn)

    def pick(self, *options: Any) -> Any:
        return options[next(self._left) % len(options)]


@st.composite
def choices(draw: st.DrawFn, least: int, most: int, each: int) -> tuple[int, Choices]:
    """A number of events, and choices for so many: `each` for every event and 32 for the rest."""
    count = draw(st.integers(least, most))
    size = count * each + 32
    return count, Choices(draw(st.binary(min_size=size, max_size=size)))


@st.composite
def histories(draw: st.DrawFn, *, honest_echo: bool = False, size: int = 14) -> History:
    """Sendings, answers and processed rows in any order. A server either names attempts or never does."""
    count, made = draw(choices(size // 4, size, 9))
    echo = made.pick(False, True)
    users, ids = USERS[: made.pick(1, 2)], IDS[: made.pick(1, 2, 3)]
    events: list[Event] = []
    attempts: Counter[tuple[str, str]] = Counter()
    clock = 0.0
    for _ in range(count):
        kind = made.pick(*(Kind.SEND,) * 6, *(Kind.REPLY,) * 4, *ANSWERS, Kind.SEND_UNKNOWN, Kind.FAULT, Kind.CLOSE)
        user, message_id = made.pick(*users), made.pick(*ids)
        connection = 1 + USERS.index(user) * 2 + made.pick(0, 0, 0, 1)
        clock += made.pick(0.0, 0.1, 1.0, 3.0)
        key, right = (user, message_id), IDS.index(message_id)
        digest = made.pick(*(f"d-{message_id}",) * 4, "d-other", None)
        details, attempt = None, None
        if kind is Kind.SEND:
            attempts[key] += 1
            attempt = attempts[key]
            sequence = made.pick(right, right, None)
            details = made.pick({"priority": "high"}, {"priority": "normal"}, *(None,) * 6)
        else:
            if echo:
                attempt = 1 + made.pick(0, 1, 2) % (max(attempts[key], 1) if honest_echo else 3)
            sequence = made.pick(right, right, right, None, 9)
        events.append(Event(len(events) * 2 + 3, clock, kind, f"{user}-client", connection, user, message_id, attempt, sequence,
                            None, digest, details=details))
    rows = []
    for index in range(made.pick(0, 1, 2, 3, 4, 5, 6)):
        user, message_id = made.pick(*users), made.pick(*ids)
        attempt = 1 + index % max(attempts[user, message_id], 1) if echo else 0
        digest, what = made.pick("d-m1", "d-m2", "d-other", ""), made.pick("processed", "processed", "accepted")
        rows.append(LedgerRow(index, 0.0, user, "s", "c", message_id, attempt, None, digest, "a", what))
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
