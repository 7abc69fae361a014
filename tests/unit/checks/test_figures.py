"""Time, rate, fairness, progress and sizes."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_histories import against_oracle, codes, examples, expect, first_sends, histories, told
from told_histories import Story

from Lockstep.checks import History, Kind
from Lockstep.checks.fairness import jain_index, users_served_fairly
from Lockstep.checks.latency import binomial_tail, latencies, latency_figures, latency_within, mean_latency_within, percentile
from Lockstep.checks.progress import no_stall
from Lockstep.checks.rate import answered_rate, rate_sustained, sender_lag
from Lockstep.checks.sizes import messages_needed


def paced(*waits: float, user: str = "alice", story: Story | None = None) -> Story:
    """One message after the other, each answered after so many seconds."""
    story = story or Story()
    for number, wait in enumerate(waits):
        story.send(f"m{number}", user, intended=story.time - 0.05)
        story.time += wait - 0.15
        story.reply(f"m{number}", user)
    return story


@examples(100)
@given(st.lists(st.floats(0, 10), min_size=1), st.sampled_from((1, 50, 90, 99, 99.9, 100)))
def test_a_percentile_is_the_smallest_value_that_enough_values_do_not_exceed(values: list[float], p: float) -> None:
    enough = [v for v in values if Fraction(str(p)) / 100 * len(values) <= sum(other <= v for other in values)]
    assert percentile(sorted(values), p) == min(enough)


@examples(100)
@given(st.integers(1, 40), st.data())
def test_the_binomial_tail_is_exact(tries: int, data: st.DataObject) -> None:
    least, p = data.draw(st.integers(1, tries)), data.draw(st.sampled_from((Fraction(1, 100), Fraction(1, 20), Fraction(1, 2))))
    exact = sum(math.comb(tries, hits) * p**hits * (1 - p) ** (tries - hits) for hits in range(least, tries + 1))
    assert binomial_tail(least, tries, float(p)) == pytest.approx(float(exact), rel=1e-9)


def test_the_binomial_tail_at_its_ends() -> None:
    assert binomial_tail(1, 10, 0.0) == 0.0
    assert binomial_tail(1, 10, 1.0) == 1.0


@pytest.mark.parametrize(
    ("tries", "share", "least"),
    [(1000, 0.99, 29), (3000, 0.99, 60), (10_000, 0.99, 152), (30_000, 0.99, 386),
     (1000, 0.95, 87), (3000, 0.95, 211), (10_000, 0.95, 608), (30_000, 0.95, 1684)],
)
def test_so_many_late_replies_cannot_be_chance(tries: int, share: float, least: int) -> None:
    """The table of exact bounds at a level of one in a million."""
    assert binomial_tail(least, tries, 1 - share) <= 1e-6 < binomial_tail(least - 1, tries, 1 - share)


def test_too_slow_begins_where_chance_ends() -> None:
    for late, slow in ((86, {}), (87, {"too_slow": 1})):
        verdict = latency_within(paced(*[0.2] * (1000 - late), *[2.0] * late).history, limit=1.0)
        assert (codes(verdict), verdict.exercised) == (slow, 1000)
    assert verdict.violations[0].sentence == (
        "87 of 1000 replies took longer than 1000 ms, where 5 % of them may; the slowest took 2000 ms"
    )


@examples(100)
@given(histories())
def test_a_latency_runs_from_the_intended_first_sending_to_the_first_reply(history: History) -> None:
    expected = []
    for first in first_sends(history):
        expected += [(r.index, r.time - first.time) for r in told(history, Kind.REPLY, first)[:1]]
    assert list(latencies(history)) == [seconds for _, seconds in sorted(expected)]
    assert list(latencies(paced(0.5).history)) == [pytest.approx(0.5)]


def test_figures_have_names_that_criteria_use() -> None:
    figures = {figure.name: figure for figure in latency_figures(paced(0.2, 0.4, 0.6).history)}
    assert list(figures) == ["latency_mean", "latency_p50", "latency_p90", "latency_p95", "latency_p99", "latency_p99_9", "latency_max"]
    assert [figures[name].value for name in ("latency_mean", "latency_p50", "latency_max")] == pytest.approx([400, 400, 600])
    assert {(figure.unit, figure.samples) for figure in figures.values()} == {("ms", 3)}
    assert latency_figures(History([])) == ()


def test_a_mean_over_the_limit_is_too_slow() -> None:
    assert codes(mean_latency_within(paced(0.2, 0.4).history, limit=0.31)) == {}
    assert codes(mean_latency_within(paced(0.2, 0.4).history, limit=0.29)) == {"too_slow": 1}
    assert "vacuous" in mean_latency_within(History([]), limit=1).counts


def test_the_rate_is_of_answers_from_the_intended_first_sending_on() -> None:
    assert answered_rate(paced(1.0, 1.0).history) == pytest.approx(2 / 2.1, rel=0.1)
    assert answered_rate(History([])) == 0.0
    story = Story()
    story.send("m1")
    story.time -= 0.1
    story.reply("m1")
    assert answered_rate(story.history) == math.inf


@pytest.mark.parametrize(("required", "slow"), [(0.9, {}), (2.0, {"rate_not_sustained": 1})])
def test_a_rate_below_what_is_required_is_not_sustained(required: float, slow: dict[str, int]) -> None:
    assert codes(rate_sustained(paced(1.0, 1.0).history, required)) == slow


def test_a_server_that_never_answers_sustains_no_rate() -> None:
    story = Story()
    story.send("m1")
    assert codes(rate_sustained(story.history, 1.0)) == {"rate_not_sustained": 1}
    assert "vacuous" in rate_sustained(History([]), 1.0).counts


def test_the_senders_own_lag_is_a_figure_of_its_own() -> None:
    figures = {figure.name: figure.value for figure in sender_lag(paced(0.2, 0.2).history)}
    assert figures == {name: pytest.approx(50) for name in ("sender_lag_mean", "sender_lag_p99", "sender_lag_max")}
    assert sender_lag(Story().exchange("m1").history) == ()


@examples(100)
@given(st.lists(st.floats(0, 100), min_size=1, max_size=20))
def test_jain_is_the_squared_mean_over_the_mean_square(values: list[float]) -> None:
    squares = [value * value for value in values]
    expected = (math.fsum(values) / len(values)) ** 2 / (math.fsum(squares) / len(values)) if any(squares) else 1.0
    assert jain_index(values) == pytest.approx(expected)


@against_oracle(histories(size=24))
def test_users_are_judged_by_their_work_rates(history: History) -> None:
    rates = []
    for user in {first.user for first in first_sends(history)}:
        mine = [first for first in first_sends(history) if first.user == user]
        replies = sorted((r.index, r.time) for first in mine for r in told(history, Kind.REPLY, first)[:1])
        span = replies[-1][1] - min(mine, key=lambda first: first.index).time if replies else 1.0
        rates += [len(replies) / span] if span > 0 else []
    wrong = []
    if len(rates) > 1 and any(rates):
        mean = sum(rates) / len(rates)
        wrong = ["unfair"] * ((jain_index(rates) < 0.95) + (min(rates) / mean < 0.8))
    verdict = users_served_fairly(history)
    assert (verdict.exercised, codes(verdict)) == (len(rates) if len(rates) > 1 else 0, expect(*wrong))


@against_oracle(histories(honest_echo=True), st.sampled_from((0.5, 2.0, 4.0)))
def test_a_stall_is_a_long_time_without_an_outcome_while_a_message_waits(history: History, longest: float) -> None:
    settles = (Kind.REPLY, Kind.DUPLICATE, Kind.REFUSED, Kind.SEND_UNKNOWN)
    marks = [e for e in history.events if e.kind in (*settles, Kind.ACCEPTED, Kind.FAULT, Kind.CLOSE)]

    def waiting_since(message: list, moment: int) -> object:
        """The sending since which a message waits just after an event, or nothing; its first reply ends the waiting for good."""
        begun = None
        reply = next((e for e in message if e.kind is Kind.REPLY), None)
        for event in message:
            if event.index > moment or event is reply:
                if event is reply and event.index <= moment:
                    return None
                break
            if event.kind is Kind.SEND:
                begun = begun or event
            elif event.kind in settles and not (event.kind is Kind.DUPLICATE and reply):
                begun = None
        return begun

    messages = [sorted(e for k in Kind for e in told(history, k, first)) for first in first_sends(history)]
    last = history.events[-1] if history.events else None
    stalls = 0
    for begin, end in zip([None, *marks], [*marks, last], strict=True):
        if end is None or (end.kind is Kind.FAULT and end in marks):
            continue
        since = begin.time if begin and any(waiting_since(m, begin.index) for m in messages) else None
        if since is None:
            floor = begin.index if begin else -1
            starts = [
                e.time for m in messages for e in m
                if e.kind is Kind.SEND and e.index > floor and not waiting_since(m, e.index - 1) and waiting_since(m, e.index)
            ]
            since = min(starts, default=end.time)
        stalls += end.time - since > longest
    verdict = no_stall(history, longest)
    assert (verdict.exercised, codes(verdict)) == (len(messages), expect(*["stalled"] * stalls))


@pytest.mark.parametrize(
    ("p", "beta", "needed"),
    [(1 / 100, 1e-3, 688), (1 / 100, 1e-6, 1375), (1 / 100, 1e-9, 2062), (1 / 500, 1e-3, 3451), (1 / 500, 1e-6, 6901),
     (1 / 500, 1e-9, 10352), (1 / 5000, 1e-3, 34536), (1 / 5000, 1e-6, 69071), (1 / 5000, 1e-9, 103606)],
)
def test_so_many_messages_find_a_rare_defect(p: float, beta: float, needed: int) -> None:
    assert messages_needed(p, beta) == needed
    assert (1 - p) ** needed <= beta < (1 - p) ** (needed - 1)
