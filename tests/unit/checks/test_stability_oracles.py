"""Connections, neighbours and sizes: each check against the obvious way to judge all pairs of events."""

from __future__ import annotations

import itertools
import math
import random
from fractions import Fraction
from statistics import median
from typing import Any

import pytest
from hypothesis import strategies as st
from random_histories import against_oracle, choices, codes, expect

from Lockstep.checks import Event, History, Kind
from Lockstep.checks.heartbeat import connections_stayed_up, pings_answered
from Lockstep.checks.isolation import snapshots_name_own_messages
from Lockstep.checks.latency import latency_within, mean_latency_within
from Lockstep.checks.leaks import descriptors_flat, memory_flat, memory_within, threads_within
from Lockstep.checks.neighbours import not_held_up
from Lockstep.checks.rate import rate_sustained

ENDS = ({"by": "us", "code": 1000}, {"by": "us", "code": 1002}, {"by": "target", "code": 1000}, {"by": "target", "code": 1011}, None)


def event(events: list[Event], kind: Kind, connection: int = 1, name: str | None = None, **fields: Any) -> Event:
    """One more event; every second one comes half a second later."""
    made = Event(2 * len(events), 0.5 * (len(events) // 2), kind, f"c{connection}", connection, f"u{connection}", name, **fields)
    events.append(made)
    return made


def harmed(events: list[Event], connection: int, before: int) -> bool:
    return any(e.kind is Kind.FAULT and e.connection in (0, connection) and e.index < before for e in events)


@st.composite
def linked(draw: st.DrawFn) -> list[Event]:
    """Connections that are opened, harmed and closed; some are closed twice, for the second end nobody asks."""
    count, made = draw(choices(1, 12, 4))
    events: list[Event] = []
    for _ in range(count):
        connection, kind = made.pick(1, 2, 3), made.pick(Kind.CONNECTED, Kind.CONNECTED, Kind.CLOSE, Kind.CLOSE, Kind.FAULT, Kind.OTHER)
        known = any(e.connection == connection and e.kind is Kind.CONNECTED for e in events)
        if kind is Kind.FAULT:
            event(events, kind, made.pick(0, 1, 2, 3))
        elif known is not (kind is Kind.CONNECTED):
            event(events, kind, connection, details=made.pick(*ENDS) if kind is Kind.CLOSE else None)
    return events


@against_oracle(linked())
def test_a_connection_that_was_not_harmed_ends_only_by_our_wish(events: list[Event]) -> None:
    exercised = lost = 0
    for connection in {e.connection for e in events if e.kind is Kind.CONNECTED}:
        end = next((e for e in events if e.kind is Kind.CLOSE and e.connection == connection), None)
        if end and harmed(events, connection, end.index):
            continue
        exercised += 1
        lost += end is not None and end.details != ENDS[0]
    verdict = connections_stayed_up(History(events))
    assert (verdict.exercised, codes(verdict)) == (exercised, expect(*["zombie"] * lost))


@st.composite
def pinged(draw: st.DrawFn) -> list[Event]:
    """Pings of two connections, answered in any order, once or never; sometimes the socket knows how long it took."""
    count, made = draw(choices(1, 16, 6))
    events: list[Event] = []
    for number in range(count):
        connection, kind = made.pick(1, 1, 2), made.pick(*(Kind.PING,) * 3, *(Kind.PONG,) * 3, Kind.OTHER, Kind.FAULT, Kind.CLOSE)
        open_ = [e for e in events if e.kind is Kind.PING and e.connection == connection and not pong(events, e)]
        if kind is Kind.PONG and open_:
            event(events, kind, connection, made.pick(*open_).message_id, details=made.pick(None, None, {"took": 0.25}, {"took": 2.5}))
        elif kind is not Kind.PONG and made.pick(True, kind in (Kind.PING, Kind.OTHER)):
            event(events, kind, made.pick(0, connection, connection) if kind is Kind.FAULT else connection, f"p{number}")
    return events


def pong(events: list[Event], ping: Event) -> Event | None:
    return next((e for e in events if e.kind is Kind.PONG and (e.connection, e.message_id) == (ping.connection, ping.message_id)), None)


@against_oracle(pinged())
def test_a_ping_is_answered_in_time_by_its_own_pong_or_that_of_a_later_one(events: list[Event]) -> None:
    exercised = late = 0
    for ping in (e for e in events if e.kind is Kind.PING):
        later = [p for p in events if p.kind is Kind.PING and p.connection == ping.connection and p.index >= ping.index]
        answers = sorted(answer.index for p in later if (answer := pong(events, p)))
        closed = [e for e in events if e.kind is Kind.CLOSE and e.connection == ping.connection]
        over = next(e for e in events if e.index == answers[0]) if answers else (*closed, events[-1])[0]
        took = (over.details or {}).get("took", over.time - ping.time) if over is pong(events, ping) else over.time - ping.time
        if not harmed(events, ping.connection, over.index) and (answers or took > 1):
            exercised += 1
            late += took > 1
    verdict = pings_answered(History(events), within=1)
    assert (verdict.exercised, codes(verdict)) == (exercised, expect(*["zombie"] * late))


# neighbours and latency -------------------------------------------------------------------------------------------------------


def by_chance(hits: int, tries: int, p: Fraction) -> Fraction:
    """How often chance shows so many hits or more."""
    return sum((math.comb(tries, n) * p**n * (1 - p) ** (tries - n) for n in range(hits, tries + 1)), Fraction(0))


def usual(values: list[float], share: Fraction) -> float:
    """The smallest value that so many do not exceed."""
    return min(v for v in values if sum(other <= v for other in values) >= share * len(values))


FATES = (0.001, 0.03, 0.1, 0.2, 0.6, 0.8, "silent", "refused", "unknown")


@st.composite
def neighboured(draw: st.DrawFn) -> tuple[History, dict[str, Any]]:
    """Messages of two clients, in calm times and busy ones, and the fate of each."""
    count, made = draw(choices(1, 14, 4))
    kinds, paced = made.pick(FATES[:4], FATES[1:3], FATES[2:], FATES[4:7]), made.pick(False, False, True)
    fates: dict[str, Any] = {}
    moments: list[tuple[float, int, Kind, str]] = []
    for number in range(count):
        name = made.pick("alice calm", *("alice busy",) * 6, "alice idle", "bob busy") + f" {number}"
        fates[name] = fate = made.pick(*(FATES[:3] if "calm" in name else kinds))
        moments.append((float(number), 0, Kind.SEND, name))
        if fate != "silent":
            kind = {"refused": Kind.REFUSED, "unknown": Kind.SEND_UNKNOWN}.get(str(fate), Kind.REPLY)
            moments.append((number + (0.5 if isinstance(fate, str) else fate), 1, kind, name))
    events = [
        Event(index, at, kind, name.split()[0], 1, name.split()[0], name, 1, intended=at - 0.1 if paced and kind is Kind.SEND and made.pick(0, 1) else None)
        for index, (at, _, kind, name) in enumerate(sorted(moments))
    ]
    return History(events), fates


def waited(history: History, name: str) -> float:
    """From the moment at which a message was wanted to its reply."""
    send, reply = (next(e for e in history.events if e.kind is kind and e.message_id == name) for kind in (Kind.SEND, Kind.REPLY))
    return reply.time - (send.time if send.intended is None else send.intended)


@against_oracle(neighboured())
def test_held_up_is_whose_messages_are_late_more_often_than_chance_shows(made: tuple[History, dict[str, Any]]) -> None:
    history, fates = made
    calm, busy = ([name for name in fates if when in name] for when in ("calm", "busy"))
    before = [waited(history, name) for name in calm if name.startswith("alice")]
    judged = [name for name in busy if name.startswith("alice") and fates[name] not in ("refused", "unknown")]
    wrong = False
    if before and judged:
        limit = max(5 * usual(before, Fraction(95, 100)), 0.05)
        late = sum(fates[name] == "silent" or waited(history, name) > limit for name in judged)
        wrong = late > 0 and by_chance(late, len(judged), Fraction(5, 100)) <= 1e-6
    verdict = not_held_up(history, "alice", calm, busy)
    assert (verdict.exercised, codes(verdict)) == (len(judged) if before else 0, expect(*["blocked_by_neighbour"] * wrong))


@against_oracle(neighboured(), st.sampled_from((0.02, 0.15, 0.5)))
def test_latencies_are_judged_by_chance_and_on_average(made: tuple[History, dict[str, Any]], limit: float) -> None:
    history, fates = made
    took = [waited(history, name) for name, fate in fates.items() if not isinstance(fate, str)]
    late = sum(seconds > limit for seconds in took)
    slow = late > Fraction(1, 2) * len(took) and by_chance(late, len(took), Fraction(1, 2)) <= Fraction(1, 50)
    verdict = latency_within(history, limit, share=0.5, alpha=0.02)
    assert (verdict.exercised, codes(verdict)) == (len(took), expect(*["too_slow"] * slow))
    verdict = mean_latency_within(history, limit)
    assert codes(verdict) == expect(*["too_slow"] * (bool(took) and sum(map(Fraction, took)) > limit * len(took)))


@against_oracle(neighboured(), st.sampled_from((0.5, 0.9, 2.0)))
def test_the_rate_is_that_of_answers_over_the_whole_time(made: tuple[History, dict[str, Any]], required: float) -> None:
    history, fates = made
    first = history.events[0]
    replies = [e for e in history.events if e.kind is Kind.REPLY]
    took = replies[-1].time - (first.time if first.intended is None else first.intended) if replies else 1.0
    verdict = rate_sustained(history, required)
    assert (verdict.exercised, codes(verdict)) == (len(fates), expect(*["rate_not_sustained"] * (len(replies) / took < required)))


# sizes ------------------------------------------------------------------------------------------------------------------------

SETTLED = (Kind.REPLY, Kind.REFUSED, Kind.DUPLICATE)


@st.composite
def sized(draw: st.DrawFn) -> list[Event]:
    """Samples of the server, most of them growing, with traffic and connections in between."""
    count, made = draw(choices(0, 30, 8))
    events: list[Event] = []
    growth, size = made.pick((0,), (0, 10), (0, 0, 900), (-40, 40)), 1000
    for _ in range(count):
        for _ in range(made.pick(0, 1, 2)):
            event(events, made.pick(*SETTLED, Kind.ACCEPTED, Kind.CONNECTED, Kind.CONNECTED, Kind.CLOSE), name="m")
        size += made.pick(*growth)
        figure = {"memory": size, "threads": made.pick(3, 3, 4, size // 20), "descriptors": made.pick(size // 8, size // 8, 200)}
        event(events, Kind.SAMPLE, 0, details=made.pick(figure, figure, figure, {"memory": size}, {"memory": None}, None))
    return events


def figures(events: list[Event], field: str) -> list[tuple[Event, int]]:
    return [(e, e.details[field]) for e in events if e.kind is Kind.SAMPLE and (e.details or {}).get(field) is not None]


def earlier(events: list[Event], sample: Event, *kinds: Kind) -> int:
    return sum(e.kind in kinds and e.index < sample.index for e in events)


@against_oracle(sized(), st.sampled_from((("memory", memory_within), ("threads", threads_within))), st.sampled_from((0, 30, 300)))
def test_growth_is_the_largest_less_the_first(events: list[Event], judged: tuple[str, Any], limit: int) -> None:
    field, check = judged
    values = [value for _, value in figures(events, field)]
    verdict = check(History(events), limit)
    assert (verdict.exercised, codes(verdict)) == (len(values), expect(*["leak"] * any(value - values[0] > limit for value in values)))


@against_oracle(sized(), st.sampled_from((0, 5)), st.sampled_from((0, 400, 4000)))
def test_memory_leaks_by_the_middle_of_the_slopes_of_all_pairs(events: list[Event], warm_up: int, floor: int) -> None:
    points = [(earlier(events, sample, *SETTLED), memory) for sample, memory in figures(events, "memory")]
    behind = [point for point in points if point[0] >= warm_up]
    slopes = [Fraction(b[1] - a[1], b[0] - a[0]) for a, b in itertools.combinations(behind, 2) if a[0] != b[0]]
    rise = median(slopes) if slopes else 0
    steps = [(b[1] - a[1], b[0]) for a, b in itertools.pairwise(behind)]
    largest, at = max(steps, default=(0, 0))
    rest = [(x, y - largest * (x >= at)) for x, y in behind]
    goes_on = bool(slopes) and median(Fraction(b[1] - a[1], b[0] - a[0]) for a, b in itertools.combinations(rest, 2) if a[0] != b[0]) > Fraction(5, 2)
    leak = len(behind) >= 12 and rise > 5 and goes_on and rise * (behind[-1][0] - behind[0][0]) > floor
    verdict = memory_flat(History(events), limit=5, warm_up=warm_up, floor=floor)
    assert (verdict.exercised, codes(verdict)) == (len(behind) if len(behind) >= 12 else 0, expect(*["leak"] * leak))


@against_oracle(sized(), st.sampled_from((0, 5, 40)))
def test_descriptors_leak_by_what_is_needed_at_least_early_and_late(events: list[Event], limit: int) -> None:
    needed = [
        count - earlier(events, sample, Kind.CONNECTED) + earlier(events, sample, Kind.CLOSE)
        for sample, count in figures(events, "descriptors")
    ]
    quarter = len(needed) // 4
    leak = len(needed) >= 12 and min(needed[-quarter:]) - min(needed[:quarter]) > limit
    verdict = descriptors_flat(History(events), limit)
    assert (verdict.exercised, codes(verdict)) == (len(needed) if len(needed) >= 12 else 0, expect(*["leak"] * leak))


PAGE, ARENA = 4096, 2**20


def grown(chance: random.Random, per_message: float, step: int) -> History:
    """A server that warms up for 10 000 messages and asks the system for memory in steps; 10 000 more show whether it goes on growing."""
    warm = chance.choice((0, 2_000_000, 40_000_000))
    events: list[Event] = []
    for number in range(20_001):
        if number % 400 == 0:
            used = 50_000_000 + warm * min(number / 10_000, 1) + per_message * number + chance.choice((0, 0, 0, 300_000)) * chance.random()
            memory = (int(used) // step + chance.choice((0, 1)) * (step == PAGE)) * step
            events.append(Event(len(events), 0.0, Kind.SAMPLE, "server", 0, details={"memory": memory}))
        events.append(Event(len(events), 0.0, Kind.REPLY, "alice", 1, "alice", "m"))
    return History(events)


@pytest.mark.parametrize("step", [PAGE, ARENA])
@pytest.mark.parametrize(("per_message", "expected"), [(0, {}), (16, {}), (1024, {"leak": 1}), (300, {"leak": 1})])
def test_warming_up_and_asking_for_memory_in_steps_is_no_leak_but_a_little_for_each_message_is(
    per_message: float, expected: dict[str, int], step: int
) -> None:
    for seed in range(3):
        assert codes(memory_flat(grown(random.Random(seed), per_message, step))) == expected


# isolation --------------------------------------------------------------------------------------------------------------------


@st.composite
def listing(draw: st.DrawFn) -> list[Event]:
    """Messages of two users under few ids, and answers that list ids."""
    count, made = draw(choices(1, 12, 8))
    events: list[Event] = []
    for _ in range(count):
        connection = made.pick(1, 2)
        kind = made.pick(Kind.SEND, Kind.SEND, Kind.QUERY, Kind.ANSWER, Kind.ANSWER)
        if kind is Kind.SEND:
            event(events, kind, connection, made.pick("m1", "m2", "m3"), attempt=1)
        else:
            fields = {"processed_message_ids": made.pick(None, [made.pick("m1", "m2", "m3", "older") for _ in range(made.pick(0, 1, 2))])}
            asked = {"question": "agent_state", **({"fields": fields} if kind is Kind.ANSWER else {})}
            event(events, kind, connection, "q", details=asked)
    return events


@against_oracle(listing())
def test_a_listed_message_that_only_another_user_sent_leaks(events: list[Event]) -> None:
    exercised = leaks = 0
    for answer in events:
        asked = any(e.kind is Kind.QUERY and e.connection == answer.connection and e.index < answer.index for e in events)
        if answer.kind is Kind.ANSWER and asked:
            for message_id in answer.details["fields"]["processed_message_ids"] or ():
                exercised += 1
                senders = {e.connection for e in events if e.kind is Kind.SEND and e.message_id == message_id}
                leaks += bool(senders) and answer.connection not in senders
    verdict = snapshots_name_own_messages(History(events))
    assert (verdict.exercised, codes(verdict)) == (exercised, expect(*["leaked_to_other_user"] * leaks))
