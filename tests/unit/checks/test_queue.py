"""The queue: a correct server is never reported, each wrong decision is, and depths are what a brute force says."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_server import ModelServer
from random_histories import codes, examples
from told_histories import Story
from wrong_queues import (
    Boasts,
    CountsWhatRuns,
    Evicts,
    HighLikeNormal,
    Lies,
    NeverRecovers,
    OneTooMany,
    OtherPlaces,
    PromisesMore,
    RefusesEarly,
    Silent,
    Unbounded,
)

from Lockstep.checks import History, Kind, Verdict
from Lockstep.checks.queue.admission import (
    accepted_is_final,
    admission_exact,
    depth_derived_within,
    first_refusal_within,
    refusals_justified,
    refused_again_accepted,
)
from Lockstep.checks.queue.attempts import Attempts
from Lockstep.checks.queue.told import depth_reported_truly, depth_reported_within, refusals_explained

N, H = ModelServer.normal_places, ModelServer.high_places
CHECKS: dict[str, Callable[[History], Verdict]] = {
    "reported_within": partial(depth_reported_within, capacity=H),
    "reported_truly": depth_reported_truly,
    "derived": partial(depth_derived_within, normal_places=N, high_places=H),
    "justified": partial(refusals_justified, normal_places=N, high_places=H),
    "explained": refusals_explained,
    "again": refused_again_accepted,
    "final": accepted_is_final,
}
exact = partial(admission_exact, normal_places=N, high_places=H)


def found(history: History) -> dict[str, set[str]]:
    return {name: set(wrong) for name, check in CHECKS.items() if (wrong := codes(check(history)))}


@examples(100)
@given(st.integers(0, 10**9), st.sampled_from((1, 2)), st.booleans(), st.booleans())
def test_a_correct_server_is_never_reported(seed: int, connections: int, echo: bool, faults: bool) -> None:
    server = ModelServer(seed, users=("alice", "bob")[: 1 + seed % 2], connections=connections, echo=echo,
                         duplicates=("reject", "silent", "replay")[seed % 3])
    server.run(150, send=5, again=2, ask=2, fail=1, **({"copy": 1, "drop": 1} if faults else {}))
    assert found(server.history) == {}
    assert found(server.settle().history) == {}


@examples(30)
@given(st.integers(0, 10**9))
def test_a_place_that_becomes_free_that_very_moment_is_no_fault(seed: int) -> None:
    assert found(CountsWhatRuns(seed).run(200, send=5, again=2, ask=1).settle().history) == {}


DEFECTS = [
    (OneTooMany, "reported_within", "over_capacity"), (Unbounded, "derived", "over_capacity"), (Unbounded, "derived", "no_backpressure"),
    (Lies, "reported_truly", "miscounted"), (RefusesEarly, "justified", "slow_recovery"), (NeverRecovers, "justified", "slow_recovery"),
    (NeverRecovers, "again", "slow_recovery"), (HighLikeNormal, "justified", "priority_inverted"), (Evicts, "final", "lost"),
    (Silent, "explained", "phantom"), (Boasts, "explained", "over_capacity"), (Boasts, "reported_truly", "miscounted"),
    (OtherPlaces, "reported_within", "disagreement"), (PromisesMore, "reported_within", "disagreement"),
]


@pytest.mark.parametrize(("defect", "check", "code"), DEFECTS)
def test_a_defect_is_reported_by_its_code(defect: type[ModelServer], check: str, code: str) -> None:
    server = defect(4711)
    for _ in range(25):
        for number in range(7):
            server.send(high=number in (3, 5))
        server.ask("queue_state")
        server.ask("queue_capacity")
        server.run(20, again=2).settle()
    assert code in found(server.history)[check]


def held(server: ModelServer) -> ModelServer:
    """A burst with every third message urgent, while nothing leaves the queue."""
    for account in server.users.values():
        account.held = True
    for number in range(8):
        server.send(high=number % 3 == 1)
    return server.settle()


@pytest.mark.parametrize(("kind", "expected"), [
    (ModelServer, {}), (OneTooMany, {"over_capacity": 2}), (Unbounded, {"over_capacity": 5}),
    (RefusesEarly, {"slow_recovery": 6}), (HighLikeNormal, {"priority_inverted": 2}),
])
def test_while_the_agent_is_held_the_refusals_follow_the_rule_exactly(kind: type[ModelServer], expected: dict[str, int]) -> None:
    server = held(kind())
    verdict = exact(server.history)
    assert (verdict.exercised, codes(verdict)) == (8, expected)
    server.users["alice"].held = False
    assert codes(exact(server.settle().history)) == expected, "what follows the release changes nothing"


def test_what_was_decided_after_the_release_is_not_judged() -> None:
    server = held(ModelServer())
    released = len(server.events)
    server.users["alice"].held = False
    server.take(server.users["alice"])
    server.send(high=True)
    server.settle()
    assert exact(server.history).exercised == 9
    assert codes(exact(server.history)) == {"over_capacity": 1}, "nobody said that the agent was released"
    assert exact(server.history, until=released).exercised == 8
    assert codes(exact(server.history, until=released)) == {}


def test_an_unacknowledged_burst_is_judged_by_what_was_said_about_later_messages() -> None:
    server = Unbounded()
    server.users["alice"].held = True
    for _ in range(5):
        server.send(acknowledge=False)
    assert exact(server.settle().history).exercised == 0
    server.ask("queue_state")
    verdict = exact(server.settle().history)
    assert (verdict.exercised, codes(verdict)) == (5, {"over_capacity": 2})


def test_what_names_no_attempt_is_about_none_for_certain() -> None:
    story = Story()
    for attempt in (1, 2):
        story.send("a", attempt=attempt)
    story.refused("a", details={"reason": "queue_full"})
    story.send("b")
    story.accepted("b", attempt=1)
    (door,) = story.history.doors.values()
    assert [(attempt.doubtful, attempt.let_in) for attempt in door.attempts] == [(True, False), (True, False), (False, True)]
    assert door.depth(door.attempts[2].send, door.attempts[2].decided) == (0, 2)


def test_what_is_said_on_another_connection_settles_nothing_and_strangers_have_no_queue() -> None:
    story = Story()
    story.send("a", connection=1)
    story.accepted("a", attempt=1, connection=7)
    for user, request in (("alice", "q1"), ("bob", "q2")):
        story.add(Kind.QUERY, user, request, connection=7, details={"question": "queue_state"})
        story.add(Kind.ANSWER, user, request, connection=7, details={"question": "queue_state", "fields": {"queue_size": 1}})
    story.add(Kind.ANSWER, "alice", "never asked", details={"question": "queue_state", "fields": {"queue_size": 9}})
    ((attempt,),) = [door.attempts for door in story.history.doors.values()]
    assert attempt.decided > story.events[-1].index, "what arrives elsewhere may have overtaken what was said here"
    verdict = depth_reported_truly(story.history)
    assert (verdict.exercised, codes(verdict)) == (1, {})


def test_who_was_refused_for_another_reason_is_owed_no_explanation() -> None:
    story = Story()
    story.send("a")
    story.refused("a", attempt=1, details={"reason": "invalid"})
    assert refusals_explained(story.history).counts == {"vacuous": 1}


def test_what_comes_on_another_connection_is_not_heard_on_its_own() -> None:
    story = Story()
    for attempt in (1, 2):
        story.send("a", connection=1, attempt=attempt)
    story.accepted("a", attempt=1, connection=7)
    story.add(Kind.QUERY, "alice", "q", connection=1, details={"question": "queue_state"})
    story.add(Kind.ANSWER, "alice", "q", connection=7, details={"question": "queue_state", "fields": {}})
    (door,) = story.history.doors.values()
    assert [attempt.decided > story.events[-1].index for attempt in door.attempts] == [True, True]


def test_two_clients_of_a_user_may_stand_behind_one_connection() -> None:
    story = Story()
    for client, connection in (("one", 1), ("two", 1), ("three", 2)):
        story.send(f"by {client}", connection=connection)
        story.events[-1] = story.events[-1]._replace(client=client)
    (door,) = story.history.doors.values()
    assert {connection: list(places) for connection, places in door.lanes.items()} == {1: [0, 1], 2: [2]}


def test_the_sentences_say_who_what_where_and_what_was_allowed() -> None:
    story = Story()
    story.send("a")
    story.accepted("a", attempt=1)
    story.query("q1")
    story.events[-1] = story.events[-1]._replace(details={"question": "queue_state"})
    story.answer("q1", {"queue_size": 3, "high": 1, "normal": 1})
    story.events[-1] = story.events[-1]._replace(details={"question": "queue_state", "fields": {"queue_size": 3, "high": 1, "normal": 1}})
    story.send("b", details={"priority": "high"})
    story.refused("b", attempt=1, details={"reason": "queue_full", "retry_after": 0})
    story.add(Kind.ERROR, details={"reason": "queue_full"})
    story.add(Kind.ERROR, details={"reason": "invalid_json"})
    said = [
        violation.sentence
        for check in (partial(depth_reported_within, capacity=2), depth_reported_truly, partial(refusals_justified, normal_places=1, high_places=2),
                      refusals_explained)
        for violation in check(story.history).violations
    ]
    assert said == [
        "alice's queue state at +0.300 s says that 3 messages wait, where there are 2 places",
        "alice's queue state at +0.300 s says that 3 messages wait, where 0 to 1 is right",
        "alice's queue state at +0.300 s says that 3 messages wait, of which 1 are urgent and 1 are not",
        ("alice's urgent message b (sent at +0.400 s) was refused for lack of room although at most 1 message waited, where 2 may "
         "(1 of these places are kept for urgent messages)"),
        "alice was told at +0.600 s that the queue is full, but not for which message",
        "the refusal of alice's urgent message b (sent at +0.400 s) says to try again after 0 s",
    ]


@examples(60)
@given(st.integers(0, 10**9), st.sampled_from((0.001, 0.02, 0.1)))
def test_the_time_to_the_first_refusal_of_each_user_is_what_a_look_at_all_events_says(seed: int, limit: float) -> None:
    history = ModelServer(seed, users=("alice", "bob")).run(150, send=6, again=2).settle().history
    sent = {(e.user, e.message_id, e.attempt): e for e in history.events if e.kind is Kind.SEND}
    full = {(e.user, e.message_id, e.attempt): e for e in history.events if e.kind is Kind.REFUSED and e.details["reason"] == "queue_full"}
    took = []
    for user in ("alice", "bob"):
        turned_away = [key for key in sent if key in full and key[0] == user]
        if turned_away:
            took.append(full[turned_away[0]].time - sent[turned_away[0]].time)
    verdict = first_refusal_within(history, limit)
    assert verdict.exercised == len(took)
    assert verdict.counts.get("too_slow", 0) == sum(each > limit for each in took)
    (figure,) = verdict.measurements
    assert (figure.name, figure.unit) == ("first_refusal", "ms")
    assert figure.value == pytest.approx(1000 * max(took, default=0.0))


def test_some_attempts_of_many_are_a_list() -> None:
    story = Story()
    for name in ("a", "b", "c"):
        story.send(name)
    attempts = Attempts.of(story.history.journal)
    assert [attempt.send.message_id for attempt in attempts[1:]] == ["b", "c"]
