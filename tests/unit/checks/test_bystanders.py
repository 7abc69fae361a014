"""A bystander's throughput: told by hand, and against the sum of the exact binomial distribution."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest
from hypothesis import strategies as st
from random_histories import against_oracle, choices, codes, expect

from Lockstep.checks import Event, History, Kind
from Lockstep.checks.neighbours import throughput_kept


def sending(*spans: tuple[int, float, float], others: int = 0) -> tuple[History, list[int]]:
    """In each span so many messages, so far apart (s), of which such a share is answered at once; and where each span begins."""
    events: list[Event] = []
    begins, clock = [], 0.0
    for count, apart, share in spans:
        begins.append(len(events))
        for number in range(count):
            events.append(Event(len(events), clock, Kind.SEND, "bob", 2, "bob", f"m{len(events)}"))
            if int((number + 1) * share) > int(number * share):
                events.append(Event(len(events), clock, Kind.REPLY, "bob", 2, "bob", events[-1].message_id))
            events += [Event(len(events), clock, Kind.SEND, "alice", 1, "alice", "x")] * others
            events[-1] = events[-1]._replace(index=len(events) - 1)
            clock += apart
    return History(events), begins


@pytest.mark.parametrize(
    ("during", "found"),
    [
        ((200, 0.02, 1.0), {}),
        ((200, 0.02, 0.95), {}),
        ((200, 0.02, 0.90), {}),
        ((200, 0.02, 0.80), {"blocked_by_neighbour": 1}),
        ((200, 0.02, 0.0), {"blocked_by_neighbour": 1}),
        ((160, 0.025, 1.0), {"blocked_by_neighbour": 1}),
        ((200, 0.01, 1.0), {}),
    ],
)
def test_a_clear_loss_of_throughput_is_a_violation_and_five_percent_are_none(during: tuple[int, float, float], found: dict[str, int]) -> None:
    history, (_, since) = sending((200, 0.02, 1.0), during)
    verdict = throughput_kept(history, "bob", since)
    assert verdict.counts == found, verdict.measurements
    assert verdict.exercised > 90


def test_the_sentence_names_both_rates() -> None:
    history, (_, since) = sending((101, 0.02, 1.0), (101, 0.02, 0.5), others=1)
    assert throughput_kept(history, "bob", since).violations[0].sentence == (
        "bob got 25.0 answers a second while others were in trouble, 50 of 100 fewer than at its 50.0 a second before"
    )


def test_what_comes_behind_the_trouble_does_not_count() -> None:
    history, (_, since, until) = sending((200, 0.02, 1.0), (200, 0.02, 1.0), (200, 0.02, 0.0))
    assert throughput_kept(history, "bob", since, until).ok
    assert not throughput_kept(history, "bob", since).ok


@pytest.mark.parametrize("client", ["bob", "carol"])
def test_without_a_baseline_or_without_sendings_nothing_is_judged(client: str) -> None:
    for spans in ([(0, 0.02, 1.0), (200, 0.02, 1.0)], [(200, 0.02, 1.0), (1, 0.02, 1.0)], [(200, 0.02, 0.0), (200, 0.02, 1.0)]):
        history, (_, since) = sending(*spans)
        assert throughput_kept(history, client, since).counts == {"vacuous": 1}


@st.composite
def phases(draw: st.DrawFn) -> list[tuple[int, float, float]]:
    _, made = draw(choices(1, 1, 8))
    return [(made.pick(5, 20, 60), made.pick(0.1, 0.1, 0.2), made.pick(1.0, 1.0, 0.9, 0.5, 0.0)) for _ in range(2)]


@against_oracle(phases())
def test_what_is_missing_is_weighed_by_the_exact_distribution(spans: list[tuple[int, float, float]]) -> None:
    history, (_, since) = sending(*spans)
    found = []
    rates = []
    for begin, end in ((0, since), (since, len(history.events))):
        mine = [event for event in history.events if begin <= event.index < end]
        sends = [event for event in mine if event.kind is Kind.SEND]
        answers = [event for event in mine if event.kind is Kind.REPLY and event.index < sends[-1].index]
        rates.append((len(answers), sends[-1].time - sends[0].time))
    (usual, seconds), (answers, lasted) = rates
    due = round(usual / seconds * lasted)
    missing = due - answers
    if missing > 0:
        tail = sum(comb(due, hits) * Fraction(1, 20) ** hits * Fraction(19, 20) ** (due - hits) for hits in range(missing, due + 1))
        found += ["blocked_by_neighbour"] * (tail <= Fraction(1, 10**6))
    verdict = throughput_kept(history, "bob", since)
    assert (verdict.exercised, codes(verdict)) == (due, expect(*found))
