"""What agents say while nobody is there: it waits, within bounds that are told, and leaves by urgency; nothing is lost without a word."""

from __future__ import annotations

import itertools
import time

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
