"""The depth by the ledger: what a look at all rows says, and never a word about a correct server."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_server import Account, ModelServer, Sent
from random_histories import codes

from Lockstep.checks import History
from Lockstep.checks.queue.ledger import depth_by_ledger_within

PLACES = (ModelServer.normal_places, ModelServer.high_places)
CHECK = partial(depth_by_ledger_within, normal_places=PLACES[0], high_places=PLACES[1])


class OneMore(ModelServer):
    """Has room for one more than it says; what a worker takes leaves its place, so two more show for certain."""

    def has_room(self, account: Account, sent: Sent) -> bool:
        return account.depth < (self.high_places if sent.high else self.normal_places) + 2


class Endless(ModelServer):
    def has_room(self, account: Account, sent: Sent) -> bool:
        return True


@settings(derandomize=True, deadline=None, max_examples=80)
@given(st.integers(0, 10**9), st.sampled_from((ModelServer, OneMore, Endless)))
def test_what_was_let_in_without_a_place_is_what_a_look_at_all_rows_says(seed: int, kind: type[ModelServer]) -> None:
    server = kind(seed, users=("alice", "bob"), connections=2).run(250, send=6, again=2, fail=1).settle()
    high = {(sent.user, sent.message_id, sent.attempt) for sent in server.sent if sent.high}
    wrong = []
    for row in server.ledger:
        if row.what != "accepted":
            continue
        before = [other for other in server.ledger[: row.index - 1] if other.user == row.user and other.reason != "queue_full"]
        waiting = sum(other.what == "accepted" for other in before) - sum(other.what != "accepted" for other in before) - 1
        if waiting >= PLACES[(row.user, row.message_id, row.attempt) in high]:
            wrong.append(row)
    found = codes(CHECK(server.history_with_ledger))
    assert found.get("over_capacity", 0) == len(wrong)
    refused = {row.user for row in server.ledger if row.reason == "queue_full"}
    assert found.get("no_backpressure", 0) == len({row.user for row in wrong} - refused)
    assert not (kind is ModelServer and found)


@pytest.mark.parametrize(("kind", "code"), [(OneMore, "over_capacity"), (Endless, "no_backpressure")])
def test_a_defect_is_reported_by_its_code(kind: type[ModelServer], code: str) -> None:
    server = kind(4711)
    for number in range(40):
        server.send(high=number % 3 == 0)
    assert code in codes(CHECK(server.settle().history_with_ledger))


def test_no_row_is_no_proof() -> None:
    assert CHECK(History([])).counts == {"vacuous": 1}
