"""Waits before tries to come back: told by hand, and against a list of all tries."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from random_histories import against_oracle, choices, codes, expect

from Lockstep.checks import Event, History, Kind
from Lockstep.checks.backoff import waits_follow_ladder

RUNGS = [0.1, 0.2, 0.4, 0.8, 1.6]
Told = tuple[float, float]
"""What a client chose to wait before a try, and by how much longer or shorter it did."""


class Diary:
    """Writes down how clients try to come back."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.time = 100.0

    def add(self, kind: Kind, client: str = "alice", **details: object) -> Diary:
        self.events.append(Event(len(self.events) * 2 + 1, self.time, kind, client, 1 + len(self.events), client, details=details or None))
        return self

    def tries(self, *told: Told, client: str = "alice", first: int = 1, succeeds: bool = False) -> Diary:
        """Loses the connection and tries so often; each try takes 50 ms."""
        self.add(Kind.CLOSE, client)
        for number, (chosen, more) in enumerate(told, first):
            self.time += chosen + more
            self.add(Kind.CONNECT, client, **{"try": number, "waited": chosen})
            self.time += 0.05
            self.add(Kind.CONNECTED if succeeds and number == first + len(told) - 1 else Kind.CONNECT_FAILED, client)
        return self

    def gave_up(self, after: int, *, final: bool = False) -> Diary:
        return self.add(Kind.MARK, gave_up_after=after, final=final)

    @property
    def history(self) -> History:
        return History(self.events)


def exactly(*chosen: float) -> list[Told]:
    return [(wait, 0.0) for wait in chosen]


def figures(verdict) -> dict[str, float]:
    return {figure.name: figure.value for figure in verdict.measurements}


def sentences(verdict) -> list[str]:
    return [violation.sentence for violation in verdict.violations]


def test_a_client_that_waits_as_it_should_is_counted() -> None:
    verdict = waits_follow_ladder(Diary().tries(*exactly(*RUNGS)).gave_up(5).history, RUNGS)
    assert (verdict.exercised, verdict.counts) == (5, {})
    assert figures(verdict) == {"ladder_tries": 5, "ladder_tries_most": 5, "ladder_wait_longest": 1.6}


def test_a_first_try_may_come_at_once_and_the_ladder_begins_behind_it() -> None:
    diary = Diary().tries(*exactly(0.0, 0.1, 0.2, 0.4, 0.8)).gave_up(5)
    assert waits_follow_ladder(diary.history, RUNGS).ok
    assert waits_follow_ladder(diary.history, RUNGS).exercised == 4
    off_by_one = waits_follow_ladder(diary.history, RUNGS, at_once=False)
    assert off_by_one.counts == {"disagreement": 5}
    assert sentences(off_by_one)[1] == "try 2 of alice at +0.150 s came after a wait of 0.100 s, where the ladder says 0.200 s or more"


def test_longer_is_no_violation_unless_it_was_chosen() -> None:
    late = Diary().tries((0.1, 3.0), (0.2, 9.0), succeeds=True)
    assert waits_follow_ladder(late.history, RUNGS).ok
    verdict = waits_follow_ladder(Diary().tries((0.1, 0.0), (0.3, 0.0), succeeds=True).history, RUNGS, jitter=0.2)
    assert sentences(verdict) == ["try 2 of alice at +0.450 s was put off by 0.300 s, where the ladder says 0.240 s at most"]
    assert verdict.counts == {"disagreement": 1}


def test_a_shorter_wait_is_named_whatever_the_client_chose() -> None:
    verdict = waits_follow_ladder(Diary().tries((0.1, -0.05), succeeds=True).history, RUNGS)
    assert sentences(verdict) == ["try 1 of alice at +0.050 s came after a wait of 0.050 s, where the ladder says 0.100 s or more"]
    assert waits_follow_ladder(Diary().tries((0.05, 9.0), succeeds=True).history, RUNGS).counts == {"disagreement": 1}


def test_chance_may_shorten_and_lengthen_a_wait_by_its_part() -> None:
    assert waits_follow_ladder(Diary().tries(*exactly(0.08, 0.24), succeeds=True).history, RUNGS, jitter=0.2).ok
    assert waits_follow_ladder(Diary().tries(*exactly(0.08, 0.24), succeeds=True).history, RUNGS, jitter=0.1).counts == {"disagreement": 2}


def test_a_try_behind_the_last_is_named() -> None:
    verdict = waits_follow_ladder(Diary().tries(*exactly(0.1, 0.2, 0.4)).history, RUNGS[:2])
    assert sentences(verdict) == ["try 3 of alice at +0.800 s was one more than the ladder has (2)"]


@pytest.mark.parametrize(("after", "final", "found"), [(5, False, {}), (3, True, {}), (3, False, {"stalled": 1})])
def test_nobody_gives_up_early_unless_the_target_said_no(after: int, final: bool, found: dict[str, int]) -> None:
    verdict = waits_follow_ladder(Diary().tries(*exactly(*RUNGS[:after])).gave_up(after, final=final).history, RUNGS)
    assert codes(verdict) == found
    if found:
        assert sentences(verdict) == ["alice gave up after 3 tries at +0.850 s, where the ladder has 5"]


def test_a_ladder_begins_anew_after_each_end() -> None:
    diary = Diary().tries(*exactly(0.1, 0.2), succeeds=True).tries(*exactly(0.1), succeeds=True)
    assert waits_follow_ladder(diary.history, RUNGS).exercised == 3
    assert waits_follow_ladder(diary.add(Kind.MARK, reads=False).history, RUNGS).ok


def test_a_connection_that_is_lost_at_once_is_one_more_try_of_the_same_ladder() -> None:
    diary = Diary().tries(*exactly(0.1), succeeds=True).tries((0.2, 0.0), first=2, succeeds=True)
    assert waits_follow_ladder(diary.history, RUNGS).ok
    assert waits_follow_ladder(diary.history, RUNGS).exercised == 2


def test_what_is_no_way_back_or_began_earlier_is_left_out() -> None:
    early = Diary().tries((0.0, 0.0), first=3)
    assert waits_follow_ladder(early.history, RUNGS).counts == {"vacuous": 1}
    asked_for = Diary().tries(*exactly(0.1), succeeds=True).add(Kind.CLOSE).add(Kind.CONNECT).add(Kind.CONNECTED).add(Kind.CONNECT, **{"try": 2, "waited": 0.0})
    assert waits_follow_ladder(asked_for.history, RUNGS).exercised == 1


def test_where_the_end_of_the_connection_is_not_shown_what_was_chosen_counts() -> None:
    unseen = Diary().add(Kind.CONNECT, **{"try": 1, "waited": 0.1}).add(Kind.CONNECTED)
    assert waits_follow_ladder(unseen.history, RUNGS).ok
    assert waits_follow_ladder(unseen.history, [0.2]).counts == {"disagreement": 1}


def test_without_a_wait_nothing_is_shown() -> None:
    verdict = waits_follow_ladder(Diary().tries((0.0, 0.0), succeeds=True).history, RUNGS)
    assert verdict.counts == {"vacuous": 1}
    assert figures(waits_follow_ladder(History([]), RUNGS)) == {}


@st.composite
def climbs(draw: st.DrawFn) -> list[tuple[str, list[Told], bool]]:
    """Ladders of two clients, one after the other: what they chose and did, and whether they got in."""
    count, made = draw(choices(1, 4, 16))
    found = []
    for _ in range(count):
        at_once = made.pick(False, True)
        tries = [(0.0, 0.0)] if at_once else []
        tries += [
            (round(rung * made.pick(1.0, 1.0, 1.0, 0.9, 1.1, 0.7, 1.4), 6), made.pick(0.0, 0.0, 0.0, 5.0, -0.05))
            for rung in RUNGS[: made.pick(0, 1, 2, 3)]
        ]
        found.append((made.pick("alice", "bob"), tries, made.pick(False, True)))
    return found


@against_oracle(climbs(), st.sampled_from([0.0, 0.15]), st.booleans(), number=200)
def test_each_try_is_held_against_its_rung(told: list[tuple[str, list[Told], bool]], jitter: float, at_once: bool) -> None:
    diary, rungs, wrong, waits = Diary(), RUNGS[:3], [], 0
    for client, tries, succeeds in told:
        diary.tries(*tries, client=client, succeeds=succeeds)
        free = at_once and bool(tries) and tries[0][0] == 0
        for place, (chosen, more) in enumerate(tries[free:]):
            waits += 1
            if place + free >= 3:
                wrong.append("disagreement")
                continue
            low, high = rungs[place] * (1 - jitter), rungs[place] * (1 + jitter)
            wrong += ["disagreement"] * (min(chosen, chosen + more) < low - 1e-5) + ["disagreement"] * (chosen > high + 1e-5)
    verdict = waits_follow_ladder(diary.history, rungs, jitter, at_once=at_once)
    assert (verdict.exercised, codes(verdict)) == (waits, expect(*wrong))
