"""Steps of rising rate, each judged by itself, and where the target stops keeping up; what it says of its own time."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_histories import codes, examples
from told_histories import Story

from Lockstep.checks.latency import binomial_tail
from Lockstep.checks.scaling import Step, answered_in_full, steps_kept
from Lockstep.checks.stated import stated_times_possible
from Lockstep.checks.verdict import Verdict


def figures(verdict: Verdict) -> dict[str, float]:
    return {figure.name: figure.value for figure in verdict.measurements}


def good(rate: float, seconds: int = 10) -> Step:
    return Step(rate, int(rate * seconds), int(rate * seconds), 0, rate)


def test_steps_that_keep_all_limits_end_with_the_last_as_the_knee() -> None:
    verdict = steps_kept([good(100), good(300), good(600)], 300, 0.5)
    assert (codes(verdict), verdict.exercised) == ({}, 4000)
    assert figures(verdict) == {"knee": 600, "headroom": 300, "rate_correlation": pytest.approx(1.0)}


@pytest.mark.parametrize(("bad", "found"), [
    (good(300)._replace(answered=2999), {"rate_not_sustained": 1}), (good(300)._replace(late=400), {"too_slow": 1}),
    (good(300)._replace(answered=2000, late=2000), {"rate_not_sustained": 1, "too_slow": 1}), (good(300)._replace(late=150), {}),
    (good(300)._replace(reached=299.9), {"rate_not_sustained": 1}), (good(300)._replace(answered=2000, reached=200), {"rate_not_sustained": 2}),
])
def test_a_step_up_to_the_promised_rate_is_answered_in_full_and_in_time(bad: Step, found: dict[str, int]) -> None:
    verdict = steps_kept([good(100), bad, good(600)], 300, 0.5)
    assert codes(verdict) == found
    assert all("300 msg/s " in violation.sentence for violation in verdict.violations)
    assert figures(verdict)["knee"] == (100 if found else 600)


@pytest.mark.parametrize("bad", [good(600)._replace(answered=5999), good(600)._replace(late=800), good(600)._replace(reached=500)])
def test_above_the_promised_rate_a_step_may_miss_them_and_only_bounds_the_knee(bad: Step) -> None:
    verdict = steps_kept([good(100), good(300), bad, good(900)], 300, 0.5)
    assert codes(verdict) == {}
    assert (figures(verdict)["knee"], figures(verdict)["headroom"]) == (300, 0)


def test_without_a_step_that_keeps_up_there_is_no_knee_and_without_messages_nothing_to_judge() -> None:
    verdict = steps_kept([good(100)._replace(answered=0, reached=0.0)], 300, 0.5)
    assert figures(verdict) == {"knee": 0, "headroom": -300}
    nothing = steps_kept([Step(100, 0, 0, 0, 0.0)], 300, 0.5)
    assert (dict(nothing.counts), figures(nothing)["knee"]) == ({"vacuous": 1}, 0)


def test_a_cap_hides_in_the_correlation_and_shows_in_the_knee() -> None:
    """The rates 100 to 600 answered by a target that carries 500: r is better than the 0.95 that is often asked for."""
    capped = [Step(rate, rate * 10, rate * 10, 0, min(rate, 500)) for rate in range(100, 700, 100)]
    found = figures(steps_kept(capped, 300, 0.5))
    assert (found["knee"], found["headroom"]) == (500, 200)
    assert 0.95 < found["rate_correlation"] < 0.99


@st.composite
def stepped(draw: st.DrawFn) -> list[Step]:
    rates = sorted(draw(st.sets(st.integers(1, 20), min_size=1, max_size=6)))
    steps = []
    for rate in rates:
        sent = draw(st.integers(0, 300))
        answered = draw(st.sampled_from((sent, draw(st.integers(0, sent)))))
        late = draw(st.sampled_from((0, draw(st.integers(0, answered)))))
        steps.append(Step(rate, sent, answered, late, draw(st.floats(0, 20))))
    return steps


@examples(300)
@given(stepped(), st.integers(1, 20))
def test_steps_against_an_oracle_that_looks_at_each_alone(steps: list[Step], required: int) -> None:
    full = [step.answered == step.sent for step in steps]
    fast = [step.late * 20 <= step.answered or binomial_tail(step.late, step.answered, 0.05) > 1e-6 for step in steps]
    reached = [step.reached >= step.rate for step in steps]
    kept = [a and b and c and step.sent > 0 for a, b, c, step in zip(full, fast, reached, steps, strict=True)]
    knee = max((step.rate for place, step in enumerate(steps) if all(kept[: place + 1])), default=0)
    promised = [place for place, step in enumerate(steps) if step.rate <= required and step.sent]
    expected = {"rate_not_sustained": sum((not full[place]) + (not reached[place]) for place in promised),
                "too_slow": sum(not fast[place] for place in promised)}
    verdict = steps_kept(steps, required, 0.5)
    assert ("vacuous" in verdict.counts) == (not promised)
    assert codes(verdict) == {code: count for code, count in expected.items() if count}
    assert figures(verdict)["knee"] == knee


@examples(50)
@given(st.integers(0, 1000), st.integers(0, 1000))
def test_in_full_means_every_single_one(sent: int, more: int) -> None:
    assert dict(answered_in_full(sent + more, sent).counts) == ({"vacuous": 1} if sent + more == 0 else {"rate_not_sustained": 1} if more else {})


# the server's own statement of time


def replying(stated: Any, took: float = 0.5) -> Story:
    story = Story()
    story.send("a")
    story.wait(took - 0.1)
    story.reply("a", details={"processing_time": stated})
    return story


@pytest.mark.parametrize(("stated", "right"), [
    (0, True), (0.0, True), (0.3, True), (0.5, True), (0.51, True), (0.53, False), (-0.001, False), (1.8e9, False), (math.nan, False), (math.inf, False),
    ("0.1", False), (True, False), ([0.1], False),
])
def test_what_a_server_says_of_its_time_lies_between_nothing_and_what_was_measured(stated: Any, right: bool) -> None:
    verdict = stated_times_possible(replying(stated).history)
    assert codes(verdict) == ({} if right else {"disagreement": 1})
    assert verdict.exercised == 1


def test_a_wrong_statement_is_told_with_both_times_and_its_events() -> None:
    story = replying(-0.25)
    violation, = stated_times_possible(story.history).violations
    assert violation.sentence == "the reply to a says that it took -0.25 s, but it came 0.500 s after the sending"
    assert violation.evidence == tuple(event.index for event in story.events)
    assert "says that it took 'soon'" in stated_times_possible(replying("soon").history).violations[0].sentence


def test_replies_that_say_nothing_are_not_looked_at_and_of_several_sendings_the_first_counts() -> None:
    story = Story()
    story.exchange("a", details={"version": 3})
    story.exchange("b")
    assert dict(stated_times_possible(story.history).counts) == {"vacuous": 1}
    again = Story()
    again.send("a", attempt=1)
    again.wait(2)
    again.send("a", attempt=2)
    again.reply("a", attempt=2, details={"processing_time": 1.0})
    assert codes(stated_times_possible(again.history)) == {}
