"""What agents say while nobody is there: it waits, within bounds that are told, and leaves by urgency; nothing is lost without a word."""

from __future__ import annotations

import itertools
import re
import sqlite3
import time
import urllib.request

import pytest

FENCES = itertools.count()


@pytest.fixture
def platform(lent):
    yield lent
    lent.control("outbound_queue", {"size": 1000, "overflow": "drop_oldest", "ttl": 300, "ttl_critical": 1800})


def user_of(client):
    return client.greeting["user_id"]


def says(platform, client, *priorities, agent="analyst", **more):
    """What became of what the agent says, one message of each of these priorities."""
    messages = [{"content": f"{agent} {number}", "priority": priority} for number, priority in enumerate(priorities, 1)]
    return platform.control("speak", {"user": user_of(client), "agent": agent, "messages": messages, **more})["spoken"]


def queue(platform, client):
    (found,) = platform.control(f"waiting?user={user_of(client)}")["waiting"]
    return found


def left(platform, client):
    """The client closes, and the platform has noticed."""
    client.close()
    until = time.monotonic() + 30
    while any(session["live"] for session in platform.control(f"sessions?user={user_of(client)}")["sessions"]):
        assert time.monotonic() < until


@pytest.fixture
def away(platform, alice):
    """A client that may come back and is away."""
    client = platform.resumable(alice)
    client.name = alice
    left(platform, client)
    return client


def everything(client):
    """All that comes by itself before the answer to one more message."""
    return client.fence(f"fence {next(FENCES)}")


def test_who_is_there_gets_it_at_once_with_a_number(platform, alice):
    client = platform.resumable(alice)
    before = time.time()
    told = says(platform, client, "normal", "high")
    assert [one["state"] for one in told] == ["sent", "sent"]
    for number, (one, priority) in enumerate(zip(told, ("normal", "high"), strict=True), 1):
        frame = client.receive()
        assert frame == {
            "type": "agent_message", "message_id": one["message_id"], "agent": "analyst", "agent_sequence": number, "priority": priority,
            "content": f"analyst {number}", "digest": frame["digest"], "created_at": one["created_at"], "session_id": client.greeting["session_id"],
            "epoch": 1, "offset": number,
        }  # fmt: skip
        assert before - 0.1 < one["created_at"] < time.time() + 0.1


def test_who_is_away_gets_it_once_behind_the_greeting(platform, away):
    (told,) = says(platform, away, "normal")
    assert told["state"] == "queued"
    assert queue(platform, away) == {
        "session": away.greeting["session_id"], "user": user_of(away), "depth": 1, "bytes": 9, "by_priority": {"critical": 0, "high": 0, "normal": 1, "low": 0},
        "queued": 1, "delivered": 0, "expired": 0, "dropped": 0, "rejected": 0,
    }  # fmt: skip
    back = platform.resume(away, away.name)
    assert (back.greeting["recovered"], back.greeting["waiting"], back.greeting["head"]) == (True, 1, 0)
    (frame,) = everything(back)
    assert (frame["message_id"], frame["created_at"], frame["offset"]) == (told["message_id"], told["created_at"], 1)
    assert (queue(platform, away)["depth"], queue(platform, away)["delivered"]) == (0, 1)
    left(platform, back)
    again = platform.resume(back, away.name)
    assert (again.greeting["waiting"], everything(again)) == (0, [])


def test_the_urgent_go_first_and_nobody_who_is_there_is_overtaken(platform, away):
    says(platform, away, "normal", "high", "normal", "critical", "low", "high", "normal")
    back = platform.resume(away, away.name)
    assert [(frame["priority"], frame["agent_sequence"]) for frame in everything(back)] == [
        ("critical", 4), ("high", 2), ("high", 6), ("normal", 1), ("normal", 3), ("normal", 7), ("low", 5),
    ]  # fmt: skip
    says(platform, away, "low", "critical")
    assert [frame["priority"] for frame in everything(back)] == ["low", "critical"]


def test_more_than_is_sent_in_one_go_arrives_in_order_and_once(platform, away):
    says(platform, away, *["normal", "low"] * 200, "critical")
    back = platform.resume(away, away.name)
    assert back.greeting["waiting"] == 401
    frames = back.receive_until(lambda frame: frame.get("agent_sequence") == 400)
    assert [frame["agent_sequence"] for frame in frames] == [401, *range(1, 400, 2), *range(2, 401, 2)]
    assert [frame["offset"] for frame in frames] == list(range(1, 402))
    assert (queue(platform, away)["depth"], everything(back)) == (0, [])


@pytest.mark.parametrize(("overflow", "states", "kept", "lost"), [
    ("drop_oldest", ["dropped", "dropped", "queued", "queued", "queued"], [3, 4, 5], {"expired": 0, "dropped": 2, "rejected": 0, "total": 2}),
    ("drop_newest", ["queued", "queued", "queued", "dropped", "dropped"], [1, 2, 3], {"expired": 0, "dropped": 2, "rejected": 0, "total": 2}),
    ("reject", ["queued", "queued", "queued", "rejected", "rejected"], [1, 2, 3], {"expired": 0, "dropped": 0, "rejected": 2, "total": 2}),
])
def test_where_there_is_no_room_the_right_ones_are_lost_and_that_is_said_first(platform, away, overflow, states, kept, lost):
    platform.control("outbound_queue", {"user": user_of(away), "size": 3, "overflow": overflow})
    assert [one["state"] for one in says(platform, away, *["normal"] * 5)] == states
    assert queue(platform, away)["depth"] == 3
    back = platform.resume(away, away.name)
    assert back.greeting["waiting"] == 3
    told, *frames = everything(back)
    assert told == {"type": "messages_lost", **lost, "session_id": away.greeting["session_id"], "epoch": 1, "offset": 1}
    assert [frame["agent_sequence"] for frame in frames] == kept
    left(platform, back)
    assert everything(platform.resume(back, away.name)) == [], "it is said once"


def test_what_waits_too_long_is_lost_the_critical_later(serve):
    platform = serve("--set", "outbound_ttl=2", "--set", "outbound_ttl_critical=20")
    away = platform.resumable()
    left(platform, away)
    says(platform, away, "normal", "normal", "critical")
    platform.control("clock", {"advance": 3})
    says(platform, away, "normal")
    assert (queue(platform, away)["depth"], queue(platform, away)["expired"]) == (2, 2)
    back = platform.resume(away)
    told, *frames = everything(back)
    assert (told["expired"], told["total"], [frame["agent_sequence"] for frame in frames]) == (2, 2, [3, 4])
    left(platform, back)
    says(platform, away, "critical")
    platform.control("clock", {"advance": 21})
    again = platform.resume(back)
    assert again.greeting["waiting"] == 0
    assert [frame["type"] for frame in everything(again)] == ["messages_lost"]


def test_each_agent_counts_for_itself_and_each_session_too(platform, alice):
    phone, laptop = platform.resumable(alice), platform.resumable(alice)
    assert [one["agent_sequence"] for one in says(platform, phone, "normal", "normal", session=phone.greeting["session_id"])] == [1, 2]
    told = says(platform, phone, "normal") + says(platform, phone, "normal", agent="writer")
    assert {(one["session"], one["agent_sequence"]) for one in told[:2]} == {(phone.greeting["session_id"], 3), (laptop.greeting["session_id"], 1)}
    assert [one["agent_sequence"] for one in told[2:]] == [1, 1]


def test_a_session_that_cannot_come_back_hears_while_it_is_there(platform, alice):
    client = platform.connect(alice)
    (told,) = says(platform, client, "normal")
    assert (told["state"], client.receive()["message_id"]) == ("sent", told["message_id"])
    assert platform.control(f"waiting?user={user_of(client)}") == {"waiting": []}


def test_what_was_sent_and_not_received_is_sent_again_with_its_number(platform, alice):
    client = platform.resumable(alice)
    client.name = alice
    says(platform, client, "normal", "normal")
    client.receive()
    left(platform, client)
    says(platform, client, "critical")
    back = platform.resume(client, alice)
    assert (back.greeting["recovered"], back.greeting["head"], back.greeting["waiting"]) == (True, 2, 1)
    assert [(frame["agent_sequence"], frame["offset"]) for frame in everything(back)] == [(2, 2), (3, 3)]


def test_what_waits_survives_a_kill_and_what_was_received_does_not_come_again(serve, tmp_path):
    store = str(tmp_path / "store")
    platform = serve("--store", store)
    platform.control("outbound_queue", {"size": 4})
    client = platform.resumable()
    says(platform, client, "normal", "normal", "normal")
    for _ in range(2):
        client.receive()
    had = client.coming_back()
    left(platform, client)
    waiting = says(platform, client, "normal", "critical", "normal", "normal", "normal")
    assert [one["state"] for one in waiting] == ["dropped", "queued", "queued", "queued", "queued"]
    says(platform, client, "normal", agent="writer")
    platform.kill()
    platform = serve("--store", store)
    assert queue(platform, client)["depth"] == 4
    back = platform.connect(**had)
    assert (back.greeting["recovered"], back.greeting["reason"], back.greeting["waiting"]) == (False, "restarted", 5)
    told, *frames = everything(back)
    assert (told["dropped"], told["total"]) == (2, 2)
    assert [(frame["agent"], frame["agent_sequence"]) for frame in frames] == [("analyst", 3), ("analyst", 6), ("analyst", 7), ("analyst", 8), ("writer", 1)]
    assert [one["agent_sequence"] for one in says(platform, client, "normal")] == [9]
    back.receive()
    had = back.coming_back()
    platform.kill()
    platform = serve("--store", store)
    again = platform.connect(**had)
    assert (again.greeting["waiting"], everything(again)) == (0, [])


def test_nothing_is_kept_of_a_session_that_is_over(serve, tmp_path):
    platform = serve("--store", str(tmp_path / "store"))
    client = platform.resumable()
    left(platform, client)
    says(platform, client, "normal", "critical")
    platform.control("clock", {"advance": 301})
    assert platform.control(f"waiting?user={user_of(client)}") == {"waiting": []}
    again = platform.resume(client)
    assert (again.greeting["reason"], again.greeting["waiting"]) == ("session_expired", 0)
    with sqlite3.connect(tmp_path / "store") as sql:
        assert sql.execute("SELECT count(*) FROM outbound").fetchone() == sql.execute("SELECT count(*) FROM outbound_queues").fetchone() == (0,)


def test_who_does_not_read_is_not_written_to_without_end(serve):
    platform = serve("--set", "outbound_queue_size=20")
    with platform.stalled() as stalled:
        user = platform.account("stalled")["user_id"]
        until = time.monotonic() + 30
        while not platform.control(f"sessions?user={user}")["sessions"]:
            assert time.monotonic() < until
        said = {"user": user, "agent": "a", "messages": [{"content": "x" * 100_000}] * 10}
        states = [one["state"] for _ in range(12) for one in platform.control("speak", said)["spoken"]]
        assert 10 < states.count("sent") < 100
        assert set(states[:10]) == {"sent"}
        assert set(states[-10:]) == {"queued"}
        stalled.socket.settimeout(30)
        heard = 0
        while heard < states.count("sent") + 20:  # those, and as many as may wait
            heard += len(re.findall(rb'"agent_sequence"', _line(stalled.socket)))


def _line(sock):
    """Some bytes that do not end within a name."""
    data = sock.recv(1 << 20)
    while not data.endswith((b"}", b"x")):
        data += sock.recv(1)
    return data


def test_figures_for_prometheus(serve):
    platform = serve("--set", "outbound_queue_size=2")
    client = platform.resumable()
    left(platform, client)
    says(platform, client, *["normal"] * 3)
    with urllib.request.urlopen(f"{platform.ready['backend_url']}/metrics", timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    assert "reference_platform_outbound_queue_depth 2.0" in lines
    for what, number in {"queued": 3, "delivered": 0, "expired": 0, "dropped": 1, "rejected": 0}.items():
        assert f'reference_platform_outbound_messages_total{{what="{what}"}} {number}.0' in lines


@pytest.mark.parametrize(("body", "sentence"), [
    ({"size": 0}, "size must be a whole number from 1, not 0: a queue that holds nothing is none"),
    ({"size": 2.5}, "size must be a whole number from 1, not 2.5: a queue that holds nothing is none"),
    ({"size": -1}, "size must be a number from 0, not -1"),
    ({"size": 3, "overflow": "drop_all"}, "overflow must be one of drop_oldest, drop_newest, reject, not 'drop_all'"),
    ({"size": 3, "ttl": 0}, "ttl must be more than 0 s: what may not wait at all needs no queue"),
    ({"size": 3, "user": 7}, "user must be a user id"),
])
def test_a_queue_that_cannot_be(platform, body, sentence):
    assert platform.control("outbound_queue", body) == (400, {"error": sentence})


@pytest.mark.parametrize(("change", "sentence"), [
    ({"user": None}, "user must say whom the agent talks to"),
    ({"user": "nobody"}, "nobody has no session that an agent could speak in"),
    ({"session": "session-0"}, "{user} has no session session-0 that an agent could speak in"),
    ({"agent": ""}, "agent must be a name"),
    ({"messages": []}, "messages must be a list of one or more"),
    ({"messages": ["hello"]}, "content of each message must be a string"),
    ({"messages": [{"content": "x", "priority": "urgent"}]}, "priority of each message must be one of critical, high, normal, low, not 'urgent'"),
    ({"messages": [{"content": "\ud800"}]}, "content of each message must be 1 to 5000000 bytes of Unicode text"),
    ({"messages": [{"content": ""}]}, "content of each message must be 1 to 5000000 bytes of Unicode text"),
    ({"every": -1}, "every must be a number from 0, not -1"),
])
def test_an_agent_that_cannot_speak(platform, away, change, sentence):
    body = {"user": user_of(away), "agent": "a", "messages": [{"content": "x"}], **change}
    assert platform.control("speak", body) == (400, {"error": sentence.format(user=user_of(away))})


def test_at_intervals(platform, alice):
    client = platform.resumable(alice)
    told = says(platform, client, "normal", "normal", "normal", every=0.05)
    assert [round(later["created_at"] - one["created_at"], 2) >= 0.05 for one, later in itertools.pairwise(told)] == [True, True]


# defects and a quirk


def came_back(serve, *arguments, said=5, size=1000):
    """What somebody finds who was away."""
    platform = serve(*arguments, "--set", f"outbound_queue_size={size}")
    client = platform.resumable()
    left(platform, client)
    for agent in ("analyst", "writer"):
        says(platform, client, *["normal"] * said, agent=agent)
    return [(frame.get("agent", frame["type"]), frame.get("agent_sequence")) for frame in everything(platform.resume(client))]


def test_queue_dropped_forgets_what_waits(serve):
    assert came_back(serve, "--defect", "x3_queue_dropped") == []


def test_queue_reversed_turns_it_round(serve):
    assert came_back(serve, "--defect", "x3_queue_reversed", said=2) == [("writer", 2), ("writer", 1), ("analyst", 2), ("analyst", 1)]


def test_overflow_silent_says_nothing(serve):
    assert came_back(serve, said=2, size=3) == [("messages_lost", None), ("analyst", 2), ("writer", 1), ("writer", 2)]
    assert came_back(serve, "--defect", "x3_overflow_silent", said=2, size=3) == [("analyst", 2), ("writer", 1), ("writer", 2)]


def test_agents_overtake_each_other_and_never_themselves(serve):
    assert came_back(serve, "--quirk", "n16_agents_overtake", said=2) == [("writer", 1), ("writer", 2), ("analyst", 1), ("analyst", 2)]
