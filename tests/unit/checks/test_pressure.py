"""Words about pressure, told by hand and against the obvious questions."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_histories import examples
from told_histories import Story

from Lockstep.checks import Event, History, Kind
from Lockstep.checks.queue.pressure import pressure_told

CHECK = partial(pressure_told, capacity=20, begins=0.8, ends=0.5)


class Flood(Story):
    def full(self, message_id: str, user: str = "alice", **fields: Any) -> Event:
        return self.refused(message_id, user, details={"reason": "queue_full"}, **fields)

    def word(self, active: bool, depth: int | None = None, user: str = "alice", **fields: Any) -> Event:
        depth = depth if depth is not None else 16 if active else 10
        return self.add(Kind.PRESSURE, user, details={"active": active, "queue_depth": depth, "capacity": 20}, **fields)


def found(story: Story) -> set[str]:
    return set(map(str, CHECK(story.history).counts))


def test_told_in_time_and_relieved() -> None:
    story = Flood()
    story.send("m")
    story.word(True)
    story.full("m")
    story.word(False)
    verdict = CHECK(story.history)
    assert (verdict.exercised, verdict.violations) == (3, [])


def test_nothing_told_and_nothing_refused_is_vacuous() -> None:
    story = Flood()
    story.exchange("m")
    assert found(story) == {"vacuous"}


def test_refused_without_a_word() -> None:
    story = Flood()
    story.send("m")
    story.send("n")
    story.full("m")
    story.full("n")
    verdict = CHECK(story.history)
    assert verdict.counts == {"no_backpressure": 1}
    assert verdict.violations[0].sentence == "alice's message m was refused for lack of room at +0.200 s, and no word of pressure had come before"


def test_refused_after_the_word_that_it_ended() -> None:
    story = Flood()
    story.word(True)
    story.word(False)
    story.full("m")
    assert found(story) == {"no_backpressure"}


def test_refused_for_another_reason() -> None:
    story = Flood()
    story.word(True)
    story.word(False)
    story.refused("m", details={"reason": "unknown_agent"})
    story.refused("n")
    assert found(story) == set()


@pytest.mark.parametrize(("active", "depth", "said"), [
    (True, 15, "alice was told at +0.000 s that pressure begins with 15 waiting messages, where that is due from 16"),
    (False, 11, "alice was told at +0.100 s that pressure ends with 11 waiting messages, where that is due up to 10"),
])
def test_told_at_another_depth(active: bool, depth: int, said: str) -> None:
    story = Flood()
    story.word(True, depth if active else 16)
    story.word(False, 10 if active else depth)
    (violation,) = CHECK(story.history).violations
    assert (str(violation.code), violation.sentence) == ("miscounted", said)


def test_a_word_without_a_depth_is_a_word() -> None:
    story = Flood()
    for active in (True, False):
        story.add(Kind.PRESSURE, details={"active": active})
    assert found(story) == set()


def test_the_same_word_twice_and_an_end_without_a_beginning() -> None:
    story = Flood()
    story.word(False)
    story.word(True)
    story.word(True)
    story.word(False)
    verdict = CHECK(story.history)
    assert verdict.counts == {"disagreement": 2}
    assert [violation.sentence.partition("pressure ")[2] for violation in verdict.violations] == ["ends, but never that it began", "begins, which it had been told before"]


def test_never_relieved() -> None:
    story = Flood()
    story.word(True)
    story.full("m")
    assert found(story) == {"slow_recovery"}
    story.add(Kind.CLOSE)
    assert found(story) == set(), "who has gone is not told"


def test_a_later_connection_of_the_same_user_may_have_missed_the_beginning() -> None:
    story = Flood()
    story.word(True)
    story.connected(connection=7)
    story.full("m", connection=7)
    story.word(True, user="bob")
    story.word(False, user="bob")
    assert found(story) == set()
    story.word(False, connection=7)
    assert found(story) == {"disagreement"}, "but turns are judged"


STEP = st.tuples(st.sampled_from(["begins", "ends", "full", "other", "close"]), st.sampled_from(["alice", "bob"]), st.integers(1, 2), st.integers(8, 18))


def told(steps: list[tuple[str, str, int, int]]) -> History:
    story = Flood()
    for number, (what, user, place, depth) in enumerate(steps):
        connection = place + 2 * (user == "bob")
        if what in {"begins", "ends"}:
            story.word(what == "begins", depth, user, connection=connection)
        elif what == "close":
            story.add(Kind.CLOSE, user, connection=connection)
        else:
            story.refused(f"m{number}", user, connection=connection, details={"reason": "queue_full" if what == "full" else "bad"})
    return story.history


def obvious(steps: list[tuple[str, str, int, int]]) -> dict[str, int]:
    """Each rule asked of each step by itself, from the beginning."""
    counts = dict.fromkeys(["no_backpressure", "miscounted", "disagreement", "slow_recovery"], 0)
    for place, (what, user, connection, depth) in enumerate(steps):
        mine = [(one, at) for at, (one, who, where, _) in enumerate(steps) if (who, where) == (user, connection)]
        words = [one for one, at in mine if at < place and one in {"begins", "ends"}]
        alone = len({where for _, who, where, _ in steps if who == user}) == 1
        pressed = words[-1:] == ["begins"]
        if what in {"begins", "ends"}:
            counts["disagreement"] += pressed == (what == "begins")
            counts["miscounted"] += depth < 16 if what == "begins" else depth > 10
            is_last = not any(one in {"begins", "ends"} for one, at in mine if at > place)
            counts["slow_recovery"] += is_last and what == "begins" and alone and ("close" not in {one for one, _ in mine})
        elif what == "full" and alone and not pressed:
            before = any(
                one == "full" and [w for w, earlier in mine if earlier < at and w in {"begins", "ends"}][-1:] != ["begins"] for one, at in mine if at < place
            )
            counts["no_backpressure"] += not before
    return {code: count for code, count in counts.items() if count}


@given(st.lists(STEP, min_size=1, max_size=12))
@examples(200)
def test_against_the_obvious_questions(steps: list[tuple[str, str, int, int]]) -> None:
    verdict = CHECK(told(steps))
    counts = {str(code): count for code, count in verdict.counts.items() if str(code) != "vacuous"}
    assert counts == obvious(steps)
    assert verdict.exercised >= sum(what in {"begins", "ends"} for what, *_ in steps)
