"""What a load costs the server, each check against the obvious way to judge it."""

from __future__ import annotations

import math
from fractions import Fraction
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_histories import codes, examples
from told_histories import Story

from Lockstep.checks import Verdict
from Lockstep.checks.consumption import (
    STRETCHES,
    Look,
    given_back,
    kept_within,
    memory_level,
    tasks_given_back,
    undecided,
    work_level,
)
from Lockstep.checks.progress import drained_within, nothing_refused
from Lockstep.checks.violations import Code

MB = 1_000_000


def at(messages: float = 0, memory: float = 60 * MB, threads: int = 4, descriptors: int | None = 20, processor: float = 0.0) -> Look:
    return Look(messages, int(memory), threads, descriptors, processor)


def expect(verdict: Verdict, violations: dict[str, int], exercised: int) -> None:
    assert (codes(verdict), verdict.exercised) == ({code: count for code, count in violations.items() if count}, exercised)
    assert ("vacuous" in verdict.counts) == (exercised == 0)


def figures(verdict: Verdict) -> dict[str, float]:
    return {figure.name: figure.value for figure in verdict.measurements}


# what is given back -----------------------------------------------------------------------------------------------------------


@examples(100)
@given(st.lists(st.tuples(st.integers(0, 12), st.none() | st.integers(0, 12)), max_size=5), st.none() | st.integers(0, 12), st.integers(0, 6))
def test_the_lowest_figure_at_rest_decides_what_was_not_given_back(after: list[tuple[int, int | None]], descriptors: int | None, limit: int) -> None:
    verdict = given_back(at(threads=4, descriptors=descriptors), [at(threads=threads, descriptors=files) for threads, files in after], limit)
    known = [files for _, files in after if files is not None and descriptors is not None]
    expected = sum([bool(after) and all(threads > 4 + limit for threads, _ in after), bool(known) and all(files > (descriptors or 0) + limit for files in known)])
    expect(verdict, {"leak": expected}, len(after) + len(known))


def test_what_is_left_is_told() -> None:
    verdict = given_back(at(), [at(descriptors=250), at(descriptors=221)])
    assert [violation.sentence for violation in verdict.violations] == [
        "the server at rest still has 221 descriptors, where it had 20 before the load; 5 more are allowed"
    ]
    assert figures(verdict) == {"server_threads_left": 0, "server_descriptors_left": 201}


@examples(50)
@given(st.integers(0, 9), st.lists(st.integers(0, 20), max_size=4))
def test_tasks_are_given_back_like_all_else(before: int, after: list[int]) -> None:
    expect(tasks_given_back(before, after), {"leak": int(bool(after) and all(now > before + 5 for now in after))}, len(after))


# memory -----------------------------------------------------------------------------------------------------------------------


@examples(150)
@given(st.lists(st.integers(40, 120), max_size=15), st.integers(0, 20_000))
def test_what_was_refused_leaves_a_bounded_memory(memory: list[int], refused: int) -> None:
    verdict = kept_within([at(memory=each * MB) for each in memory], refused, limit=256, floor=4 * MB)
    seen = bool(memory) and refused > 0
    expect(verdict, {"leak": seen and min(memory[-10:]) * MB - memory[0] * MB > 256 * refused + 4 * MB}, refused if seen else 0)


def test_what_is_kept_of_refused_messages_is_told() -> None:
    verdict = kept_within([at(memory=60 * MB), *[at(memory=90 * MB)] * 10], 15_000, limit=256)
    assert [violation.sentence for violation in verdict.violations] == [
        "the server has 30.0 MB more than before 15000 messages that it refused, 2000 B for each, where 256 B and 4 MB in all are allowed"
    ]
    assert figures(verdict) == {"server_memory_per_message": 2000}



@examples(150)
@given(st.lists(st.integers(40, 120), max_size=12), st.lists(st.integers(40, 120), max_size=3))
def test_memory_levels_off_or_comes_back(during: list[int], rest: list[int]) -> None:
    looks = [at(place * 100, megabytes * MB) for place, megabytes in enumerate(during)]
    verdict = memory_level(looks, [at(0, megabytes * MB) for megabytes in rest], floor=4 * MB)
    third = Fraction(len(during) - 1, 3)
    middle = [megabytes for place, megabytes in enumerate(during) if third <= place <= len(during) - 1 - third]
    if not middle or not rest:
        expect(verdict, {}, 0)
        return
    came_back = 20 * (min(rest) - during[0]) <= max(during) - during[0]
    level = 20 * (min(rest) - Fraction(median(middle))) <= Fraction(median(middle)) + 20 * 4
    expect(verdict, {"leak": 0 if came_back or level else 1}, len(middle) + len(rest))
    assert figures(verdict) == {"server_memory_growth": (max(during) - during[0]) * MB, "server_memory_left": (min(rest) - during[0]) * MB}


def test_memory_that_is_kept_is_told() -> None:
    looks = [at(place, (60 + place) * MB) for place in range(100)]
    assert [violation.sentence for violation in memory_level(looks, [at(memory=159 * MB)]).violations] == [
        ("the server at rest has 159.0 MB, where it had 109.5 MB in the middle of the load and 159.0 MB at most: "
        "it neither levelled off nor gave back 95% of what it took")
    ]


@pytest.mark.parametrize(("figures", "violated", "expected"), [
    ({"most": 50.0}, False, None), ({"most": 12345.6}, True, None), ({}, True, None),
    ({"most": 12345.6}, False, "the memory seen supports at most 12,346 B for each message, where 50 B are to be shown; more messages narrow it"),
    ({"other": 1.0}, False, "the memory seen supports no bound for each message, where 50 B are to be shown; more messages narrow it"),
])
def test_a_slope_may_decide_nothing(figures: dict[str, float], violated: bool, expected: str | None) -> None:
    verdict = Verdict("slope", exercised=1)
    for name, value in figures.items():
        verdict.measured(name, value, "B/msg", 1)
    if violated:
        verdict.violated(Code.LEAK, "it leaks")
    assert undecided(verdict, "most", 50) == expected


# work -------------------------------------------------------------------------------------------------------------------------


def working(cost: float, more: float, looks: int = 60, each: int = 1000) -> list[Look]:
    """A server for which a message costs ever more: `cost` seconds at first, `more` times as much at the end."""
    done, found = 0.0, [at()]
    for place in range(looks):
        done += each * cost * (1 + (more - 1) * (place + 0.5) / looks)
        found.append(at((place + 1) * each, processor=done))
    return found


@pytest.mark.parametrize(("more", "expected"), [(0.5, {}), (1, {}), (1.5, {}), (1.9, {}), (2.4, {"leak": 1}), (10, {"leak": 1})])
def test_work_may_not_become_more_with_every_message(more: float, expected: dict[str, int]) -> None:
    verdict = work_level(working(40e-6, more))
    assert codes(verdict) == expected
    assert figures(verdict)["server_work_per_message"] == pytest.approx(40 * (1 + more) / 2, rel=0.02)


def test_rising_work_is_told() -> None:
    assert [violation.sentence for violation in work_level(working(40e-6, 10)).violations] == [
        ("a message costs the server more and more: 49 us of processor time at first and 385 us behind 59,000 messages, "
        "where it may become 2 times as much")
    ]


def test_a_machine_that_becomes_slow_once_is_no_trend() -> None:
    looks = working(40e-6, 1)
    slow = [look if look.messages <= 30_000 else look._replace(processor=look.processor + (look.messages - 30_000) * 120e-6) for look in looks]
    assert codes(work_level(slow)) == {}


def test_looks_between_which_nothing_was_done_do_not_count() -> None:
    looks = working(40e-6, 10)
    idle = [again for look in looks for again in (look, look)]
    assert figures(work_level(idle)) == figures(work_level(looks))
    expect(work_level(looks[: STRETCHES + 1]), {}, 0)
    expect(work_level([]), {}, 0)


@examples(50)
@given(st.integers(25, 200), st.floats(1.0, 3.0), st.floats(1e-6, 1e-3))
def test_the_work_is_judged_by_what_it_becomes_from_the_first_to_the_last_stretch(looks: int, more: float, cost: float) -> None:
    first, last = 1 + (more - 1) / 40, 1 + (more - 1) * 39 / 40
    if math.isclose(last, 2 * first, rel_tol=0.05):
        return  # too near to call: looks do not fall on the edges of the stretches
    assert codes(work_level(working(cost, more, looks))) == ({"leak": 1} if last > 2 * first else {})


# a flood is over ----------------------------------------------------------------------------------------------------------------


FATES = st.lists(st.tuples(st.sampled_from(("reply", "refused", "never", "duplicate")), st.integers(0, 60)), min_size=1, max_size=12)


@examples(100)
@given(FATES, st.integers(1, 6), st.integers(1, 40))
def test_the_queue_has_drained_when_few_enough_wait(fates: list[tuple[str, int]], below: int, tenths: int) -> None:
    story = Story()
    tell = {"reply": story.reply, "refused": story.refused, "duplicate": story.duplicate}
    last = [story.send(f"m{number}").time for number, _ in enumerate(fates)][-1]
    for number, (fate, tenth) in sorted(enumerate(fates), key=lambda item: item[1][1]):
        if fate != "never":
            story.time = last + tenth / 10
            tell[fate](f"m{number}", attempt=1)
    ends = [math.inf if fate == "never" else tenth / 10 for fate, tenth in fates if fate != "duplicate"]
    drained = next(moment for moment in sorted({0.0, *ends}) if sum(end > moment for end in ends) < below)
    verdict = drained_within(story.history, below, tenths / 10 + 0.01)
    expect(verdict, {"slow_recovery": int(drained > tenths / 10)}, len(fates))
    assert figures(verdict) == ({"drained": pytest.approx(drained * 1000, abs=1e-6)} if drained < math.inf else {})


def test_a_queue_that_does_not_drain_is_told() -> None:
    story = Story()
    for number in range(3):
        story.send(f"m{number}")
    story.wait(5).reply("m0")
    story.reply("m1")
    assert [violation.sentence for violation in drained_within(story.history, 2, 5).violations] == [
        "2 messages or more still waited 5.2 s after the last sending, where fewer have to after 5 s"
    ]
    assert [violation.sentence for violation in drained_within(story.history, 1, 5).violations] == [
        "1 message or more still waited at the end of the test, where fewer have to after 5 s"
    ]


def test_behind_a_flood_nothing_is_refused() -> None:
    story = Story()
    story.send("m0")
    story.reply("m0")
    assert codes(nothing_refused(story.history)) == {}
    story.send("m1")
    story.refused("m1", details={"reason": "queue_full"})
    verdict = nothing_refused(story.history)
    assert [violation.sentence for violation in verdict.violations] == ["alice's message m1 was refused at +0.300 s: queue_full"]
    expect(nothing_refused(Story().history), {}, 0)
    expect(drained_within(Story().history, 1, 1.0), {}, 0)
