"""Slopes, rising latency and replies that stick out, each against the obvious way to judge it."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Sequence
from fractions import Fraction
from statistics import median, pstdev
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_histories import against_oracle, codes, examples, expect

from Lockstep.checks import Event, History, Kind
from Lockstep.checks.course import Stretch, few_outliers, lag_limit, no_latency_trend, no_rise, outlier_limit, too_coarse
from Lockstep.checks.load import Part
from Lockstep.checks.trend import slope, thinned, variation


def slopes_of(points: list[tuple[float, float]]) -> list[Fraction]:
    """Between all pairs, ascending."""
    pairs = itertools.combinations(points, 2)
    return sorted(Fraction(b[1] - a[1]) / Fraction(b[0] - a[0]) for a, b in pairs if a[0] != b[0])


def kendall(values: list[float]) -> float:
    """How many more pairs rise than fall."""
    return sum((b > a) - (b < a) for a, b in itertools.combinations(values, 2))


def chance(places: Sequence[float]) -> float:
    """The standard deviation of that number where values come to these places in any order; those at one place are not compared."""
    alike = [len(places), *(-len([*same]) for _, same in itertools.groupby(sorted(places)))]
    return math.sqrt(sum(Fraction(count * (abs(count) - 1) * (2 * abs(count) + 5), 18) for count in alike))


# slopes -----------------------------------------------------------------------------------------------------------------------


@examples(200)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(-50, 50)), max_size=20), st.sampled_from((0.5, 2.0, 4.5)))
def test_the_slope_is_the_middle_of_all_slopes_and_its_interval_leaves_out_as_many_at_both_ends(
    points: list[tuple[float, float]], sure: float
) -> None:
    every = slopes_of(points)
    found = slope(points, sure)
    assert found.middle == pytest.approx(float(median(every)) if every else 0)
    certain = sure * chance([x for x, _ in points])
    if not every or len(every) < certain:
        assert (found.least, found.most) == (-math.inf, math.inf)
        return
    inside = every
    while len(inside) - 2 >= certain:
        inside = inside[1:-1]
    assert (found.least, found.most) == (pytest.approx(float(inside[0])), pytest.approx(float(inside[-1])))


@examples(200)
@given(st.lists(st.integers(0, 999), min_size=3, max_size=24, unique=True), st.sampled_from((1.0, 2.0, 4.5)))
def test_a_slope_is_surely_above_0_when_values_rise_more_steadily_than_chance_lets_them(values: list[int], sure: float) -> None:
    assert (slope(list(enumerate(values)), sure).least > 0) is (kendall(values) >= sure * chance(range(len(values))))


@pytest.mark.parametrize("places", [(0, 1, 2, 3, 4, 5), (0, 0, 0, 0, 1, 2), (0, 0, 1, 1, 2, 2), (0, 0, 0, 1, 1, 1), (0, 0, 0, 0, 0, 1)])
def test_chance_is_what_all_orders_of_the_values_show(places: tuple[int, ...]) -> None:
    pairs = [pair for pair in itertools.combinations(range(len(places)), 2) if places[pair[0]] != places[pair[1]]]
    orders = itertools.permutations(range(len(places)))
    assert pstdev([sum(1 if order[b] > order[a] else -1 for a, b in pairs) for order in orders]) == pytest.approx(chance(places))


def test_a_server_at_rest_takes_no_certainty_from_what_was_seen_under_load() -> None:
    busy = [(messages, 10 * messages) for messages in range(20)]
    assert slope(busy).most == 10
    assert slope(busy + [busy[-1]] * 180).most == 10


def test_twelve_points_can_be_sure_and_eleven_cannot() -> None:
    assert slope([(n, n) for n in range(12)]).least == 1
    assert slope([(n, n) for n in range(11)]).least == -math.inf


@examples(100)
@given(st.lists(st.integers(0, 5), max_size=30), st.integers(2, 8))
def test_thinned_keeps_order_ends_and_number(items: list[int], most: int) -> None:
    numbered = list(enumerate(items))
    kept = thinned(numbered, most)
    assert len(kept) == min(len(items), most) == len(set(kept))
    assert kept == sorted(kept)
    assert not items or (kept[0], kept[-1]) == (numbered[0], numbered[-1])


@examples(100)
@given(st.dictionaries(st.integers(0, 50), st.integers(1, 4), max_size=8))
def test_the_coefficient_of_variation_is_that_of_all_values_one_by_one(counts: dict[int, int]) -> None:
    values = [value for value, count in counts.items() for _ in range(count)]
    expected = pstdev(values) / (sum(values) / len(values)) if sum(values) else 0
    assert variation(counts) == pytest.approx(expected)


# rises ------------------------------------------------------------------------------------------------------------------------


@against_oracle(st.integers(0, 10**9))
def test_latency_rises_in_most_pairs_of_stretches_and_by_much(seed: int) -> None:
    made = random.Random(seed)
    count, rise = made.randint(10, 20), made.choice((0.0, 0.004, 0.01, 0.05))
    base, noise = made.choice((0.01, 0.6)), made.choice((0.0, 0.01, 0.2))
    stretches = [Stretch(made.choice((0, 1, 90, 90, 90)), base + rise * place + noise * made.random()) for place in range(count)]
    points = [(place, stretch.median) for place, stretch in enumerate(stretches) if stretch.replies]
    enough = len(points) >= 12
    every = slopes_of(points)
    grown = float(median(every)) * (points[-1][0] - points[0][0]) if every else 0
    began = max(median(value for _, value in points) - grown / 2, 0) if points else 0
    steady = enough and kendall([value for _, value in points]) >= 4.5 * chance(range(len(points)))
    verdict = no_rise(stretches)
    assert verdict.exercised == (sum(stretch.replies for stretch in stretches) if enough else 0)
    assert codes(verdict) == expect(*["too_slow"] * (steady and grown > 0.05 and began + grown > 2 * began))


def history(latencies: list[float]) -> History:
    """Messages with these latencies, answered in order."""
    events: list[Event] = []
    for number, took in enumerate(latencies):
        for kind, at in ((Kind.SEND, number * 1.0), (Kind.REPLY, number + took)):
            events.append(Event(len(events), at, kind, "alice", 1, "alice", f"m{number}", 1))
    return History(events)


@pytest.mark.parametrize(("latency", "expected"), [
    (lambda n, noise: 0.005 + 0.02 * noise, {}),
    (lambda n, noise: 0.005 + 0.0005 * n + 0.02 * noise, {"too_slow": 1}),
    (lambda n, noise: 0.005 + 0.00005 * n + 0.001 * noise, {}),
    (lambda n, noise: 0.005 + (0.3 if n > 200 else 0) + 0.02 * noise, {}),
    (lambda n, noise: 0.5 + 0.0005 * n + 0.02 * noise, {}),
    (lambda n, noise: 0.3 - 0.0005 * n + 0.02 * noise, {}),
])
def test_latency_rises_when_it_does_so_steadily_and_by_much(latency: Any, expected: dict[str, int]) -> None:
    noise = random.Random(4711).random
    assert codes(no_latency_trend(history([latency(number, noise()) for number in range(400)]))) == expected


def test_the_sentence_of_a_rise_has_its_ends_and_too_few_replies_tell_nothing() -> None:
    (violation,) = no_latency_trend(history([0.001 * (number + 1) for number in range(400)])).violations
    assert violation.sentence == "latency rose steadily over 400 replies, from 11 ms to 391 ms; 50 ms more are allowed"
    assert violation.evidence == (1, 799)
    assert no_latency_trend(history([0.001] * 39)).counts == {"vacuous": 1}
    assert no_rise([Stretch(90, 0.01 * place) for place in range(11)]).counts == {"vacuous": 1}


@against_oracle(st.integers(38, 90), st.integers(0, 10**9))
def test_windows_of_a_journal_hold_equally_many_replies_in_order(count: int, seed: int) -> None:
    made = random.Random(seed)
    drift = made.choice((0.0, 0.005))
    took = [0.01 + drift * number + 0.05 * made.random() for number in range(count)]
    windows = [took[place * count // 20 : (place + 1) * count // 20] for place in range(20)] if count >= 40 else []
    expected = no_rise([Stretch(len(window), median(window)) for window in windows if window])
    verdict = no_latency_trend(history(took))
    assert (verdict.exercised, codes(verdict)) == (expected.exercised, codes(expected))
    assert verdict.exercised == (count if count >= 40 else 0)


# outliers ---------------------------------------------------------------------------------------------------------------------


def test_a_reply_sticks_out_at_ten_times_the_median_and_50_ms_at_least() -> None:
    assert outlier_limit(0.001) == 0.05
    assert outlier_limit(0.02) == pytest.approx(0.2)


@against_oracle(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 6)), max_size=20))
def test_outliers_are_too_many_when_more_than_half_of_the_stretches_have_too_many(drawn: list[tuple[int, int]]) -> None:
    stretches = [Part("stretch", replies, min(late, replies)) for replies, late in drawn]
    counted = [part for part in stretches if part.replies]
    bad = sum(Fraction(part.late, part.replies) >= Fraction(1, 100) for part in counted)
    verdict = few_outliers(stretches)
    assert verdict.exercised == sum(part.replies for part in stretches)
    assert codes(verdict) == expect(*["too_slow"] * (2 * bad > len(counted)))


def test_the_generator_may_be_late_with_one_message_of_a_thousand() -> None:
    assert (lag_limit(0.001), lag_limit(0.02)) == (0.025, pytest.approx(0.1))
    assert not too_coarse(1, 1000)
    assert too_coarse(2, 1000)


def test_one_moment_in_which_all_stood_still_is_no_tail() -> None:
    assert few_outliers([Part("stretch", 60, 60 if place < 5 else 0) for place in range(20)]).ok


def test_the_sentence_of_outliers() -> None:
    verdict = few_outliers([Part("stretch", 500, 20)] * 20)
    (violation,) = verdict.violations
    assert violation.sentence == (
        "400 of 10,000 replies took ten times as long as the usual one and 50 ms at least; in most of 20 stretches they were 4.0 % or more, "
        "where less than 1 % may be"
    )
    assert [(figure.name, figure.value) for figure in verdict.measurements] == [("outlier_share", 4.0), ("outlier_share_typical", 4.0)]
    assert few_outliers([Part("nothing", 0, 0)]).counts == {"vacuous": 1}
