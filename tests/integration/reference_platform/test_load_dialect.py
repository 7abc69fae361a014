"""What the dialect has for load: throughput tests, probes, figures, words about pressure, and bounds that hold."""

from __future__ import annotations

import time
import urllib.request

import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


def test_a_throughput_test_takes_the_way_of_a_message(platform):
    client = platform.connect()
    for _ in range(2):
        client.send_json({"type": "throughput_test", "message_id": "t", "content": "load", "sequence_id": 7})
    client.send("t")
    replies = [client.receive() for _ in range(3)]
    assert [reply["type"] for reply in sorted(replies, key=lambda reply: reply["type"])] == ["ai_response", "duplicate_rejected", "duplicate_rejected"]
    assert {(reply["message_id"], reply["attempt"]) for reply in replies} == {("t", 1)}
    assert [row["what"] for row in platform.ledger() if row["what"] != "received"].count("processed") == 1
    assert client.state()["last_sequence_id"] == 7


def test_a_probe_is_answered_while_the_agent_is_held(platform):
    client = platform.connect()
    platform.control("hold", {})
    client.send("waits")
    times = []
    for number in range(3):
        client.send_json({"type": "latency_probe", "request_id": f"p{number}", "client_send_time": 12.5 + number})
        answer = client.receive()
        assert (answer["type"], answer["request_id"], answer["client_send_time"]) == ("latency_response", f"p{number}", 12.5 + number)
        times += [answer["server_receive_time"], answer["server_send_time"]]
    assert times == sorted(times)
    assert times[0] > 0
    platform.control("release", {})
    assert client.receive()["message_id"] == "waits"


@pytest.mark.parametrize("wrong", [{"client_send_time": "now"}, {"request_id": None}])
def test_a_probe_that_makes_no_sense_is_refused(platform, wrong):
    client = platform.connect()
    client.send_json({"type": "latency_probe", "request_id": "p", **wrong})
    assert client.receive()["code"] == "invalid_message"


def test_stats_are_counted_not_made_up(serve):
    platform = serve("--set", "max_queue_size=10")
    client, other = platform.connect(), platform.connect("other")
    for number in range(20):
        client.send(f"m{number}")
        client.fence(f"f{number}")
    client.send("m0")
    assert client.receive()["type"] == "duplicate_rejected"
    platform.control("fail", {"count": 1})
    client.send("fails")
    assert client.receive()["code"] == "processing_failed"
    platform.control("hold", {})
    for number in range(12):
        client.send(f"w{number}")
    client.receive_until(lambda frame: frame.get("message_id") == "w11")
    other.send_json({"type": "get_performance_stats", "request_id": "s"})
    stats = other.receive()
    assert (stats["type"], stats["request_id"]) == ("performance_stats", "s")
    assert [stats[name] for name in ("processed", "duplicates", "refused", "error_count", "queue_depth", "connection_count")] == [40, 1, 4, 1, 9, 2]
    assert stats["message_count"] == 40 + 1 + 1 + 12
    assert 0 < stats["commit_p50_ms"] <= stats["commit_p95_ms"] <= stats["commit_max_ms"]
    assert stats["memory_usage_mb"] == pytest.approx(psutil.Process(platform.process.pid).memory_info().rss / 1e6, rel=0.2)
    assert stats["uptime"] > 0
    assert 0 < stats["messages_per_second"] <= 40 / 0.02


def test_a_user_is_told_of_pressure_and_of_relief_on_every_connection(serve):
    platform = serve("--set", "max_queue_size=20")
    first, second, other = platform.connect("a"), platform.connect("a"), platform.connect("b")
    user = first.greeting["user_id"]
    platform.control("hold", {"user": user})
    first.send_many([{"message_id": f"m{number}"} for number in range(18)])
    pushed = [client.receive_any() for client in (first, second)]
    assert [(push["type"], push["active"], push["queue_depth"], push["capacity"], push["offset"]) for push in pushed] == [("backpressure", True, 16, 20, 1)] * 2
    platform.control("release", {"user": user})
    relieved = second.receive_any()
    assert (relieved["type"], relieved["active"], relieved["queue_depth"], relieved["offset"]) == ("backpressure", False, 10, 2)
    frames = [first.receive_any() for _ in range(19)]
    assert [frame["offset"] for frame in frames] == list(range(2, 21)), "a push is numbered like everything else"
    assert [frame["type"] for frame in frames].count("backpressure") == 1
    assert other.fence() == [], "whose queue is empty is told nothing"


def test_texts_that_wait_stay_within_the_memory_limit(serve):
    platform = serve("--set", "memory_limit=1 MB")
    client, other = platform.connect("a"), platform.connect("b")
    platform.control("hold", {})
    client.send_many([{"message_id": f"m{number}", "content": "x" * 300_000} for number in range(4)])
    refused = client.receive()
    assert (refused["code"], refused["message_id"]) == ("memory_full", "m3")
    assert refused["retry_after"] > 0
    other.send("also", "y" * 300_000)
    assert other.receive()["code"] == "memory_full", "it is one limit for all"
    other.send("small")
    platform.control("release", {})
    assert other.receive()["message_id"] == "small"
    client.send("m3", "x" * 300_000)
    assert [client.receive()["message_id"] for _ in range(4)] == ["m0", "m1", "m2", "m3"]


def test_metrics_are_what_prometheus_reads(platform):
    client = platform.connect()
    for number in range(5):
        client.fence(f"m{number}")
    with urllib.request.urlopen(f"{platform.ready['backend_url']}/metrics", timeout=10) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain")
        text = answer.read().decode()
    values = {
        (sample.name, *sample.labels.values()): sample.value for family in text_string_to_metric_families(text) for sample in family.samples
    }  # fmt: skip
    assert values["reference_platform_messages_total", "processed"] == 5
    assert values["reference_platform_messages_total", "refused"] == 0
    assert values["reference_platform_connections",] == 1
    assert values["reference_platform_queue_depth",] == 0
    assert values["reference_platform_commit_seconds_count",] >= 5
    assert values["reference_platform_resident_memory_bytes",] > 1e7


@pytest.mark.parametrize("kind", ["refusals", "states"])
def test_memory_is_bounded_towards_a_reader_who_stopped(platform, kind):
    other, process = platform.connect("other"), psutil.Process(platform.process.pid)
    if kind == "refusals":
        platform.control("hold", {"user": platform.account("stalled")["user_id"]})
    with platform.stalled() as stalled:
        stalled.pour({"type": "user_message", "message_id": f"{number:0200d}", "content": "x"} for number in range(600))
        other.fence()
        before = process.memory_info().rss
        question = {"type": "get_agent_state"} if kind == "states" else {"type": "user_message", "content": "x" * 200}
        taken = stalled.pour({**question, "request_id": f"{number:0100d}", "message_id": f"f{number}"} for number in range(400_000))
        assert taken < 50_000_000, "it was read from although it did not read"
        other.fence("still served")
        grown = process.memory_info().rss - before
    print(f"{kind}: {taken / 1e6:.1f} MB were taken, the server grew by {grown / 1e6:.1f} MB")
    assert grown < 25_000_000


def test_one_connection_more_than_the_limit_is_told_so_under_load(serve):
    platform = serve("--set", "max_connections=3")
    kept = [platform.connect(f"user{number}") for number in range(3)]
    for client in kept:
        client.send_many([{"message_id": f"m{number}"} for number in range(400)])
    begun = time.monotonic()
    for _ in range(3):
        with connect(platform.url("late")) as late, pytest.raises(ConnectionClosed) as closed:
            late.recv(timeout=10)
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1013, "all 3 connections are taken, try again later")
    assert time.monotonic() - begun < 15
    for client in kept:
        client.receive_until(lambda frame: frame.get("message_id") == "m399")
