"""Returns: told by hand, and against the plain median of all slopes."""

from __future__ import annotations

from statistics import median

import pytest
from hypothesis import strategies as st
from random_histories import against_oracle, codes, expect
from told_histories import Story

from Lockstep.checks import Kind
from Lockstep.checks.returns import context_times, returns_do_not_slow_down


def asked(story: Story, request: str, question: str, connection: int, took: float) -> None:
    story.add(Kind.QUERY, message_id=request, connection=connection, details={"question": question})
    story.wait(took - 0.1)
    story.add(Kind.ANSWER, message_id=request, connection=connection, details={"question": question, "fields": {"version": 1}})


def test_the_time_of_the_client_does_not_count_and_only_the_first_question_does() -> None:
    story = Story()
    story.add(Kind.CONNECT)
    story.connected()
    asked(story, "q0", "conversation_history", 1, 0.4)
    story.add(Kind.CLOSE)
    story.add(Kind.CONNECT, connection=7)
    story.wait(0.2)
    story.add(Kind.CONNECTED, connection=7)
    story.wait(50.0)
    asked(story, "q1", "agent_context", 7, 0.5)
    asked(story, "q2", "conversation_history", 7, 9.0)
    story.add(Kind.CLOSE, connection=7)
    story.add(Kind.CONNECT, connection=8)
    story.add(Kind.CONNECTED, connection=8)
    asked(story, "q3", "agent_state", 8, 0.3)
    assert context_times(story.history) == pytest.approx([0.3 + 0.5])


def test_a_return_that_failed_has_no_context_and_failed_tries_count() -> None:
    story = Story()
    story.add(Kind.CONNECT)
    story.connected()
    story.add(Kind.CLOSE)
    story.add(Kind.CONNECT, connection=7)
    story.add(Kind.CONNECT_FAILED, connection=7)
    story.add(Kind.CONNECT, connection=8)
    story.add(Kind.CONNECTED, connection=8)
    asked(story, "q1", "conversation_history", 8, 0.2)
    story.add(Kind.CLOSE, connection=8)
    story.add(Kind.CONNECT, connection=9)
    assert context_times(story.history) == pytest.approx([0.3 + 0.2])


@pytest.mark.parametrize("took", [[0.1] * 10, [0.1, 9.0, 0.1, 0.1, 0.1], [0.1 - 0.005 * n for n in range(10)], [0.01 + 0.005 * n for n in range(10)]])
def test_a_steady_course_is_no_rise(took: list[float]) -> None:
    verdict = returns_do_not_slow_down(took)
    assert (verdict.exercised, verdict.counts) == (len(took), {}), verdict.violations


def test_a_rise_is_told_in_milliseconds() -> None:
    verdict = returns_do_not_slow_down([0.01 * n for n in range(10)])
    assert (codes(verdict), [violation.sentence for violation in verdict.violations]) == (
        expect("too_slow"), ["from the first to the last of 10 returns it took 90 ms longer, where 50 ms are allowed"],
    )
    assert [(one.name, round(one.value), one.unit, one.samples) for one in verdict.measurements] == [("reconnect_rise", 90, "ms", 10)]


def test_too_few_returns_show_nothing() -> None:
    assert returns_do_not_slow_down([0.1, 0.2, 0.3, 9.9]).counts == {"vacuous": 1}


@against_oracle(st.lists(st.integers(0, 60), min_size=5, max_size=9), number=200)
def test_the_rise_is_the_median_of_all_slopes(took: list[int]) -> None:
    slopes = [(took[j] - took[i]) / (j - i) for i in range(len(took)) for j in range(i + 1, len(took))]
    rise = median(slopes) * (len(took) - 1)
    if abs(rise - 50) > 1e-6:
        assert codes(returns_do_not_slow_down([value / 1000 for value in took])) == expect(*["too_slow"] * (rise > 50))
