"""Agents that speak while nobody is there: told by hand, and against the obvious questions about each message."""

from __future__ import annotations

from collections import Counter
from functools import partial
from itertools import combinations, pairwise
from typing import Any

import pytest
from hypothesis import strategies as st
from random_histories import Choices, against_oracle, choices, codes, expect
from told_histories import CONNECTIONS, Story

from Lockstep.checks import Event, History, Kind, Verdict
from Lockstep.checks.waiting import (
    agents_are_heard_in_order,
    agents_are_heard_once,
    deliveries,
    losses_are_told,
    queue_stays_within,
)

LEVELS = ["critical", "high", "normal", "low"]
IN_ORDER = partial(agents_are_heard_in_order, priorities=LEVELS, order="per_session")
OLD = {"session": "s-1", "epoch": 1}


class Absence(Story):
    """Alice is away on connection 1 and comes back on connection 7."""

    def __init__(self) -> None:
        super().__init__()
        self.turn = 0
        self.numbers: Counter[str] = Counter()
        self.add(Kind.CONNECT)
        self.connected()

    def says(self, *ids: str, agent: str = "a", priority: str | None = None, state: str = "queued", user: str = "alice", **more: Any) -> None:
        """All in one turn."""
        self.turn += 1
        for message_id in ids:
            self.numbers[agent] += 1
            details = {"agent": agent, "priority": priority, "state": state, "created_at": 5.0, "turn": self.turn, **more}
            self.add(Kind.SPOKEN, user, message_id, sequence_id=self.numbers[agent], digest=f"d-{message_id}", details=details)

    def away(self) -> None:
        self.add(Kind.CLOSE)

    def back(self, connection: int = 7, offset: int = 0, **told: Any) -> None:
        self.add(Kind.CONNECT, connection=connection, details={**OLD, "offset": offset})
        self.add(Kind.CONNECTED, connection=connection, details={**OLD, "offset": offset, "recovered": True, "head": offset, **told})

    def hears(self, *ids: str, connection: int = 7, user: str = "alice", **fields: Any) -> None:
        for message_id in ids:
            self.add(Kind.AGENT_MESSAGE, user, message_id, connection=connection, **{"digest": f"d-{message_id}", **fields})

    def is_told(self, connection: int = 7, **lost: Any) -> None:
        self.add(Kind.MESSAGES_LOST, connection=connection, details={"total": sum(lost.values()), **lost})


def absence(*ids: str, **fields: Any) -> Absence:
    """Alice is away while this is said, and comes back."""
    story = Absence()
    story.away()
    story.says(*ids, **fields)
    story.back()
    return story


def found(verdict: Verdict) -> dict[str, int]:
    return {str(code): count for code, count in verdict.counts.items()}


# once


def test_what_was_said_arrives_as_it_was_said() -> None:
    story = absence("m", "n", priority="high")
    story.hears("m", "n", details={"agent": "a", "priority": "high", "created_at": 5.0})
    verdict = agents_are_heard_once(story.history)
    assert (verdict.exercised, found(verdict)) == (2, {})
    assert [(figure.name, figure.value) for figure in verdict.measurements] == [("messages_lost", 0), ("messages_repeated", 0)]


def test_what_never_came_is_lost() -> None:
    story = absence("m", "n")
    story.hears("m")
    (violation,) = agents_are_heard_once(story.history).violations
    assert (str(violation.code), violation.sentence) == ("lost", "message 2 of agent a to alice never came")


@pytest.mark.parametrize("state", ["dropped", "rejected", "expired"])
def test_what_was_refused_at_once_need_not_come_and_may_not(state: str) -> None:
    story = absence("m", state=state)
    assert found(agents_are_heard_once(story.history)) == {}
    story.hears("m")
    assert found(agents_are_heard_once(story.history)) == {"aborted_effect": 1}


def test_exactly_the_survivors_come() -> None:
    story = absence("m", "n", "o")
    story.hears("n", "o")
    assert found(agents_are_heard_once(story.history, ["n", "o"])) == {}
    assert found(agents_are_heard_once(story.history, ["m", "n"])) == {"lost": 1, "aborted_effect": 1}


@pytest.mark.parametrize(("told", "code"), [
    ({}, {"duplicated": 1}),
    ({"recovered": False}, {"duplicated": 1}),
    ({"recovered": False, "reason": "restarted"}, {}),
])
def test_only_behind_a_new_beginning_something_may_come_again(told: dict[str, Any], code: dict[str, int]) -> None:
    story = absence("m")
    story.hears("m", offset=1)
    story.back(8, **told, epoch=2)
    story.hears("m", connection=8, offset=1)
    assert found(agents_are_heard_once(story.history)) == code


def test_what_is_sent_again_with_its_offset_came_once() -> None:
    story = absence("m")
    story.hears("m", offset=1)
    story.back(8, head=1)
    story.hears("m", connection=8, offset=1)
    assert found(agents_are_heard_once(story.history)) == {}
    story.hears("m", connection=8, offset=2)
    assert found(agents_are_heard_once(story.history)) == {"duplicated": 1}


def test_without_offsets_every_arrival_counts() -> None:
    story = absence("m")
    story.hears("m", "m")
    assert found(agents_are_heard_once(story.history)) == {"duplicated": 1}


@pytest.mark.parametrize(("fields", "code", "words"), [
    ({"digest": "d-x"}, "corrupted", "the text of message 1 of agent a (high) to alice came changed at +0.600 s"),
    ({"details": {"agent": "b"}}, "disagreement", "message 1 of agent a (high) had agent a when it was said, and b when it came"),
    ({"details": {"priority": "low"}}, "disagreement", "had priority high when it was said, and low when it came"),
    ({"details": {"created_at": 6.0}}, "disagreement", "had time 5.0 when it was said, and 6.0 when it came"),
    ({"sequence_id": 9}, "disagreement", "had number 1 when it was said, and 9 when it came"),
])
def test_what_arrives_otherwise_than_it_was_said(fields: dict[str, Any], code: str, words: str) -> None:
    story = absence("m", priority="high")
    story.hears("m", **fields)
    (violation,) = agents_are_heard_once(story.history).violations
    assert str(violation.code) == code
    assert words in violation.sentence


def test_what_a_target_does_not_tell_is_not_compared() -> None:
    story = absence("m")
    story.hears("m", digest=None, details={"priority": "normal"})
    assert found(agents_are_heard_once(story.history)) == {}


def test_what_nobody_said_and_what_was_said_to_others() -> None:
    story = absence("m")
    story.hears("m", "n", "o")
    verdict = agents_are_heard_once(story.history, strangers={"o": "bob"})
    assert found(verdict) == {"phantom": 1, "leaked_to_other_user": 1}
    assert [one.sentence for one in verdict.violations] == [
        "alice got message n at +0.700 s, which nobody had said", "alice got message o at +0.800 s, which was said to bob",
    ]


def test_nothing_said_is_vacuous() -> None:
    for check in (agents_are_heard_once, agents_are_heard_in_order, losses_are_told, partial(queue_stays_within, size=1)):
        assert found(check(Absence().history)) == {"vacuous": 1}


# in order


def test_the_urgent_come_first_and_the_rest_as_they_were_said() -> None:
    story = Absence()
    story.away()
    for message_id, level in zip("mnopq", ("normal", "high", "normal", "critical", "low"), strict=True):
        story.says(message_id, priority=level)
    story.back()
    story.hears("p", "n", "m", "o", "q")
    verdict = IN_ORDER(story.history)
    assert (verdict.exercised, found(verdict)) == (5, {})


@pytest.mark.parametrize(("order", "code"), [
    ("nmo", {}), ("omn", {"priority_inverted": 2}), ("onm", {"reordered": 1, "priority_inverted": 1}), ("omx", {"priority_inverted": 2}),
])
def test_the_urgent_behind_and_the_later_before(order: str, code: dict[str, int]) -> None:
    story = Absence()
    story.away()
    story.says("m", priority="normal")
    story.says("n", priority="critical")
    story.says("o", priority="low")
    story.says("x", priority="critical")
    story.back()
    if order == "onm":
        story = absence("n", "o", priority="low")
        story.says("m", priority="critical")
        story.away()
        story.back(8)
        story.hears("o", "n", "m", connection=8)
    else:
        story.hears(*order)
    assert found(IN_ORDER(story.history)) == code


def test_who_is_there_hears_the_urgent_when_it_is_said() -> None:
    story = Absence()
    story.says("m", priority="low")
    story.says("n", priority="critical")
    story.hears("m", "n", connection=1)
    assert found(IN_ORDER(story.history)) == {}


def test_what_has_waited_comes_before_what_is_said_later() -> None:
    story = absence("m")
    story.says("n")
    story.hears("n", "m")
    (violation,) = IN_ORDER(story.history).violations
    assert (str(violation.code), violation.sentence) == ("reordered", "message 1 of agent a was said before message 2 of agent a, and came behind it")


@pytest.mark.parametrize(("order", "code"), [("per_session", {"reordered": 1}), ("per_agent", {}), ("none", {})])
def test_agents_that_speak_one_after_the_other(order: str, code: dict[str, int]) -> None:
    story = absence("m")
    story.says("n", agent="b")
    story.away()
    story.back(8)
    story.hears("n", "m", connection=8)
    assert found(agents_are_heard_in_order(story.history, LEVELS, order=order)) == code


def test_of_agents_that_speak_at_the_same_time_nobody_is_first() -> None:
    story = absence("m", "n")
    for agent in "bc":
        story.turn -= 1
        story.says(f"{agent}1", f"{agent}2", agent=agent)
    story.away()
    story.back(8)
    story.hears("c1", "m", "b1", "c2", "n", "b2", connection=8)
    assert found(IN_ORDER(story.history)) == {}
    story.hears("b1", connection=8)
    assert found(IN_ORDER(story.history)) == {"reordered": 1}


def test_what_is_sent_again_keeps_the_order_that_it_had() -> None:
    story = Absence()
    story.says("m", priority="low")
    story.says("n", priority="critical")
    story.away()
    story.back(head=2)
    story.hears("m", offset=1)
    story.hears("n", offset=2)
    assert found(IN_ORDER(story.history)) == {"vacuous": 1}


# losses


def test_as_many_are_told_as_are_lost() -> None:
    story = absence("m", "n", "o")
    story.is_told(dropped=2)
    story.hears("o")
    verdict = losses_are_told(story.history, {"dropped": 2, "expired": 0})
    assert (verdict.exercised, found(verdict)) == (3, {})


@pytest.mark.parametrize(("told", "words"), [
    (0, "2 messages of agents never came to alice, and nobody was told"), (1, "2 messages of agents never came to alice, and only 1 are said to be lost"),
])
def test_a_loss_without_a_word(told: int, words: str) -> None:
    story = absence("m", "n", "o")
    if told:
        story.is_told(dropped=told)
    story.hears("o")
    (violation,) = losses_are_told(story.history, {"dropped": 2}).violations
    assert (str(violation.code), violation.sentence) == ("unsound_resume", words)


def test_more_told_than_lost_and_another_reason() -> None:
    story = absence("m", "n")
    story.is_told(dropped=2)
    story.hears("m", "n")
    assert found(losses_are_told(story.history)) == {"miscounted": 1}
    story = absence("m")
    story.is_told(dropped=1)
    (violation,) = losses_are_told(story.history, {"expired": 1}).violations
    assert (str(violation.code), violation.sentence) == ("miscounted", "alice was told of 0 expired messages, where 1 were expired")


def test_behind_a_new_beginning_a_word_may_be_repeated() -> None:
    story = absence("m")
    story.is_told(dropped=1)
    story.back(8, recovered=False, reason="restarted", epoch=2)
    story.is_told(connection=8, dropped=1)
    assert found(losses_are_told(story.history, {"dropped": 1})) == {}


def test_a_word_comes_before_what_has_waited() -> None:
    story = absence("m", "n")
    story.hears("n")
    story.is_told(dropped=1)
    (violation,) = losses_are_told(story.history).violations
    assert (str(violation.code), violation.sentence) == ("unsound_resume", "alice was told at +0.800 s of a loss, when messages behind it had come")


def test_a_word_about_a_later_loss_and_one_that_is_sent_again_are_in_time() -> None:
    story = absence("m")
    story.hears("m")
    story.says("n")
    story.is_told(dropped=1)
    assert found(losses_are_told(story.history)) == {}
    story = absence("m", "n")
    story.back(8, head=3)
    story.hears("m", connection=8)
    story.add(Kind.MESSAGES_LOST, connection=8, offset=2, details={"total": 1})
    assert found(losses_are_told(story.history)) == {}


# the queue, and time


def test_never_more_than_there_are_places() -> None:
    story = Absence()
    for depth in (1, 2, None, 3):
        story.says(f"m{depth}", depth=depth)
    verdict = queue_stays_within(story.history, 2)
    assert (verdict.exercised, found(verdict), verdict.violations[0].sentence) == (3, {"over_capacity": 1}, "3 messages waited behind message 4 of agent a, where 2 may")
    assert [figure.value for figure in verdict.measurements] == [3]


def test_times_of_delivery() -> None:
    story = absence("m", "n")
    story.wait(1.0)
    story.hears("m", "n")
    story.says("live")
    story.hears("live")
    story.away()
    story.back(8)
    ((number, from_greeting, whole),) = deliveries(story.history)
    assert (number, round(from_greeting, 6), round(whole, 6)) == (2, 1.2, 1.3)


def test_a_first_connection_brings_no_delivery() -> None:
    story = Story()
    story.add(Kind.SPOKEN, message_id="m", details={"agent": "a"})
    story.add(Kind.CONNECT)
    story.connected()
    story.add(Kind.AGENT_MESSAGE, message_id="m")
    assert deliveries(story.history) == []


# oracles

IDS = ("m1", "m2", "m3", "m4")


@st.composite
def told(draw: st.DrawFn) -> History:
    """Two users, some sayings, arrivals, returns and words of loss in any order."""
    count, made = draw(choices(3, 16, 8))
    return History([_event(made, place) for place in range(count)])


def _event(made: Choices, place: int) -> Event:
    kind = made.pick(*(Kind.SPOKEN,) * 3, *(Kind.AGENT_MESSAGE,) * 5, Kind.CONNECT, Kind.CONNECTED, Kind.MESSAGES_LOST)
    user, number = made.pick("alice", "alice", "bob"), made.pick(0, 1, 2, 3)
    message_id = f"{user}-{IDS[number]}" if kind is Kind.SPOKEN else f"{made.pick(user, user, user, 'bob')}-{IDS[number]}"
    connection = CONNECTIONS[user] + made.pick(0, 0, 6)
    details: dict[str, Any] = {}
    if kind is Kind.SPOKEN:
        details = {"agent": made.pick("a", "b"), "priority": made.pick("high", "low"), "state": made.pick("queued", "queued", "dropped"), "turn": place}
        return Event(place * 2 + 1, float(place), kind, user, connection, user, message_id, None, place, None, "d", None, details)
    if kind is Kind.CONNECTED:
        details = {**OLD, **made.pick({"recovered": True, "head": 1}, {"recovered": False, "reason": "x"}, {"recovered": False})}
    elif kind is Kind.MESSAGES_LOST:
        details = {"total": made.pick(1, 2), "dropped": 1}
    is_message = kind is Kind.AGENT_MESSAGE
    return Event(place * 2 + 1, float(place), kind, user, connection, user, message_id if is_message else None, None, None,
                 made.pick(None, 1, 2, 3), made.pick("d", "d", "d", "x") if is_message else None, None, details)


def sayings(history: History) -> dict[tuple[str, str | None], Event]:
    return {(said.user, said.message_id): said for said in history.events if said.kind is Kind.SPOKEN}


def arrivals(history: History, key: tuple[str, str | None]) -> list[Event]:
    all_of_it = [came for came in history.events if came.kind is Kind.AGENT_MESSAGE and (came.user, came.message_id) == key]
    return [
        came for place, came in enumerate(all_of_it)
        if came.offset is None or not any((history.stream(came), came.offset) == (history.stream(other), other.offset) for other in all_of_it[:place])
    ]


def given_up(history: History, user: str, first: Event, last: Event) -> bool:
    return any(
        first.index < event.index < last.index and event.user == user and (event.details or {}).get("recovered") is False and (event.details or {}).get("reason")
        for event in history.events if event.kind is Kind.CONNECTED
    )


@against_oracle(told(), number=300)
def test_each_message_is_looked_for(history: History) -> None:
    spoken, wrong = sayings(history), list[str]()
    keys = {(came.user, came.message_id) for came in history.events if came.kind is Kind.AGENT_MESSAGE}
    for key, said in spoken.items():
        came, given = arrivals(history, key), (said.details or {})["state"] == "dropped"
        wrong += ["lost"] * (not came and not given) + ["aborted_effect"] * bool(came and given)
        wrong += ["duplicated" for first, again in pairwise(came) if not given_up(history, said.user, first, again)]
        wrong += ["corrupted" for one in came if one.digest != said.digest]
    wrong += ["phantom" if str(name).startswith(user) else "leaked_to_other_user" for user, name in keys - spoken.keys()]
    strangers = {f"{user}-{name}": user for user in ("alice", "bob") for name in IDS}
    assert codes(agents_are_heard_once(history, strangers=strangers)) == expect(*wrong)


@against_oracle(told(), number=300)
def test_each_pair_of_arrivals_is_compared(history: History) -> None:
    spoken = sayings(history)
    verdict = agents_are_heard_in_order(history, ["high", "low"], order="per_session")
    heard = []
    for came in history.events:
        said = spoken.get((came.user, came.message_id)) if came.kind is Kind.AGENT_MESSAGE else None
        greeting = history.journal.connected.get(came.connection)
        head = (greeting.details or {}).get("head") if greeting else None
        if said is not None and not (head is not None and came.offset is not None and came.offset <= head):
            connects = [event.index for event in history.events if event.kind is Kind.CONNECT and event.connection == came.connection]
            heard.append((said, came, bool(connects) and said.index < connects[-1]))
    inverted = reordered = False
    for (first, came, waited), (then, later, waited_too) in combinations(heard, 2):
        if came.connection == later.connection:
            levels = [(said.details or {})["priority"] for said in (first, then)]
            inverted |= waited and waited_too and levels == ["low", "high"]
            reordered |= levels[0] == levels[1] and then.index < first.index
    assert verdict.exercised == len(heard)
    assert set(codes(verdict)) == {name for name, found in (("priority_inverted", inverted), ("reordered", reordered)) if found}


@against_oracle(told(), number=300)
def test_each_loss_is_counted(history: History) -> None:
    wrong = set()
    for user in ("alice", "bob"):
        missing = [key for key, said in sayings(history).items() if said.user == user and not arrivals(history, key)]
        words = [event for event in history.events if event.kind is Kind.MESSAGES_LOST and event.user == user]
        total = sum((word.details or {})["total"] for word in words)
        last = history.events[-1]
        repeats = bool(words) and given_up(history, user, words[0], last._replace(index=last.index + 1))
        wrong |= {"unsound_resume"} if total < len(missing) else {"miscounted"} if total > len(missing) and not repeats else set()
    late = _late_words(history)
    assert set(codes(losses_are_told(history))) == wrong | ({"unsound_resume"} if late else set())


def _late_words(history: History) -> bool:
    """A word of loss behind a message that had waited, with nothing said in between."""
    spoken = sayings(history)
    for word in history.events:
        if word.kind is not Kind.MESSAGES_LOST:
            continue
        greeting = history.journal.connected.get(word.connection)
        head = (greeting.details or {}).get("head") if greeting else None
        if head is not None and word.offset is not None and word.offset <= head:
            continue
        connects = [event.index for event in history.events if event.kind is Kind.CONNECT and event.connection == word.connection]
        came = [
            event for event in history.events
            if event.kind is Kind.AGENT_MESSAGE and event.connection == word.connection and (event.user, event.message_id) in spoken
            and not (head is not None and event.offset is not None and event.offset <= head)
        ]
        if not came or not connects or spoken[came[0].user, came[0].message_id].index >= connects[-1] or came[0].index > word.index:
            continue
        if not any(event.kind is Kind.SPOKEN and came[0].index < event.index < word.index for event in history.events):
            return True
    return False
