"""Coming back to a session: what follows, what is said where something is lost, and what is forgotten."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import urllib.error
import urllib.request

import pytest
from websockets.exceptions import InvalidStatus

from patience import until

GUESSED = "session-" + "0" * 32


@pytest.fixture
def platform(lent):
    return lent


def listed(platform, client):
    """The sessions of the client's user."""
    return platform.control(f"sessions?user={client.greeting['user_id']}")["sessions"]


def left(platform, client):
    """The client closes, and the platform has noticed."""
    client.close()
    until(lambda: not any(session["live"] for session in listed(platform, client)))


def events(platform, since=0):
    with urllib.request.urlopen(f"{platform.ready['control_url']}/events?since={since}", timeout=30) as answer:
        return [json.loads(line) for line in answer]


def named(platform, client, *what):
    """Events of the client's user."""
    return [event for event in events(platform) if event["user"] == client.greeting["user_id"] and event["event"] in what]


@pytest.fixture
def held(platform, alice):
    """A client that may come back, has three answers and waits for two more, which nobody works on yet."""
    client = platform.resumable(alice)
    client.name = alice
    for number in range(3):
        client.send(f"m{number}")
        client.receive()
    platform.control("hold", {"user": client.greeting["user_id"]})
    for number in range(3, 5):
        client.send(f"m{number}", acknowledge=True)
        client.receive()
    return client


def test_who_does_not_ask_for_it_has_nothing_to_come_back_to(platform, alice):
    client = platform.connect(alice)
    assert (client.greeting["resumable"], client.greeting["recovered"]) == (False, False)
    assert not {"reason", "head", "absence", "context_available"} & set(client.greeting)
    client.fence()
    client.close()
    until(lambda: not listed(platform, client))
    assert platform.resume(client, alice).greeting["reason"] == "unknown_session"


def test_what_was_missed_follows_exactly_and_before_anything_new(platform, held):
    left(platform, held)
    platform.control("release", {})
    until(lambda: listed(platform, held)[0]["offset"] == 7)
    back = platform.resume(held, held.name)
    greeting = back.greeting
    assert greeting["session_id"] == held.greeting["session_id"]
    assert greeting["connection_id"] != held.greeting["connection_id"]
    told = {name: greeting[name] for name in ("resumable", "recovered", "epoch", "offset", "head", "context_available", "absence_class", "location_changed")}
    assert told == {
        "resumable": True, "recovered": True, "epoch": 1, "offset": 5, "head": 7, "context_available": True, "absence_class": "brief", "location_changed": False,
    }  # fmt: skip
    assert not {"reason", "warning", "policy"} & set(greeting)
    back.send("m5")
    frames = [back.receive() for _ in range(3)]
    assert [(frame["offset"], frame["epoch"], frame["message_id"]) for frame in frames] == [(6, 1, "m3"), (7, 1, "m4"), (8, 1, "m5")]
    assert back.state()["message_count"] == 6


@pytest.mark.parametrize("offset", range(6))
def test_whoever_says_what_it_has_gets_the_rest(platform, held, offset):
    left(platform, held)
    back = platform.connect(held.name, **{**held.coming_back(), "offset": offset})
    assert (back.greeting["recovered"], back.greeting["offset"], back.greeting["head"]) == (True, offset, 5)
    assert [back.receive()["offset"] for _ in range(5 - offset)] == list(range(offset + 1, 6))


def test_coming_back_again_and_again(platform, alice):
    client = platform.resumable(alice)
    for number in range(8):
        client.send(f"m{number}")
        assert client.receive()["offset"] == number + 1
        left(platform, client)
        client, before = platform.resume(client, alice), client
        assert client.greeting["recovered"]
        assert client.greeting["session_id"] == before.greeting["session_id"]
    assert listed(platform, client)[0]["connections"] == 9


@pytest.mark.parametrize(("limit", "kept", "lost"), [("retained_messages=4", 4, 5), ("retained_bytes=2000", 2, 30)])
def test_what_is_no_longer_kept_is_said_to_be_lost(serve, limit, kept, lost):
    platform = serve("--set", limit)
    for name, missed, recovered in (("alice", kept, True), ("bob", lost, False)):
        client = platform.resumable(name)
        client.send_many([{"message_id": f"m{number}"} for number in range(missed)])
        until(lambda: listed(platform, client)[0]["offset"] == missed)  # noqa: B023
        left(platform, client)
        back = platform.resume(client, name, offset=0)
        greeting = back.greeting
        assert greeting["session_id"] == client.greeting["session_id"]
        assert greeting["context_available"]
        told = (greeting["recovered"], greeting["epoch"], greeting["offset"], greeting["head"])
        assert told == ((True, 1, 0, missed) if recovered else (False, 2, 0, 0))
        assert greeting.get("reason") == (None if recovered else "too_far_behind")
        back.send("next")
        frames = back.receive_until(lambda frame: frame["message_id"] == "next")
        assert [frame["offset"] for frame in frames] == list(range(1, (missed if recovered else 0) + 2))
        assert {frame["epoch"] for frame in frames} == {greeting["epoch"]}


@pytest.mark.parametrize("wrong", [{"epoch": 2}, {"epoch": 0}, {"offset": 6}, {"epoch": 2, "offset": 0}, {"epoch": 10**17}])
def test_a_numbering_that_is_not_the_sessions_begins_the_next_epoch(platform, held, wrong):
    left(platform, held)
    back = platform.connect(held.name, **{**held.coming_back(), **wrong})
    assert back.greeting["session_id"] == held.greeting["session_id"]
    assert (back.greeting["recovered"], back.greeting["reason"], back.greeting["epoch"], back.greeting["offset"]) == (False, "stale_epoch", 2, 0)
    platform.control("release", {})
    assert [back.receive()["offset"] for _ in range(2)] == [1, 2]
    left(platform, back)
    again = platform.resume(held, held.name)
    assert (again.greeting["reason"], again.greeting["epoch"]) == ("stale_epoch", 3)


def test_without_epoch_and_offset_nothing_is_replayed(platform, held):
    left(platform, held)
    back = platform.connect(held.name, session_id=held.greeting["session_id"])
    assert (back.greeting["reason"], back.greeting["epoch"], back.greeting["context_available"]) == ("stale_epoch", 2, True)


@pytest.mark.parametrize("live", [True, False])
def test_foreign_and_guessed_sessions_are_equally_unknown_and_the_owner_can_still_come_back(platform, held, live):
    if not live:
        left(platform, held)
    before = events(platform)[-1]["index"]
    foreign, guessed = (
        platform.connect("mallory", **{**held.coming_back(), "session_id": session_id}).greeting for session_id in (held.greeting["session_id"], GUESSED)
    )
    for greeting in (foreign, guessed):
        assert (greeting["reason"], greeting["recovered"], greeting["epoch"], greeting["offset"]) == ("unknown_session", False, 1, 0)
        assert greeting["session_id"] not in (held.greeting["session_id"], GUESSED)
        assert greeting["context_available"] is False
    varying = ("session_id", "connection_id", "server_time")
    assert {name: value for name, value in foreign.items() if name not in varying} == {name: value for name, value in guessed.items() if name not in varying}
    platform.control("release", {})
    if live:
        assert [held.receive()["message_id"] for _ in range(2)] == ["m3", "m4"], "nobody took it over"
        left(platform, held)
    back = platform.resume(held, held.name)
    assert back.greeting["recovered"]
    assert not named(platform, held, "taken_over")
    refused = [event for event in events(platform, before) if event["event"] == "refused_resume"]
    assert [(event["reason"], event["session"]) for event in refused] == [("unknown_session", held.greeting["session_id"]), ("unknown_session", GUESSED)]


def test_ids_are_long_and_different(platform, alice):
    ids = {platform.resumable(alice).greeting["session_id"] for _ in range(20)}
    assert len(ids) == 20
    assert all(len(bytes.fromhex(session_id.removeprefix("session-"))) == 16 for session_id in ids)


@pytest.mark.parametrize(("seconds", "kind", "warned"), [(5, "brief", False), (31, "medium", True), (250, "medium", True)])
def test_absences_that_a_session_survives(platform, held, seconds, kind, warned):
    left(platform, held)
    platform.control("clock", {"advance": seconds})
    greeting = platform.resume(held, held.name).greeting
    assert (greeting["recovered"], greeting["absence_class"], "warning" in greeting) == (True, kind, warned)
    assert seconds <= greeting["absence"] <= greeting["server_time"] - named(platform, held, "left")[-1]["time"] + 1


@pytest.mark.parametrize("cleaned", [True, False])
def test_who_stays_away_too_long_begins_anew_and_is_told_why(serve, tmp_path, cleaned):
    """Whether the clean-up or the client comes first: moving the clock does at once what is due, real time may be late."""
    store = tmp_path / "store.sqlite"
    platform = serve("--store", str(store), *(() if cleaned else ("--set", "session_window=0.2")))
    client = platform.resumable()
    client.fence()
    for _ in range(20):
        platform.resumable().close()
    left(platform, client)
    until(lambda: len(named(platform, client, "left")) == 21)
    if cleaned:
        assert len(listed(platform, client)) == 21
        platform.control("clock", {"advance": 301})
        assert listed(platform, client) == platform.control("connections")["connections"] == []
        assert platform.control("status")["sessions"] == 0
    else:
        until(lambda: platform.control("clock")["now"] > named(platform, client, "left")[-1]["time"] + 0.21)
    greeting = platform.resume(client).greeting
    assert greeting["session_id"] != client.greeting["session_id"]
    told = {name: greeting[name] for name in ("recovered", "reason", "policy", "absence_class", "context_available", "epoch", "offset", "resumable")}
    assert told == {
        "recovered": False, "reason": "session_expired", "policy": "session_window", "absence_class": "extended", "context_available": False, "epoch": 1,
        "offset": 0, "resumable": True,
    }  # fmt: skip
    assert greeting["absence"] > (301 if cleaned else 0.2)
    assert {event["reason"] for event in named(platform, client, "expired")} == {"session_window"}
    assert platform.resume(client, "mallory").greeting["reason"] == "unknown_session", "only who owned it is told"
    platform.end()
    with contextlib.closing(sqlite3.connect(store)) as database:
        for question in ("SELECT id FROM sessions", "SELECT session FROM contexts", "SELECT session FROM conversations"):
            assert client.greeting["session_id"] not in {row[0] for row in database.execute(question)}
        assert not cleaned or database.execute("SELECT count(*) FROM sessions").fetchone() == (2,), "those of the two who came last"


@pytest.mark.parametrize(("age", "reason"), [(86_300, None), (86_410, "session_too_old")])
def test_a_session_that_is_too_old_ends_when_nobody_is_there(platform, alice, age, reason):
    client = platform.resumable(alice)
    platform.control("clock", {"advance": age})
    client.fence("still served")
    assert len(listed(platform, client)) == 1, "who is there may stay"
    left(platform, client)
    greeting = platform.resume(client, alice).greeting
    assert (greeting["recovered"], greeting.get("reason"), greeting.get("policy")) == (reason is None, reason, "session_lifetime" if reason else None)
    assert greeting["absence_class"] == "brief"
    assert (greeting["session_id"] == client.greeting["session_id"]) == (reason is None)


def test_a_session_that_becomes_too_old_while_its_user_is_away(platform, alice):
    client = platform.resumable(alice)
    platform.control("clock", {"advance": 86_340})
    left(platform, client)
    platform.control("clock", {"advance": 61})
    assert listed(platform, client) == []
    assert platform.resume(client, alice).greeting["policy"] == "session_lifetime"


def test_another_place_is_recognised_and_not_blocked(platform, alice):
    headers = {"X-Forwarded-For": "192.168.1.100", "User-Agent": "desktop"}
    client = platform.connect(alice, headers=headers, resumable="true")
    client.fence()
    left(platform, client)
    for changed, expected in ({"X-Forwarded-For": "10.0.0.50"}, True), ({}, False), ({"User-Agent": "phone"}, True):
        headers |= changed
        greeting = platform.resume(client, alice, headers=headers).greeting
        assert (greeting["recovered"], greeting["location_changed"]) == (True, expected)


@pytest.mark.parametrize("query", [
    {"resumable": "yes"}, {"session_id": "x", "epoch": "one"}, {"session_id": "x", "offset": "-1"}, {"resumable": "true", "epoch": "1.5"},
    {"session_id": "x", "offset": "9" * 19}, {"session_id": "x", "offset": "\u0661"},
])  # fmt: skip
def test_what_cannot_be_read_is_refused(platform, alice, query):
    with pytest.raises(InvalidStatus) as refused:
        platform.connect(alice, **query)
    assert refused.value.response.status_code == 400
    assert platform.control(f"sessions?user={platform.account(alice)['user_id']}")["sessions"] == []


def test_pushes_to_all_sessions_of_a_user_wait_for_those_who_are_away(platform, alice):
    away, here = platform.resumable(alice), platform.connect(alice)
    away.close()
    until(lambda: named(platform, away, "left"))
    platform.control("hold", {"user": away.greeting["user_id"]})
    here.send_many([{"message_id": f"m{number}"} for number in range(400)])
    assert here.receive_any()["type"] == "backpressure"
    push = platform.resume(away, alice).receive_any()
    assert (push["type"], push["active"], push["offset"], push["session_id"]) == ("backpressure", True, 1, away.greeting["session_id"])


# A process that is gone


def test_after_a_restart_the_session_is_there_and_the_epoch_is_the_next(serve, tmp_path):
    """However the process ends, and however soon: by the time anybody hears of a session or an epoch it is in the store."""
    store = str(tmp_path / "store.sqlite")
    platform = serve("--store", store)
    client, epochs = platform.resumable(), [1]
    session_id = client.greeting["session_id"]
    for life, (end, talks) in enumerate([("kill", False), ("end", True), ("kill", True), ("kill", False)]):
        if talks:
            client.send(f"m{life}")
            client.receive()
        coming_back = client.coming_back()
        getattr(platform, end)()
        platform = serve("--store", store)
        [session] = listed(platform, client)
        assert (session["session"], session["live"], session["connection"], session["resumable"]) == (session_id, False, None, True)
        client = platform.connect(**coming_back)
        greeting = client.greeting
        assert (greeting["session_id"], greeting["recovered"], greeting["reason"]) == (session_id, False, "restarted")
        assert (greeting["offset"], greeting["context_available"]) == (0, True)
        epochs.append(greeting["epoch"])
        if talks:
            client.send(f"m{life}", attempt=2)
            assert client.receive()["type"] == "duplicate_rejected"
    assert epochs == [1, 2, 3, 4, 5]
    assert client.state()["message_count"] == 2
    left(platform, client)
    assert platform.connect(**{**coming_back, "epoch": 1}).greeting["reason"] == "stale_epoch"


def test_what_was_accepted_before_a_kill_is_answered_in_the_new_epoch(serve, tmp_path):
    store = str(tmp_path / "store.sqlite")
    platform = serve("--store", store)
    client = platform.resumable()
    platform.control("hold", {})
    for number in range(5):
        client.send(f"m{number}", acknowledge=True)
        client.receive()
    platform.kill()
    platform = serve("--store", store)
    until(lambda: listed(platform, client)[0]["offset"] == 5)
    back = platform.resume(client)
    assert (back.greeting["reason"], back.greeting["epoch"], back.greeting["offset"], back.greeting["head"]) == ("restarted", 2, 0, 5)
    frames = [back.receive() for _ in range(5)]
    assert [(frame["message_id"], frame["epoch"], frame["offset"]) for frame in frames] == [(f"m{number}", 2, number + 1) for number in range(5)]
    assert back.ask("get_conversation_history")["count"] == 10, "what it remembers knows of them too"


def test_who_had_left_before_a_kill_is_away_since_then(serve, tmp_path):
    store = str(tmp_path / "store.sqlite")
    platform = serve("--store", store)
    client, other = platform.resumable(), platform.resumable("other")
    left(platform, client)
    platform.control("clock", {"advance": 200})
    other.fence("what happened before it is durable now")
    platform.kill()
    platform = serve("--store", store)
    platform.control("clock", {"advance": 101})
    greetings = [platform.resume(each, name).greeting for name, each in (("alice", client), ("other", other))]
    assert [greeting["reason"] for greeting in greetings] == ["session_expired", "restarted"]


# Lists and events


def test_lists_say_who_is_there(serve):
    platform = serve()
    alice, bob = platform.resumable("alice"), platform.connect("bob")
    ids = {name: client.greeting["user_id"] for name, client in (("alice", alice), ("bob", bob))}
    alice.fence()
    bob.fence()
    sessions = {session["user"]: session for session in platform.control("sessions")["sessions"]}
    assert set(sessions) == set(ids.values())
    mine = sessions[ids["alice"]]
    assert listed(platform, alice) == [mine]
    created = mine.pop("created")
    assert mine == {
        "session": alice.greeting["session_id"], "user": ids["alice"], "epoch": 1, "offset": 1, "resumable": True, "live": True,
        "connection": alice.greeting["connection_id"], "left": None, "connections": 1,
    }  # fmt: skip
    assert abs(created - alice.greeting["server_time"]) < 5
    assert (sessions[ids["bob"]]["resumable"], sessions[ids["bob"]]["live"]) == (False, True)
    [connection] = platform.control(f"connections?user={ids['bob']}")["connections"]
    assert connection.pop("open_for") > 0
    assert connection == {
        "connection": bob.greeting["connection_id"], "user": ids["bob"], "session": bob.greeting["session_id"],
        "peer": "{}:{}".format(*bob.socket.local_address),
    }  # fmt: skip
    assert len(platform.control("connections")["connections"]) == 2
    assert sorted(platform.control("agents")["agents"], key=str) == sorted(({"user": user, "instances": 1} for user in ids.values()), key=str)
    assert platform.control(f"agents?user={ids['alice']}")["agents"] == [{"user": ids["alice"], "instances": 1}]
    left(platform, alice)
    bob.close()
    until(lambda: not platform.control("connections")["connections"])
    [session] = platform.control("sessions")["sessions"]
    assert (session["user"], session["live"], session["connection"]) == (ids["alice"], False, None)
    assert session["left"] >= created


def test_events_say_what_happened(platform, alice):
    begun = len(events(platform))
    client = platform.resumable(alice)
    left(platform, client)
    back = platform.resume(client, alice, epoch=7)
    left(platform, back)
    until(lambda: len(named(platform, client, "cleaned")) == 2)
    platform.control("clock", {"advance": 301})
    platform.resume(client, alice)
    happened = [event for event in events(platform) if event["user"] == client.greeting["user_id"]]
    assert [(event["event"], event["reason"]) for event in happened if event["event"] != "cleaned"] == [
        ("opened", ""), ("left", ""), ("resumed", "stale_epoch"), ("left", ""), ("expired", "session_window"), ("refused_resume", "session_expired"),
        ("opened", ""),
    ]  # fmt: skip
    assert [event["connection"] for event in happened if event["event"] == "cleaned"] == [each.greeting["connection_id"] for each in (client, back)]
    everything = events(platform)
    assert [event["index"] for event in everything] == list(range(1, len(everything) + 1))
    assert events(platform, since=begun + 4) == everything[begun + 4 :]
    with pytest.raises(urllib.error.HTTPError):
        events(platform, since=-1)
