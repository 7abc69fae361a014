"""What the reference dialect promises, on the wire of a real process."""

from __future__ import annotations

import hashlib
import json
import threading

import jwt
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect


def digest(content):
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def test_greets_first_and_names_session_user_epoch_and_limits(platform):
    greeting = platform.connect().greeting
    assert greeting["type"] == "connection_established"
    assert (greeting["epoch"], greeting["offset"], greeting["recovered"]) == (1, 0, False)
    assert greeting["limits"]["duplicate_window"] == 300
    assert greeting["limits"]["max_queue_size"] == 500
    assert abs(greeting["server_time"] - platform.control("clock")["now"]) < 5
    assert greeting["user_id"] == platform.account("alice")["user_id"] != platform.account("bob")["user_id"]


def test_answers_in_order_with_digest_and_offsets(platform):
    client = platform.connect()
    contents = ["", "é" * 3, "x" * 70_000, "\U0001f600"]
    for number, content in enumerate(contents):
        client.send(f"m{number}", content, sequence_id=number, attempt=number + 1)
    replies = [client.receive() for _ in contents]
    assert [reply["message_id"] for reply in replies] == ["m0", "m1", "m2", "m3"]
    assert [reply["attempt"] for reply in replies] == [1, 2, 3, 4]
    assert [reply["digest"] for reply in replies] == [digest(content) for content in contents]
    assert [reply["offset"] for reply in replies] == [1, 2, 3, 4]
    assert [reply["version"] for reply in replies] == [1, 2, 3, 4]
    assert {reply["session_id"] for reply in replies} == {client.greeting["session_id"]}


def test_state_is_the_model_of_everything_processed(platform):
    client = platform.connect()
    chain = ""
    for number in range(130):
        client.send(f"m{number}", f"content {number}", sequence_id=number)
        chain = digest(chain + digest(f"content {number}"))
    state = client.state()
    assert (state["message_count"], state["version"], state["last_sequence_id"]) == (130, 130, 129)
    assert state["processed_message_ids"] == [f"m{number}" for number in range(30, 130)]
    assert state["context_digest"] == chain
    assert state["user_id"] == client.greeting["user_id"]


def test_acknowledges_where_asked_and_before_the_answer(platform):
    client = platform.connect()
    client.send("m0", acknowledge=True, sequence_id=7)
    accepted, answer = client.receive(), client.receive()
    assert (accepted["type"], accepted["message_id"], accepted["attempt"], accepted["sequence_id"]) == ("message_accepted", "m0", 1, 7)
    assert answer["type"] == "ai_response"


def test_repeated_message_is_rejected_per_attempt_and_processed_once(platform):
    client = platform.connect()
    for attempt in range(1, 11):
        client.send("same", attempt=attempt)
    frames = client.fence()
    assert [frame["attempt"] for frame in frames if frame["type"] == "duplicate_rejected"] == list(range(2, 11))
    assert [frame["message_id"] for frame in frames if frame["type"] == "ai_response"] == ["same"]
    assert [row["what"] for row in platform.ledger() if row["message_id"] == "same"].count("processed") == 1


def test_window_ends_after_300_seconds_and_not_before(platform):
    client = platform.connect()
    client.send("m")
    client.receive()
    platform.control("clock", {"advance": 270})
    client.send("m", attempt=2)
    assert client.receive()["type"] == "duplicate_rejected"
    platform.control("clock", {"advance": 31})
    client.send("m", attempt=3)
    assert client.receive()["type"] == "ai_response"
    client.send("m", attempt=4)
    assert client.receive()["type"] == "duplicate_rejected"


def test_ids_are_exact_and_belong_to_the_user(platform):
    alice, bob = platform.connect("alice"), platform.connect("bob")
    for message_id in ("m", "M", "m ", " m"):
        alice.send(message_id, "equal text")
        assert alice.receive()["type"] == "ai_response"
    bob.send("m")
    assert bob.receive()["type"] == "ai_response"


def test_two_connections_of_a_user_share_state_and_duplicates_but_not_replies(platform):
    one, two = platform.connect(), platform.connect()
    one.send("m")
    assert one.receive()["type"] == "ai_response"
    two.send("m", attempt=2)
    assert two.receive()["type"] == "duplicate_rejected"
    assert two.state()["message_count"] == 1
    assert one.greeting["session_id"] != two.greeting["session_id"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "invalid_json"),
        ("[" * 100_000, "nesting_too_deep"),
        ('{"type":"user_message","message_id":"m","content":NaN}', "invalid_json"),
        ("[]", "invalid_message"),
        ("{}", "invalid_message"),
        ('{"type":"dance"}', "unknown_type"),
        ('{"type":"user_message","message_id":"","content":"x"}', "invalid_message"),
        ('{"type":"user_message","message_id":{},"content":"x"}', "invalid_message"),
        ('{"type":"user_message","message_id":"m"}', "invalid_message"),
        ('{"type":"user_message","message_id":"m","content":"x","sequence_id":1.5}', "invalid_message"),
        ('{"type":"user_message","message_id":"m","content":"x","sequence_id":true}', "invalid_message"),
        ('{"type":"user_message","message_id":"m","content":"x","sequence_id":1e400}', "invalid_json"),
        ('{"type":"user_message","message_id":"m","content":"x","sequence_id":123456789012345678901234567890}', "invalid_json"),
        ('{"type":"user_message","message_id":"m","content":"x","priority":"urgent"}', "invalid_message"),
        ('{"type":"user_message","message_id":"m","content":"x","attempt":0}', "invalid_message"),
        ('{"type":"get_agent_state"}', "invalid_message"),
    ],
)
def test_what_is_no_message_is_refused_and_changes_nothing(platform, text, code):
    client = platform.connect()
    client.socket.send(text)
    answer = client.receive()
    assert (answer["type"], answer["code"]) == ("error", code)
    assert "Traceback" not in answer["message"]
    client.send("m", attempt=2)
    assert client.receive()["type"] == "ai_response", "a refused id may be tried again"
    assert client.state()["message_count"] == 1


def test_a_full_queue_refuses_openly_keeps_places_for_high_and_forgets_the_refused_id(platform):
    client = platform.connect()
    platform.control("hold", {})
    client.send_many([{"message_id": f"n{number}"} for number in range(452)])
    client.send_many([{"message_id": f"h{number}", "priority": "high"} for number in range(51)])
    errors = [client.receive() for _ in range(3)]
    assert [error["message_id"] for error in errors] == ["n450", "n451", "h50"]
    assert {(error["code"], error["capacity"], error["attempt"]) for error in errors} == {("queue_full", 500, 1)}
    assert [error["queue_depth"] for error in errors] == [450, 450, 500]
    assert all(error["retry_after"] > 0 for error in errors)
    platform.control("release", {})
    answered = [client.receive()["message_id"] for _ in range(500)]
    assert sorted(answered) == sorted([f"n{number}" for number in range(450)] + [f"h{number}" for number in range(50)])
    assert [name for name in answered if name[0] == "n"] == [f"n{number}" for number in range(450)]
    assert answered.index("h49") < 60, "high ones overtake, but for one normal message in ten"
    client.send("n450", attempt=2)
    assert client.receive()["type"] == "ai_response"


def test_hold_of_one_user_leaves_the_others_alone(platform):
    alice, bob = platform.connect("alice"), platform.connect("bob")
    platform.control("hold", {"user": alice.greeting["user_id"]})
    alice.send("a")
    bob.send("b")
    assert bob.receive()["message_id"] == "b"
    assert platform.control("status")["pending"] == 1
    platform.control("release", {"user": alice.greeting["user_id"]})
    assert alice.receive()["message_id"] == "a"


def test_work_time_is_one_message_per_user_at_a_time_and_several_users_at_once(platform):
    platform.control("work", {"seconds": 0.05})
    clients = [platform.connect(f"user{number}") for number in range(5)]
    for client in clients:
        for number in range(4):
            client.send(f"m{number}", sequence_id=number)
    for client in clients:
        assert [client.receive()["sequence_id"] for _ in range(4)] == [0, 1, 2, 3]
    rows = [row for row in platform.ledger() if row["what"] == "processed"]
    assert max(row["time"] for row in rows) - min(row["time"] for row in rows) < 4 * 5 * 0.05 * 0.75, "users do not wait for each other"
    first = {row["user"] for row in rows[:5]}
    assert len(first) == 5, "each user has a turn before anybody has a second one"


def test_everything_before_a_close_is_processed(platform):
    for number in range(20):
        client = platform.connect(f"user{number}")
        client.send_many([{"message_id": f"m{each}"} for each in range(50)])
        client.socket.close()
        again = platform.connect(f"user{number}")
        state = again.state()
        assert state["message_count"] == 50


def test_everything_before_a_reset_that_was_read_is_in_ledger_and_state_alike(platform):
    client = platform.connect()
    client.send_many([{"message_id": f"m{each}"} for each in range(200)])
    client.socket.socket.close()
    state = platform.connect().state()
    processed = [row["message_id"] for row in platform.ledger() if row["what"] == "processed"]
    assert processed == [f"m{each}" for each in range(state["message_count"])]


def test_ledger_has_each_stage_once_with_rising_indexes_and_since(platform):
    client = platform.connect()
    for number in range(3):
        client.send(f"m{number}", sequence_id=number)
    client.fence()
    rows = platform.ledger()
    indexes = [row["index"] for row in rows]
    assert indexes == sorted(set(indexes))
    for number in range(3):
        mine = [row for row in rows if row["message_id"] == f"m{number}"]
        assert [row["what"] for row in mine] == ["received", "accepted", "processed", "answered"]
        assert {row["user"] for row in mine} == {client.greeting["user_id"]}
        assert {row["session"] for row in mine} == {client.greeting["session_id"]}
        assert {row["connection"] for row in mine} == {client.greeting["connection_id"]}
    for since in indexes:
        assert platform.ledger(since) == [row for row in rows if row["index"] > since]
    assert set(rows[0]) == {
        "index", "time", "user", "session", "connection", "message_id", "attempt", "sequence_id", "digest", "agent", "what", "reason", "instance",
    }  # fmt: skip


def test_connections_above_the_limit_are_told_to_come_back(serve, tmp_path):
    (tmp_path / "two.yaml").write_text("max_connections: 2\n")
    platform = serve("--config", str(tmp_path / "two.yaml"))
    kept = [platform.connect("a"), platform.connect("b")]
    with connect(platform.url("c")) as third, pytest.raises(ConnectionClosed) as closed:
        third.recv(timeout=10)
    assert closed.value.rcvd.code == 1013
    kept[0].close()
    assert platform.connect("c").greeting["type"] == "connection_established"


@pytest.mark.parametrize("token", [None, "", "x.y.z", "none"])
def test_bad_tokens_are_refused_before_the_upgrade(platform, token):
    with pytest.raises(InvalidStatus) as refused:
        connect(platform.ready["websocket_url"] + ("" if token is None else f"?token={token}"))
    assert refused.value.response.status_code == 401
    assert json.loads(refused.value.response.body)["error"]


def test_a_token_ends_exactly_on_the_platforms_clock(platform):
    token = platform.account("alice", ttl=1000)["token"]
    end = jwt.decode(token, options={"verify_signature": False})["exp"]
    header = {"Authorization": f"Bearer {token}"}
    # A hundred seconds before its end, so that a machine which stops for a while does not get there by itself.
    platform.control("clock", {"advance": end - 100 - platform.control("clock")["now"]})
    with connect(platform.ready["websocket_url"], additional_headers=header):
        pass
    platform.control("clock", {"advance": end - platform.control("clock")["now"]})
    with pytest.raises(InvalidStatus) as refused:
        connect(platform.ready["websocket_url"], additional_headers=header)
    assert refused.value.response.status_code == 401


def test_claims_of_a_test_account_reach_the_token(platform):
    for claims in ({"exp": None}, {"aud": "others"}, {"iss": "others"}, {"nbf": 4e9}, {"exp": "soon"}, {"sub": None}):
        token = platform.account("alice", claims=claims)["token"]
        with pytest.raises(InvalidStatus):
            connect(f"{platform.ready['websocket_url']}?token={token}")


def test_health_and_bad_http(platform):
    health = platform.ask(platform.ready["backend_url"] + "/health")
    assert (health["status"], health["pid"]) == ("ok", platform.process.pid)
    assert platform.ask(platform.ready["auth_url"] + "/auth/test-user", {})[0] == 400
    assert platform.control("clock", {"advance": -1})[0] == 400
    assert platform.control("clock", {"advance": "x"})[0] == 400
    assert platform.ask(platform.ready["backend_url"] + "/control/guess/status")[0] == 404


def test_control_can_be_off(serve):
    platform = serve("--no-control")
    assert platform.ready["control_url"] is None
    assert platform.ask(platform.ready["backend_url"] + "/control/None/status")[0] == 404


def test_simultaneous_copies_on_two_connections_are_processed_once(platform):
    clients = [platform.connect() for _ in range(4)]
    barrier = threading.Barrier(4)

    def burst(client):
        barrier.wait()
        for number in range(200):
            client.send(f"m{number}")

    threads = [threading.Thread(target=burst, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kinds = [client.receive()["type"] for client in clients for _ in range(200)]
    assert (kinds.count("ai_response"), kinds.count("duplicate_rejected")) == (200, 600)
