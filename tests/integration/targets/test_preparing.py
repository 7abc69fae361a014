"""Accounts that must be made by HTTP before the first connection, and clients that must speak first."""

from __future__ import annotations

import asyncio
import json

import pytest
import yaml
from aiohttp import web

from Lockstep.engine.account import Account
from Lockstep.engine.connection import Refused
from Lockstep.engine.engine import Engine
from Lockstep.engine.loop_thread import LoopThread
from Lockstep.errors import EnvironmentSetupError
from Lockstep.targets import load_target

FILE = {
    "schema": 1, "name": "rooms", "title": "Rooms", "endpoints": {"http_url": "http://localhost:PORT", "websocket_url": "ws://127.0.0.1:PORT"},
    "connect": {
        "url": "{websocket_url}/rooms/{room}?from={client}", "headers": {"X-User": "{user}"},
        "auth": {"by": "header", "value": "Bearer {token}", "token": {"from": "environment", "name": "ROOMS_TOKEN"}},
        "prepare": [
            {"url": "{http_url}/rooms", "headers": {"Authorization": "Bearer {token}"}, "body": {"owner": "{user}"}, "take": {"room": "made.0.id"}},
            {"method": "PUT", "url": "{http_url}/rooms/{room}/door", "body": {"open": True}},
        ],
        "discard": {"method": "DELETE", "url": "{http_url}/rooms/{room}"},
        "ready": {"say": {"type": "init", "n": "{connection}", "token": "{token}"}, "wait_for": {"type": "ack"}, "within": "1 s"},
    },
    "messages": {"send": {"id": "{message_id}"}, "reply": {"where": {"type": "answer"}, "message_id": "id"}},
}


class Rooms:
    """A server that gives rooms by HTTP and waits in each for the first word; it keeps a diary."""

    def __init__(self):
        self.diary = []
        self.answer = {"made": [{"id": "room 1"}]}
        self.status = 200
        self.door = 204

    async def make(self, request):
        self.diary.append(("POST", request.headers.get("Authorization"), await request.json(), request.headers.get("Cookie")))
        answer = web.json_response(self.answer, status=self.status)
        answer.set_cookie("login", "yes")
        return answer

    async def other(self, request):
        self.diary.append((request.method, request.path, await request.text()))
        return web.Response(status=self.door)

    async def enter(self, request):
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        first = json.loads((await socket.receive()).data)
        self.diary.append(("WS", request.match_info["room"], request.query["from"], request.headers["X-User"], first["type"], first["token"]))
        if first["token"] == "right":
            await socket.send_str('{"type": "ack"}')
            await socket.receive()
        await socket.close()
        return socket


@pytest.fixture
def rooms(tmp_path, monkeypatch):
    monkeypatch.setenv("ROOMS_TOKEN", "right")
    thread, desk = LoopThread(), Rooms()

    async def start():
        app = web.Application()
        app.add_routes([web.post("/rooms", desk.make), web.put("/rooms/{room}/door", desk.other), web.delete("/rooms/{room}", desk.other),
                        web.get("/rooms/{room}", desk.enter)])
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return runner, runner.addresses[0][1]

    runner, port = thread.run(start())
    (tmp_path / "rooms.yaml").write_text(yaml.safe_dump(FILE).replace("PORT", str(port)))
    desk.target = load_target(tmp_path / "rooms.yaml")
    desk.target.open()
    yield desk
    thread.run(runner.cleanup())
    thread.stop()


@pytest.fixture
def engine(rooms):
    one = Engine()
    yield one
    one.run(asyncio.wait_for(rooms.target.http.close(), 5))
    one.stop()


def connect(engine, rooms, alias, account):
    return engine.run(engine.connect(alias, account, rooms.target, tries=1, pause=0.0))


def test_an_account_is_prepared_once_and_discarded_behind_its_last_client(rooms, engine):
    alice = Account("alice", "alice-1")
    connect(engine, rooms, "my phone", alice)
    connect(engine, rooms, "laptop", alice)
    engine.run(engine.close(["my phone"]))
    assert rooms.diary == [
        ("POST", "Bearer right", {"owner": "alice-1"}, None), ("PUT", "/rooms/room 1/door", '{"open": true}'),
        ("WS", "room 1", "my phone", "alice-1", "init", "right"), ("WS", "room 1", "laptop", "alice-1", "init", "right"),
    ]
    engine.run(engine.close(["laptop"]))
    assert rooms.diary[4:] == [("DELETE", "/rooms/room 1", "")]
    connect(engine, rooms, "phone", Account("bob", "bob-1"))
    assert rooms.diary[5] == ("POST", "Bearer right", {"owner": "bob-1"}, None)  # and no cookie of alice's


def test_a_client_whose_first_word_is_not_liked_is_refused(rooms, engine, monkeypatch):
    monkeypatch.setenv("ROOMS_TOKEN", "wrong")
    with pytest.raises(Refused, match=r"^it closed the connection before it was ready \(closed by target with code 1000\)$"):
        connect(engine, rooms, "alice", Account("alice", "alice-1"))


@pytest.mark.parametrize("answer", [{"made": []}, {"made": [{"id": None}]}, ["room"]])
def test_an_answer_without_what_is_to_be_taken_is_a_sentence(rooms, engine, answer):
    rooms.answer = answer
    with pytest.raises(EnvironmentSetupError) as error:
        connect(engine, rooms, "alice", Account("alice", "alice-1"))
    assert str(error.value) == (
        f"environment: preparing alice: the answer has no text under 'made.0.id'; see 'connect.prepare.0.take.room' in {rooms.target.path}"
    )


def test_a_server_that_cannot_prepare_an_account_is_told_with_its_status(rooms, engine):
    rooms.status = 503
    with pytest.raises(EnvironmentSetupError, match=r"^environment: preparing alice: http://localhost:\d+ answered HTTP 503, "):
        connect(engine, rooms, "alice", Account("alice", "alice-1"))
    assert [entry[0] for entry in rooms.diary] == ["POST"]


@pytest.mark.parametrize("door", [500, 404])
def test_what_was_made_before_a_step_failed_is_discarded(rooms, engine, door):
    rooms.door = door  # the request that discards gets it too: what is told is the step that failed first
    with pytest.raises(EnvironmentSetupError, match=rf"^environment: preparing alice: http://localhost:\d+ answered HTTP {door}, "):
        connect(engine, rooms, "alice", Account("alice", "alice-1"))
    assert [entry[:2] for entry in rooms.diary[1:]] == [("PUT", "/rooms/room 1/door"), ("DELETE", "/rooms/room 1")]


def test_what_a_dead_server_held_is_not_discarded(rooms, engine, monkeypatch):
    connect(engine, rooms, "alice", Account("alice", "alice-1"))
    monkeypatch.setattr(rooms.target, "end_of_process", lambda: "the target's process ended with code 1")
    engine.run(engine.close(["alice"]))
    assert [entry[0] for entry in rooms.diary] == ["POST", "PUT", "WS"]
