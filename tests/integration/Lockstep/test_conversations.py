"""What goes over the wire, in which order, and what the journal says of it."""

import asyncio
import json
import struct
import threading
from itertools import count, pairwise

import pytest

from Lockstep.checks.events import Kind
from Lockstep.engine import sending
from Lockstep.engine.barrier import settle
from Lockstep.engine.outcomes import Disconnected
from Lockstep.engine.schedule import Schedule
from Lockstep.engine.sending import BurstBroken, Plan


def plan(messages, every=None, **keys):
    return Plan(Schedule(messages, every), lambda number: f"text {number}", **keys)


def answer(frame):
    return json.dumps({"type": "answer", "id": frame["id"], "n": frame["n"]})


async def greet(socket):
    await socket.send('{"type": "hello"}')


async def echo(socket):
    """Answers everything at once."""
    await greet(socket)
    async for data in socket:
        frame = json.loads(data)
        if frame["type"] == "chat":
            await socket.send(answer(frame))
        else:
            await socket.send(json.dumps({"type": "state", "request": frame["request"], "pending": 0, "count": 0}))


def events(engine, kind):
    return [event for event in engine.journal.events if event.kind is kind]


def test_a_burst_is_sent_in_order_and_every_answer_is_in_the_journal(engine, peers, desk, connect):
    alice = connect(desk(peers.websocket(echo)))
    burst = engine.run(alice.send_burst(plan(200)))
    engine.run(settle(alice, fence="agent_state", since=0))
    ids = [f"{alice.account.login}.{number}" for number in range(200)]
    assert list(burst.message_ids) == ids
    assert [event.message_id for event in events(engine, Kind.SEND)] == ids
    assert [event.message_id for event in events(engine, Kind.REPLY)] == ids
    assert [event.index for event in engine.journal.events] == list(range(len(engine.journal.events)))
    sent = events(engine, Kind.SEND)
    assert (burst.first_sent, burst.last_sent, burst.since) == (sent[0].time, sent[-1].time, 2)
    replied = {event.message_id: event.index for event in events(engine, Kind.REPLY)}
    assert all(event.index < replied[event.message_id] for event in sent)


def test_no_more_than_in_flight_are_ever_unanswered(engine, peers, desk, connect):
    waiting, most = [], []

    async def slow(socket):
        await greet(socket)

        async def answers():
            while True:
                await asyncio.sleep(0.001)
                if waiting:
                    await socket.send(answer(waiting.pop(0)))

        answering = asyncio.create_task(answers())
        async for data in socket:
            waiting.append(json.loads(data))
            most.append(len(waiting))
        answering.cancel()

    alice = connect(desk(peers.websocket(slow)))
    engine.run(alice.send_burst(plan(300, in_flight=7)))
    unanswered, highest = 0, 0
    for event in engine.journal.events:
        unanswered += {Kind.SEND: 1, Kind.REPLY: -1}.get(event.kind, 0)
        highest = max(highest, unanswered)
    assert highest == 7
    assert max(most) <= 7


def test_messages_together_leave_in_one_segment(engine, peers, desk, connect):
    """The server counts what one read of its socket returns."""
    reads = []

    async def counting(reader, writer):
        request = await reader.readuntil(b"\r\n\r\n")
        key = next(line.split(b": ")[1] for line in request.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key"))
        from websockets.utils import accept_key

        accept = accept_key(key.decode()).encode()
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        hello = b'{"type": "hello"}'
        writer.write(bytes([0x81, len(hello)]) + hello)
        while data := await reader.read(65536):
            reads.append(frames_in(data))
        writer.close()

    alice = connect(desk(peers.raw(counting)))
    engine.run(alice.send_burst(plan(8, every=0.05, together=8)))
    engine.run(waiting_for(lambda: sum(reads) == 8))  # a busy server might read the next burst along with this one
    engine.run(alice.send_burst(plan(3, every=0.1)))
    engine.run(waiting_for(lambda: sum(reads) == 11))
    assert reads[0] == 8
    assert max(reads[1:]) < 8
    engine.run(alice.connection.close())


def frames_in(data):
    """How many whole client frames with short payloads begin and end in these bytes."""
    found, at = 0, 0
    while at + 6 <= len(data):
        length = data[at + 1] & 0x7F
        head = 6
        if length == 126:
            (length,), head = struct.unpack(">H", data[at + 2 : at + 4]), 8
        at += head + length
        found += 1
    assert at == len(data)
    return found


async def waiting_for(condition):
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.01)


def test_due_times_do_not_shift_however_late_the_sender_is(engine, peers, desk, connect, monkeypatch):
    """The clock of the sender runs 5 s per look: every message is late, and each is due where it was due."""
    clock = count(1000, 5)
    monkeypatch.setattr(sending, "monotonic", lambda: float(next(clock)))
    alice = connect(desk(peers.websocket(echo)))
    engine.run(alice.send_burst(plan(5, every=0.25)))
    assert [event.intended for event in events(engine, Kind.SEND)] == [1000, 1000.25, 1000.5, 1000.75, 1001]


def test_a_stalled_server_does_not_shift_due_times(engine, peers, desk, connect):
    async def stalled(socket):
        await greet(socket)
        await socket.wait_closed()

    alice = connect(desk(peers.websocket(stalled)))
    engine.run(alice.send_burst(plan(10, every=0.01)))
    intended = [event.intended for event in events(engine, Kind.SEND)]
    assert [after - before for before, after in pairwise(intended)] == pytest.approx([0.01] * 9)


def test_a_burst_may_close_right_behind_its_last_message(engine, peers, desk, connect):
    received, finished = [], threading.Event()

    async def listening(socket):
        await greet(socket)
        received.extend([json.loads(data)["text"] async for data in socket])
        finished.set()

    alice = connect(desk(peers.websocket(listening)))
    burst = engine.run(alice.send_burst(plan(50, then_close=True)))
    assert not alice.connection.is_open
    assert finished.wait(10)
    assert received == [f"text {number}" for number in range(50)]
    close = events(engine, Kind.CLOSE)[0]
    assert (close.details["code"], close.details["by"]) == (1000, "us")
    assert burst.last_sent < close.time
    assert [event.message_id for event in events(engine, Kind.SEND_UNKNOWN)] == list(burst.message_ids)


def test_garbage_and_unknown_messages_become_other_and_disturb_nothing(engine, peers, desk, connect):
    async def babbling(socket):
        await greet(socket)
        for text in ("", "not json", "[1]", '"x"', "null", '{"type": {"deep": 1}}', '{"type": "answer", "id": {"x": 1}, "n": []}', b"\xff\xfe\x00"):
            await socket.send(text)
        async for data in socket:
            await socket.send(answer(json.loads(data)))

    alice = connect(desk(peers.websocket(babbling)))
    engine.run(alice.send_burst(plan(3)))
    engine.run(settle(alice, fence=None, since=0))
    assert len(events(engine, Kind.OTHER)) == 7
    assert [event.message_id for event in events(engine, Kind.REPLY)] == [None, *(f"{alice.account.login}.{number}" for number in range(3))]
    assert alice.connection.is_open


def test_a_connection_that_breaks_in_mid_burst_says_how(engine, peers, desk, connect):
    async def breaking(socket):
        await greet(socket)
        await socket.recv()
        socket.transport.abort()

    alice = connect(desk(peers.websocket(breaking)))
    with pytest.raises(BurstBroken, match=r"^the connection of alice ended after \d+ of 5000 messages: broken off by the target without a closing"):
        engine.run(alice.send_burst(plan(5000, in_flight=10)))
    unknown = {event.message_id for event in events(engine, Kind.SEND_UNKNOWN)}
    assert unknown == {event.message_id for event in events(engine, Kind.SEND)}
    with pytest.raises(Disconnected, match="the connection of alice was broken off by the target"):
        engine.run(alice.ask("agent_state", 5))


def test_a_target_that_breaks_the_protocol_is_not_said_to_have_closed(engine, peers, desk, connect):
    async def huge(socket):
        await greet(socket)
        await socket.send("x" * 5000)
        await socket.wait_closed()

    target = desk(peers.websocket(huge))
    target.file.connect.__dict__["max_size"] = 1000
    alice = connect(target)
    engine.run(waiting_for(lambda: not alice.connection.is_open))
    assert alice.connection.how_closed().startswith("closed by us with code 1009")


def test_answers_out_of_order_reach_the_question_they_belong_to(engine, peers, desk, connect):
    async def backwards(socket):
        await greet(socket)
        asked = [json.loads(await socket.recv())["request"] for _ in range(3)]
        for number, request in reversed(list(enumerate(asked))):
            await socket.send(json.dumps({"type": "state", "request": request, "count": number}))
        await socket.wait_closed()

    alice = connect(desk(peers.websocket(backwards)))

    async def ask():
        return [event.details["fields"]["count"] for event in await asyncio.gather(*(alice.ask("agent_state", 5) for _ in range(3)))]

    assert engine.run(ask()) == [0, 1, 2]


def test_a_question_without_an_answer_ends_in_time_and_a_late_answer_hurts_nobody(engine, peers, desk, connect):
    async def late(socket):
        await greet(socket)
        first = json.loads(await socket.recv())["request"]
        second = json.loads(await socket.recv())["request"]
        for request in (first, second):
            await socket.send(json.dumps({"type": "state", "request": request, "count": request == second}))
        await socket.wait_closed()

    alice = connect(desk(peers.websocket(late)))
    with pytest.raises(TimeoutError):
        engine.run(alice.ask("agent_state", 0.05))
    assert engine.run(alice.ask("agent_state", 5)).details["fields"]["count"] is True


def test_a_close_reason_that_repeats_the_token_is_masked(engine, peers, desk, connect, monkeypatch):
    async def telltale(socket):
        await greet(socket)
        await socket.recv()
        await socket.close(4401, "bad token s3cr3t-t0k3n")

    monkeypatch.setenv("DESK_TOKEN", "s3cr3t-t0k3n")
    target = desk(peers.websocket(telltale))
    auth = {"by": "header", "value": "Bearer {token}", "token": {"from": "environment", "name": "DESK_TOKEN"}}
    target.file.connect.__dict__["auth"] = type(target.file.connect.auth).model_validate(auth)
    alice = connect(target)
    engine.run(alice.send_burst(plan(1)))
    engine.run(waiting_for(lambda: not alice.connection.is_open))
    assert alice.connection.how_closed() == "closed by target with code 4401 ('bad token <token>')"
    assert "s3cr3t" not in repr(engine.journal.events)
