"""Priorities: a correct server is never reported, each wrong choice is, and choices are what a brute force says."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_server import Account, ModelServer, Sent
from random_histories import codes

from Lockstep.checks import Event, History, Kind, Verdict
from Lockstep.checks.priority import high_figures, high_never_refused_behind_normal, normals_not_starved, overtaking_bounded

K = ModelServer.high_in_a_row
RESERVE = ModelServer.high_places - ModelServer.normal_places
CHECKS: dict[str, Callable[[History], Verdict]] = {
    "refused": partial(high_never_refused_behind_normal, reserve=RESERVE),
    "refused, without a reserve": high_never_refused_behind_normal,
    "overtaking": partial(overtaking_bounded, high_in_a_row=K),
    "starved": partial(normals_not_starved, high_in_a_row=K),
}


def found(history: History) -> dict[str, set[str]]:
    return {name: set(wrong) for name, check in CHECKS.items() if (wrong := codes(check(history)))}


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.integers(0, 10**9), st.sampled_from((1, 2)), st.booleans(), st.booleans())
def test_a_correct_server_is_never_reported(seed: int, connections: int, echo: bool, faults: bool) -> None:
    server = ModelServer(seed, connections=connections, echo=echo,
                         duplicates=("reject", "silent", "replay")[seed % 3])
    server.run(200, send=5, again=2, ask=1, fail=1, **({"copy": 1, "drop": 1} if faults else {}))
    assert found(server.history) == {}
    assert found(server.settle().history) == {}


class NormalAnswersLater(ModelServer):
    """Legal: replies of one class stay in order, those to normal messages leave late."""

    def commit(self) -> None:
        late = [item for item in self.uncommitted if item[1][0] is Kind.REPLY and not item[1][1].high and self.random.random() < 0.8]
        self.uncommitted = [item for item in self.uncommitted if item not in late]
        super().commit()
        self.uncommitted = late


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.integers(0, 10**9), st.sampled_from((1, 2)))
def test_with_a_ledger_answers_that_leave_late_are_never_reported(seed: int, connections: int) -> None:
    server = NormalAnswersLater(seed, connections=connections).run(200, send=5, again=2, fail=1)
    history = server.settle().history_with_ledger
    assert codes(overtaking_bounded(history, high_in_a_row=K)) == {}
    assert codes(normals_not_starved(history, high_in_a_row=K)) == {}


class Fifo(ModelServer):
    """High never overtakes."""

    def next(self, account: Account) -> Sent:
        first = min((queue[0] for queue in (account.high, account.normal) if queue), key=self.sent.index)
        return (account.high if first.high else account.normal).popleft()


class NormalFirstWhenFull(ModelServer):
    """A high message waits behind normal ones only when the queue is full."""

    def next(self, account: Account) -> Sent:
        return account.normal.popleft() if account.normal and account.depth >= self.high_places - 1 else super().next(account)


class OneMoreInARow(ModelServer):
    high_in_a_row = K + 1


class NeverNormal(ModelServer):
    high_in_a_row = 10**9


class HighRefused(ModelServer):
    """Turns away every urgent message while anything waits."""

    def has_room(self, account: Account, sent: Sent) -> bool:
        return super().has_room(account, sent) and not (sent.high and account.depth)


@pytest.mark.parametrize(("defect", "check", "code"), [
    (Fifo, "overtaking", "priority_inverted"), (NormalFirstWhenFull, "overtaking", "priority_inverted"),
    (OneMoreInARow, "starved", "starved"), (NeverNormal, "starved", "starved"),
    (HighRefused, "refused", "priority_inverted"), (HighRefused, "refused, without a reserve", "priority_inverted"),
])
def test_a_defect_is_reported_by_its_code(defect: type[ModelServer], check: str, code: str) -> None:
    server = defect(4711)
    server.normal_places, server.high_places = 8, 10
    for burst in range(12):
        for number in range(14):
            server.send(high=(number + burst) % 2 == 0)
        server.run(20, send=1).settle()
    assert code in found(server.history)[check]
    assert code in found(server.history_with_ledger)[check]


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.integers(0, 10**9), st.sampled_from((ModelServer, Fifo, OneMoreInARow, NeverNormal)))
def test_what_was_begun_while_both_waited_is_what_a_look_at_all_pairs_says(seed: int, kind: type[ModelServer]) -> None:
    history = kind(seed).run(120, send=5, again=1).settle().history
    (door,) = history.doors.values()
    let_in = [a for a in door.attempts if not a.refused]
    ended = sorted((a for a in let_in if a.left), key=lambda a: a.left.index)
    inverted, runs, exercised = 0, [0], 0
    for position, begun in enumerate(ended):
        before = ended[position - 1].left.index if position else -1
        waiting = [a for a in let_in if a.decided < before and a.left.index >= begun.left.index]
        both = any(a.high for a in waiting) and any(not a.high for a in waiting)
        exercised += both
        last = [other.high for other in ended[:position]]
        if both and not begun.high:
            inverted += not all(last[-K:])
        if begun.high:
            runs[-1] += both
        else:
            runs.append(0)
    assert overtaking_bounded(history, high_in_a_row=K).exercised == exercised
    assert codes(overtaking_bounded(history, high_in_a_row=K)).get("priority_inverted", 0) == inverted
    assert codes(normals_not_starved(history, high_in_a_row=K)).get("starved", 0) == sum(run > K for run in runs)


def refusals_before(history: History, normal: Event, by: int, workers: int, reserve: int) -> bool:
    """Whether a high message was refused before, since when the queue cannot have shrunk enough for a normal one."""
    sends = [e for e in history.events if e.kind is Kind.SEND]
    refused = {(e.message_id, e.attempt): e for e in history.events if e.kind is Kind.REFUSED}
    inside = [s for s in sends if (s.message_id, s.attempt) not in refused]
    for send in sends:
        refusal = refused.get((send.message_id, send.attempt))
        if refusal is None or send.index > normal.index or not send.details:
            continue
        came = sum(send.index < s.index < normal.index for s in inside)
        went = sum(refusal.index < e.index < by for e in history.events if e.kind is Kind.REPLY)
        if came - went >= workers - reserve:
            return True
    return False


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.integers(0, 10**9), st.sampled_from((ModelServer, HighRefused)), st.sampled_from((0, RESERVE)))
def test_a_refusal_behind_a_normal_message_is_what_a_count_over_all_pairs_says(seed: int, kind: type[ModelServer], reserve: int) -> None:
    history = kind(seed).run(100, send=5, again=1).settle().history
    (door,) = history.doors.values()
    wrong = [a for a in door.attempts if a.let_in and not a.high and refusals_before(history, a.send, a.decided, 1, reserve)]
    assert codes(high_never_refused_behind_normal(history, reserve)).get("priority_inverted", 0) == len(wrong)


def test_messages_that_went_over_two_connections_are_not_judged() -> None:
    server = Fifo(4711, connections=2).run(300, send=5).settle()
    assert overtaking_bounded(server.history, high_in_a_row=K).counts == {"vacuous": 1}


def test_the_ledger_tells_also_of_messages_that_went_over_two_connections() -> None:
    server = Fifo(4711, connections=2).run(300, send=5).settle()
    assert "priority_inverted" in codes(overtaking_bounded(server.history_with_ledger, high_in_a_row=K))


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.integers(0, 10**9), st.sampled_from((ModelServer, Fifo, OneMoreInARow, NeverNormal)))
def test_by_the_ledger_what_was_begun_is_what_a_look_at_all_rows_says(seed: int, kind: type[ModelServer]) -> None:
    server = kind(seed, connections=2).run(150, send=5, again=1, fail=1).settle()
    inverted = exercised = 0
    rows = [row for row in server.ledger if row.what != "accepted" and row.reason != "queue_full"]
    high = {(sent.message_id, sent.attempt): sent.high for sent in server.sent}
    let_in = {(row.message_id, row.attempt): row.index for row in server.ledger if row.what == "accepted"}
    for position, row in enumerate(rows):
        before = rows[position - 1].index if position else -1
        waiting = [high[key] for key, index in let_in.items() if index < before and key in {(r.message_id, r.attempt) for r in rows[position:]}]
        both = True in waiting and False in waiting
        exercised += both
        inverted += both and not high[row.message_id, row.attempt] and not all(high[r.message_id, r.attempt] for r in rows[max(0, position - K) : position])
    verdict = overtaking_bounded(server.history_with_ledger, high_in_a_row=K)
    assert (verdict.exercised, codes(verdict).get("priority_inverted", 0)) == (exercised, inverted)


def told(kind: type[ModelServer]) -> History:
    server = kind()
    account = server.users["alice"]
    account.held = True
    for high in (False, False, True):
        server.send(high=high)
    server.settle()
    account.held = False
    return server.settle().history


def test_the_share_of_answered_urgent_messages_is_measured() -> None:
    server = HighRefused()
    for _ in range(3):
        server.send(high=True)
    (figure,) = high_figures(server.settle().history)
    assert (figure.name, figure.unit, figure.samples) == ("high_processed_share", "%", 3)
    assert figure.value == pytest.approx(100 * len(server.users["alice"].processed) / 3)
    assert high_figures(History([])) == ()


def test_the_sentences_name_both_messages_and_the_rule() -> None:
    (inverted,) = overtaking_bounded(told(Fifo), high_in_a_row=9).violations
    assert inverted.sentence == (
        "alice's normal message alice-1 was begun while alice's urgent message alice-2 waited, which had been let in before (at +0.002 s); "
        "0 urgent messages had gone before it, where 9 in a row give a normal one its turn"
    )
