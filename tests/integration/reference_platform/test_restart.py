"""Orderly ends: what clients are told, how their connections are closed, and one store for two processes."""

from __future__ import annotations

import contextlib
import json
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request

import psutil
import pytest

from integration.reference_platform.test_process import ENVIRONMENT, refused

REASONS = "x" * 200


def standing_by(store, *arguments):
    """A second process on this store, and the line that it prints."""
    process = subprocess.Popen(
        [sys.executable, "-m", "reference_platform", "serve", "--standby", "--store", store, *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT,
    )  # fmt: skip
    return process, json.loads(process.stdout.readline())


@pytest.fixture
def second(tmp_path):
    """Starts second processes; each ends with the test, with 0 and without a word."""
    with contextlib.ExitStack() as closing:
        processes = []

        def start(store, *arguments):
            process, line = standing_by(store, *arguments)
            processes.append(process)
            closing.callback(process.stderr.close)
            closing.callback(process.stdout.close)
            return process, line

        yield start
        for process in processes:
            if process.poll() is None:
                process.stdin.close()
            assert process.wait(10) == 0
            assert process.stderr.read() == ""


def health(line):
    try:
        with urllib.request.urlopen(line["backend_url"] + "/health", timeout=10) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


@pytest.mark.parametrize(("estimate", "code"), [(10, 1012), (None, 1001)])
def test_everybody_is_told_before_the_connections_are_closed(serve, estimate, code):
    platform = serve()
    clients = [platform.resumable("alice"), platform.connect("bob")]
    told = platform.control("shutdown", {"reason": "maintenance", "estimate": estimate})
    assert told == {"stage": "stopping", "reason": "maintenance", "estimate": estimate, "pid": platform.ready["pid"]}
    for client in clients:
        (notice,) = client.rest()
        assert notice["type"] == "server_shutdown"
        assert (notice["reason"], notice["estimated_restart_time"], notice["offset"]) == ("maintenance", estimate, 1)
        assert "maintenance" in notice["message"]
        assert client.socket.close_code == code
    assert platform.process.wait(10) == 0


@pytest.mark.parametrize("end", ["signal", "input"])
def test_who_is_ended_without_a_word_gives_notice_too(serve, end):
    platform = serve()
    client = platform.connect()
    if end == "signal":
        platform.process.send_signal(signal.SIGTERM)
    else:
        platform.process.stdin.close()
    (notice,) = client.rest()
    assert (notice["type"], notice["reason"], notice["estimated_restart_time"]) == ("server_shutdown", "shutdown", None)
    assert client.socket.close_code == 1001


def test_what_was_received_is_answered_between_notice_and_close(serve):
    platform = serve()
    client = platform.connect()
    platform.control("hold", {})
    client.send_many([{"message_id": f"m{each}", "acknowledge": True} for each in range(50)])
    while client.receive()["message_id"] != "m49":
        pass
    platform.control("release", {})
    platform.control("shutdown", {"estimate": 2})
    frames = client.rest()
    assert [frame["message_id"] for frame in frames if frame["type"] == "ai_response"] == [f"m{each}" for each in range(50)]
    assert sum(frame["type"] == "server_shutdown" for frame in frames) == 1
    offsets = [frame["offset"] for frame in frames]
    assert offsets == list(range(offsets[0], offsets[0] + len(frames)))


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"reason": ""}, "reason must be a text of 1 to 200 characters"),
        ({"reason": REASONS + "x"}, "reason must be a text of 1 to 200 characters"),
        ({"reason": 5}, "reason must be a text of 1 to 200 characters"),
        ({"estimate": -1}, "estimate must be a number from 0, not -1"),
        ({"estimate": "soon"}, "estimate must be a number from 0, not 'soon'"),
    ],
)
def test_a_bad_wish_to_end_changes_nothing(lent, body, sentence):
    assert lent.control("shutdown", body) == (400, {"error": sentence})
    assert health(lent.ready)[0] == 200


def test_the_store_goes_to_who_stands_by(serve, second, tmp_path):
    store = str(tmp_path / "store.sqlite")
    first = serve("--store", store)
    alice = first.resumable()
    alice.send("m1")
    alice.receive()
    process, line = second(store)
    assert line["event"] == "standby"
    assert health(line) == (503, {"status": "standby"})
    with pytest.raises(urllib.error.URLError, match="refused"):
        first.ask(line["websocket_url"].replace("ws:", "http:"))
    first.control("hand_over", {"reason": "version 2"})
    (notice,) = alice.rest()
    assert (notice["type"], notice["reason"], notice["estimated_restart_time"]) == ("server_shutdown", "version 2", 0.0)
    assert alice.socket.close_code == 1012
    active = json.loads(process.stdout.readline())
    assert active == line | {"event": "active"}
    assert first.process.wait(10) == 0
    assert health(line)[0] == 200
    first.ready = active
    back = first.resume(alice)
    assert (back.greeting["session_id"], back.greeting["context_available"], back.greeting["reason"]) == (
        alice.greeting["session_id"], True, "restarted",
    )  # fmt: skip
    back.send("m1", attempt=2)
    assert back.receive()["type"] == "duplicate_rejected"
    back.send("m2")
    back.receive()
    rows = first.ledger()
    assert [row["instance"] for row in rows if row["what"] == "processed"] == ["instance-1", "instance-2"]
    back.close()


def test_who_stands_by_takes_over_from_one_that_was_killed(serve, second, tmp_path):
    store = str(tmp_path / "store.sqlite")
    first = serve("--store", store)
    process, line = second(store)
    first.kill()
    assert json.loads(process.stdout.readline())["event"] == "active"
    assert health(line)[0] == 200


def test_who_stands_by_serves_at_once_where_the_store_is_free(second, tmp_path):
    process, _ = second(str(tmp_path / "store.sqlite"))
    assert json.loads(process.stdout.readline())["event"] == "active"


def test_who_stands_by_ends_when_asked_to(serve, second, tmp_path):
    store = str(tmp_path / "store.sqlite")
    serve("--store", store)
    process, _ = second(store)
    process.stdin.close()
    assert process.wait(10) == 0


def test_standing_by_costs_next_to_nothing(serve, second, tmp_path):
    store = str(tmp_path / "store.sqlite")
    serve("--store", store)
    process, _ = second(store)
    before = psutil.Process(process.pid).cpu_times()
    time.sleep(1)
    after = psutil.Process(process.pid).cpu_times()
    assert after.user + after.system - before.user - before.system < 0.3


def test_a_store_of_another_version_is_left_alone(tmp_path):
    store = tmp_path / "store.sqlite"
    with contextlib.closing(sqlite3.connect(store)) as database:
        database.execute("CREATE TABLE batches (id INTEGER PRIMARY KEY)")
        database.execute("PRAGMA user_version=7")
    before = store.read_bytes()
    line = refused("serve", "--store", str(store))
    assert f"the store {store} is of version 7, this platform reads version 1; start the platform that has written it, or name another --store" in line
    assert store.read_bytes() == before


def test_a_store_in_use_names_both_ways_out(serve, tmp_path):
    serve("--store", str(tmp_path / "store"))
    line = refused("serve", "--store", str(tmp_path / "store"))
    assert "is in use by another platform; give each its own --store, or start this one with --standby" in line


def test_standing_by_for_nothing():
    assert "--standby waits for the store of another platform; name it with --store" in refused("serve", "--standby")


def test_operations_and_results_survive_the_kill(serve, tmp_path):
    store = str(tmp_path / "store.sqlite")
    platform = serve("--store", store)
    client = platform.resumable()
    operations = [{"name": "collect", "progress": 0.75}, {"name": "report", "progress": 0}]
    client.ask("update_agent_context", pending_operations=operations, results={"q3": {"revenue": 12}})
    client.ask("update_agent_context", results={"q4": [1, 2]})
    platform.kill()
    platform = serve("--store", store)
    memory = platform.resume(client).ask("get_agent_context")
    assert (memory["pending_operations"], memory["results"], memory["version"]) == (operations, {"q3": {"revenue": 12}, "q4": [1, 2]}, 2)


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ({"results": []}, "preferences, variables and results must be objects"),
        ({"pending_operations": {}}, "pending_operations must be a list of at most 100, each with a name and its progress from 0 to 1"),
        ({"pending_operations": [{"name": "a"}]}, "pending_operations must be a list"),
        ({"pending_operations": [{"name": "a", "progress": 1.5}]}, "pending_operations must be a list"),
        ({"pending_operations": [{"name": "a", "progress": True}]}, "pending_operations must be a list"),
        ({}, "an update says at least one of preferences, variables, workflow, tool_call, pending_operations, results"),
    ],
)
def test_operations_that_are_none(lent, told, sentence):
    answer = lent.resumable().ask("update_agent_context", **told)
    assert answer["code"] == "invalid_message"
    assert sentence in answer["message"]
