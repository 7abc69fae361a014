"""What many connections at once got: each wrong thing by its code, at the border and beside it."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from random_histories import against_oracle, witnessed

from Lockstep.checks.crowd import (
    ENOUGH,
    Served,
    connections_served,
    memory_per_connection_within,
    newcomers_let_in,
    turned_away_openly,
)
from Lockstep.checks.verdict import Verdict

MB = 1_000_000
SERVED = st.builds(Served, st.just("connection"), st.integers(0, 3), st.sampled_from((0, 1, ENOUGH - 1, ENOUGH, 500)), st.sampled_from((0.0, 0.5, 0.501, 9.0)))


def codes(verdict: Verdict) -> dict[str, int]:
    return {str(code): count for code, count in verdict.counts.items()}


@against_oracle(st.lists(SERVED, max_size=6), st.sampled_from((0.5, None)), number=200)
def test_served_is_what_a_look_at_each_connection_says(connections: list[Served], limit: float | None) -> None:
    asking = [one for one in connections if one.due > 0]
    starved = sum(one.answered == 0 for one in asking)
    slow = sum(limit is not None and one.answered >= ENOUGH and one.p95 > limit for one in asking)
    found = codes(connections_served(connections, limit))
    assert found == {**({"starved": starved} if starved else {}), **({"too_slow": slow} if slow else {}), **({} if asking else {"vacuous": 1})}
    witnessed.add(bool(found))


def test_a_starved_and_a_slow_connection_are_named() -> None:
    verdict = connections_served([Served("connection 7", 12, 0, 0.0), Served("connection 8", 300, 300, 0.75)], 0.5)
    assert [violation.sentence for violation in verdict.violations] == [
        "connection 7 got no answer to 12 messages", "connection 8 waited 750 ms for 95 % of its 300 answers, where 500 ms are agreed",
    ]


@pytest.mark.parametrize(("grown", "expected"), [(20 * MB, {}), (20 * MB + 1, {"leak": 1}), (-MB, {})])
def test_memory_is_that_of_each_connection(grown: int, expected: dict[str, int]) -> None:
    verdict = memory_per_connection_within(grown, 10, 2 * MB)
    assert codes(verdict) == expected
    assert [(figure.name, figure.value) for figure in verdict.measurements] == [("memory_per_connection", grown / 10 / MB)]


def test_no_connection_costs_nothing_and_proves_nothing() -> None:
    assert codes(memory_per_connection_within(5 * MB, 0, 1)) == {"vacuous": 1}


@pytest.mark.parametrize(("how", "expected"), [
    ("close 1013", {}), ("http 503", {}), (None, {"not_refused": 1}), ("close 1011", {"wrong_close": 1}), ("it hung up", {"wrong_close": 1}),
])
def test_one_too_many_is_turned_away_as_promised(how: str | None, expected: dict[str, int]) -> None:
    assert codes(turned_away_openly(how, ["close 1013", "http 503"])) == expected


@against_oracle(st.lists(st.sampled_from((0.5, 1.0, 5.0, 5.01, 60.0, None)), max_size=7))
def test_newcomers_wait_as_long_as_the_one_in_the_middle(waits: list[float | None]) -> None:
    came = sorted(wait for wait in waits if wait is not None)
    half = (came[(len(came) - 1) // 2] + came[len(came) // 2]) / 2 if came else 0.0
    found = codes(newcomers_let_in(waits, 5.0))
    expected = {"starved": 1} if None in waits else {}
    assert found == {**expected, **({"too_slow": 1} if half > 5.0 else {}), **({} if waits else {"vacuous": 1})}
    witnessed.add(bool(found))
