"""Each seeded defect misbehaves as its name says, and only so: seen on the wire, in the ledger or in the agent's state."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from itertools import pairwise

import pytest


def burst(client, count, prefix="m", **fields):
    """Sends a burst and returns the answers up to a fence."""
    client.send_many([{"message_id": f"{prefix}{number}", "sequence_id": number, **fields} for number in range(count)])
    return [frame for frame in client.fence(f"{prefix}-fence") if frame["type"] == "ai_response"]


def processed(platform, message_id):
    return [row["what"] for row in platform.ledger() if row["message_id"] == message_id].count("processed")


def test_swap_adjacent_swaps_two_neighbours_once(serve):
    client = serve("--defect", "r1_swap_adjacent").connect()
    client.send_many([{"message_id": f"m{number}", "sequence_id": number} for number in range(60)])
    order = [client.receive()["sequence_id"] for _ in range(60)]
    wrong = [place for place in range(60) if order[place] != place]
    assert len(wrong) == 2
    assert wrong[1] == wrong[0] + 1


def test_reorder_1in500_needs_more_than_64_in_flight(serve):
    platform = serve("--defect", "r1_reorder_1in500")
    client = platform.connect()
    inversions = 0
    for start in range(0, 6400, 400):
        platform.control("hold", {})
        client.send_many([{"message_id": f"m{start + number}", "sequence_id": start + number} for number in range(400)])
        platform.control("release", {})
        order = [client.receive()["sequence_id"] for _ in range(400)]
        assert sorted(order) == list(range(start, start + 400))
        inversions += sum(after < before for before, after in pairwise(order))
    assert 2 <= inversions <= 60
    for number in range(600):
        client.send(f"calm{number}")
        assert client.receive()["message_id"] == f"calm{number}"


def test_drop_every_n_drops_the_997th(serve):
    platform = serve("--defect", "r1_drop_every_n")
    client = platform.connect()
    answered = []
    for start in range(0, 1200, 200):
        client.send_many([{"message_id": f"m{number}", "sequence_id": number} for number in range(start, start + 200)])
        answered += [client.receive()["sequence_id"] for _ in range(199 if start == 800 else 200)]
    assert sorted(set(range(1200)) - set(answered)) == [996]
    assert [row["what"] for row in platform.ledger() if row["message_id"] == "m996"] == ["received", "accepted"]


def test_drop_last_loses_the_last_message_before_a_close(serve):
    platform = serve("--defect", "r1_drop_last")
    client = platform.connect()
    assert len(burst(client, 20)) == 20, "nothing is lost while the connection stays"
    client.send_many([{"message_id": f"last{number}"} for number in range(20)])
    client.close()
    assert platform.connect().state()["message_count"] == 21 + 19
    assert [row["what"] for row in platform.ledger() if row["message_id"] == "last19"] == ["received", "accepted"]


def test_dup_reply_answers_some_messages_twice(serve):
    platform = serve("--defect", "r1_dup_reply")
    client = platform.connect()
    counts = Counter(frame["message_id"] for part in range(8) for frame in burst(client, 400, f"p{part}-"))
    assert set(counts.values()) == {1, 2}
    assert 2 <= sum(count == 2 for count in counts.values()) <= 40
    assert client.state()["message_count"] == 3208


def test_wrong_correlation_answers_with_the_neighbours_id(serve):
    client = serve("--defect", "r1_wrong_correlation").connect()
    answers = [answer for part in range(3) for answer in burst(client, 400, f"p{part}-")]
    wrong = [answer for answer in answers if not answer["message_id"].endswith(f"-{answer['sequence_id']}")]
    assert wrong
    assert all(answer["message_id"].endswith((f"-{answer['sequence_id'] - 1}", "fence")) for answer in wrong)


def test_seq_off_by_one_lies_in_the_state_only(serve):
    client = serve("--defect", "r1_seq_off_by_one").connect()
    assert [answer["sequence_id"] for answer in burst(client, 20)] == list(range(20))
    assert client.state()["last_sequence_id"] == 20


def test_concurrent_handlers_overtake_each_other(serve):
    platform = serve("--defect", "r1_concurrent_handlers")
    client = platform.connect()
    client.send_many([{"message_id": f"m{number}", "sequence_id": number} for number in range(50)])
    order = [client.receive()["sequence_id"] for _ in range(50)]
    assert sorted(order) == list(range(50)) != order
    ledger = [row["sequence_id"] for row in platform.ledger() if row["what"] == "processed"]
    assert ledger == order, "the ledger shows the true order of processing"


def test_truncate_64k_cuts_silently(serve):
    client = serve("--defect", "r1_truncate_64k").connect()
    for size in (65_535, 65_536, 70_000):
        client.send(f"m{size}", "x" * size)
        assert client.receive()["digest"] == hashlib.sha256(b"x" * min(size, 65_535)).hexdigest()[:16]


def test_no_dedup_processes_every_copy(serve):
    platform = serve("--defect", "r2_no_dedup")
    client = platform.connect()
    client.send_many([{"message_id": "same"}] * 10)
    assert [client.receive()["type"] for _ in range(10)] == ["ai_response"] * 10
    assert processed(platform, "same") == 10


def test_window_too_short_is_one_second(serve):
    platform = serve("--defect", "r2_window_too_short")
    client = platform.connect()
    client.send_many([{"message_id": "same"}] * 2)
    assert {client.receive()["type"] for _ in range(2)} == {"ai_response", "duplicate_rejected"}
    platform.control("clock", {"advance": 1.1})
    client.send("same")
    assert client.receive()["type"] == "ai_response"


def test_dedup_id_only_conn_forgets_across_connections(serve):
    platform = serve("--defect", "r2_dedup_id_only_conn")
    one, two = platform.connect(), platform.connect()
    for client, kind in ((one, "ai_response"), (one, "duplicate_rejected"), (two, "ai_response"), (two, "duplicate_rejected")):
        client.send("same")
        assert client.receive()["type"] == kind
    assert processed(platform, "same") == 2


def test_dedup_lost_on_reconnect(serve):
    platform = serve("--defect", "r2_dedup_lost_on_reconnect")
    one, two = platform.connect(), platform.connect()
    for client, kind in ((one, "ai_response"), (two, "duplicate_rejected")):
        client.send("same")
        assert client.receive()["type"] == kind
    one.close()
    again = platform.connect()
    again.send("same")
    assert again.receive()["type"] == "ai_response"


def test_dedup_lost_on_restart(serve, tmp_path):
    arguments = ("--store", str(tmp_path / "store"), "--defect", "r2_dedup_lost_on_restart")
    platform = serve(*arguments)
    client = platform.connect()
    client.send_many([{"message_id": "same"}] * 2)
    assert {client.receive()["type"] for _ in range(2)} == {"ai_response", "duplicate_rejected"}
    platform.kill()
    client = serve(*arguments).connect()
    client.send("same")
    assert client.receive()["type"] == "ai_response"


def test_dedup_global_across_users(serve):
    platform = serve("--defect", "r2_dedup_global_across_users")
    alice, bob = platform.connect("alice"), platform.connect("bob")
    alice.send("same")
    assert alice.receive()["type"] == "ai_response"
    bob.send("same")
    assert bob.receive()["type"] == "duplicate_rejected"


def test_race_check_then_act_lets_simultaneous_copies_through(serve):
    platform = serve("--defect", "r2_race_check_then_act")
    clients = [platform.connect(), platform.connect()]
    twice = 0
    for number in range(100):
        barrier = threading.Barrier(2)

        def send(client, barrier=barrier, number=number):
            barrier.wait()
            client.send(f"m{number}")

        threads = [threading.Thread(target=send, args=(client,)) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        twice += [client.receive()["type"] for client in clients].count("ai_response") == 2
        clients[0].send(f"m{number}")
        assert clients[0].receive()["type"] == "duplicate_rejected", "one after the other it is right"
        if twice >= 3:
            break
    assert twice >= 3


def test_reject_then_process_counts_what_it_rejected(serve):
    platform = serve("--defect", "r2_reject_then_process")
    client = platform.connect()
    client.send_many([{"message_id": "same"}] * 10)
    kinds = Counter(client.receive()["type"] for _ in range(10))
    assert kinds == {"ai_response": 1, "duplicate_rejected": 9}
    assert client.state()["message_count"] == 10
    assert processed(platform, "same") == 10


@pytest.mark.parametrize("option", [("--defect", "r2_dup_missing_reply"), ("--quirk", "n4_duplicates_silent")])
def test_duplicates_without_an_answer(serve, option):
    platform = serve(*option)
    client = platform.connect()
    client.send_many([{"message_id": "same"}] * 10)
    assert [frame["type"] for frame in client.fence()] == ["ai_response"]
    assert client.state()["message_count"] == 2
    assert [row["what"] for row in platform.ledger() if row["message_id"] == "same"].count("duplicate") == 9
