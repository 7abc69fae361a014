"""Load on real sockets: on the reference platform, and on peers that break every promise."""

import asyncio
import os
import signal
import time
from pathlib import Path

import orjson
import psutil
import pytest

from Lockstep.engine.load import preparing, running
from Lockstep.engine.load.plan import Plan, Stage
from Lockstep.errors import EnvironmentSetupError, UsageError
from Lockstep.targets.mapping import digest_of

CLOSED = Plan(connections=3, window=4, count=60)
QUESTIONS = {"agent_state": {"ask": {"type": "state?", "request": "{request_id}"},
                             "answer": {"where": {"type": "state"}, "request_id": "request", "fields": {"pending": "pending"}}}}
MESSAGES = {
    "send": {"type": "chat", "id": "{message_id}", "n": "{attempt}", "s": "{sequence_id}", "text": "{content}"},
    "reply": {"where": {"type": "answer"}, "message_id": "id", "sequence_id": "s", "digest": "digest"},
    "refused": {"where": {"type": "no"}, "message_id": "id", "reason": "why"},
    "duplicate": {"where": {"type": "again"}, "message_id": "id", "attempt": "n"},
}


@pytest.fixture
def load(engine):
    """Runs a phase against a target and returns what came of it."""

    def run(target, plan, shards=1, tell=lambda _load: None):
        async def phase():
            prepared = await preparing.prepared(target, plan, f"t{time.monotonic_ns() % 10**9}")
            return await running.run("phase", prepared.command, shards, tell)

        return engine.run(phase())

    return run


@pytest.fixture
def peer(peers, desk):
    """A target whose server answers each message with what `answer` returns: a list of wire objects."""

    def make(answer, questions=QUESTIONS, **keys):
        async def serve(socket):
            await socket.send('{"type": "hello"}')
            async for text in socket:
                for reply in answer(orjson.loads(text)):
                    await socket.send(orjson.dumps(reply), text=True)

        return desk(peers.websocket(serve), messages=MESSAGES, questions=questions, **keys)

    return make


def right(message):
    if message["type"] == "state?":
        return [{"type": "state", "request": message["request"], "pending": 0}]
    if message["n"] > 1:
        return [{"type": "again", "id": message["id"], "n": message["n"]}]
    return [{"type": "answer", "id": message["id"], "s": message["s"], "digest": digest_of(message["text"])}]


def wrong_at(number, instead):
    """Right answers but for one message of each connection."""
    return lambda message: instead(message) if message.get("s") == number and message["type"] == "chat" else right(message)


@pytest.mark.parametrize("shards", [1, 2])
def test_the_platform_answers_everything_in_a_closed_loop(load, platform, shards):
    result = load(platform, Plan(connections=6, window=8, count=900, high_share=0.1, duplicate_share=0.1), shards)
    assert (result.sent, result.answered, result.refused, result.lost, dict(result.violations)) == (900, 900, 0, 0, {})
    assert (result.copies_sent, result.copies_answered, result.without_digest, result.missing) == (90, 90, 0, [])
    assert [account.answered for account in result.connections] == [150] * 6
    assert result.latency.total == 900
    assert result.rate == pytest.approx(900 / result.lasted)
    assert sum(moment.answered for moment in result.moments) == 900


@pytest.mark.parametrize("shards", [1, 2])
def test_the_platform_answers_everything_in_an_open_loop(load, platform, shards):
    result = load(platform, Plan(connections=5, stages=(Stage(0.5, 0, 400), Stage(1.0, 400, 400)), burst=2), shards)
    assert (result.sent, result.answered, dict(result.violations), result.unsent) == (500, 500, {}, 0)
    assert result.lag.total + result.held_up == 500
    assert result.service.total == result.latency.total == 500
    assert result.service.mean <= result.latency.mean
    assert result.lasted > 1.4
    assert sum(tenth.total for tenth in result.tenths) == 500


WRONG = {
    "lost": (wrong_at(7, lambda message: []), "lost"),
    "twice": (wrong_at(7, lambda message: right(message) * 2), "duplicated"),
    "altered": (wrong_at(7, lambda message: [{**right(message)[0], "digest": "0" * 16}]), "corrupted"),
    "stranger": (wrong_at(7, lambda message: [*right(message), {"type": "answer", "id": "who"}]), "phantom"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_broken_promise_is_found_on_each_connection(load, peer, name):
    answer, code = WRONG[name]
    result = load(peer(answer), CLOSED)
    assert dict(result.violations) == {code: 3}
    assert result.sent == result.answered + result.lost == 60
    assert {told for told, _ in result.sentences} == {code}


def test_answers_in_the_wrong_order_are_found(load, peer):
    held = {}

    def answer(message):
        if message.get("s") == 7:
            held[message["id"].rpartition(".")[0]] = message
            return []
        return [*right(message), *(right(held.pop(message["id"].rpartition(".")[0])) if message.get("s") == 8 else [])]

    result = load(peer(answer), CLOSED)
    assert dict(result.violations) == {"reordered": 3}
    assert result.answered == 60


def test_a_refused_message_is_no_loss_and_its_reason_is_counted(load, peer):
    result = load(peer(wrong_at(7, lambda message: [{"type": "no", "id": message["id"], "why": "full"}])), CLOSED)
    assert (result.refused, result.answered, dict(result.reasons), dict(result.violations)) == (3, 57, {"full": 3}, {})
    assert result.refusal.total == 3


def test_a_target_that_cannot_be_asked_is_waited_for_before_its_losses_count(load, peer):
    result = load(peer(wrong_at(19, lambda message: []), questions={}), CLOSED.model_copy(update={"patience": 1.0}))
    assert dict(result.violations) == {"lost": 3}


def test_a_target_that_always_has_something_to_do_is_not_waited_for_for_ever(load, peer):
    busy = [{"type": "state", "request": "", "pending": 1}, {"type": "news"}]
    answer = wrong_at(19, lambda message: [])
    result = load(peer(lambda message: busy if message["type"] == "state?" else answer(message)), CLOSED.model_copy(update={"patience": 3.0}))
    assert dict(result.violations) == {"lost": 3}


def test_pushes_that_nobody_asked_for_are_no_sign_of_progress(load, peers, desk):
    async def serve(socket):
        async def chatter():
            while True:
                await socket.send('{"type": "news"}')
                await asyncio.sleep(0.1)

        await socket.send('{"type": "hello"}')
        talking = asyncio.create_task(chatter())
        async for text in socket:
            message = orjson.loads(text)
            if message.get("s") != 19:
                await socket.send(orjson.dumps(right(message)[0]), text=True)
        talking.cancel()

    result = load(desk(peers.websocket(serve), messages=MESSAGES), CLOSED.model_copy(update={"patience": 2.5}))
    assert dict(result.violations) == {"lost": 3}
    assert result.others["other"] > 3


def test_a_peer_that_never_reads_again_does_not_hold_up_the_end(load, peers, desk):
    async def serve(socket):
        await socket.send('{"type": "hello"}')
        socket.transport.pause_reading()
        await socket.wait_closed()

    result = load(desk(peers.websocket(serve), messages=MESSAGES),
                  Plan(connections=1, stages=(Stage(1.0, 500, 500),), size=60_000, patience=2.5))
    assert result.unsent > 0
    assert result.sent + result.unsent == 500
    assert result.unfinished[0].closed == "dropped by us: it neither took nor answered anything any more"
    assert result.answered == 0


def test_a_full_window_of_losses_does_not_hold_up_the_rest(load, peer):
    lossy = {4, 5, 6, 7}
    result = load(peer(lambda message: [] if message.get("s") in lossy else right(message)), CLOSED)
    assert (result.sent, result.answered, result.lost) == (60, 48, 12)


def test_connections_that_are_closed_are_told_with_code_and_reason(load, peers, desk):
    async def serve(socket):
        await socket.send('{"type": "hello"}')
        async for text in socket:
            message = orjson.loads(text)
            if message.get("s") == 5:
                await socket.close(1011, "broken")
                return
            await socket.send(orjson.dumps(right(message)[0]), text=True)

    result = load(desk(peers.websocket(serve), messages=MESSAGES), CLOSED)
    assert [account.closed for account in result.unfinished] == ["closed by the target with code 1011 (broken)"] * 3
    assert result.sent == result.answered + result.lost
    assert result.lost > 0


@pytest.mark.parametrize(("answer", "told"), [
    (b"HTTP/1.1 401 Unauthorized\r\n\r\n", "HTTP 401, so it refused the token"), (b"SMTP ready\r\n\r\n", "not a WebSocket handshake"),
    (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: no\r\n\r\n", "not a WebSocket handshake"),
    (b"", "broken off"),
])
def test_doors_that_stay_shut_say_why(load, peers, desk, answer, told):
    async def shut(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    result = load(desk(peers.raw(shut), messages=MESSAGES), CLOSED)
    assert sum(result.refused_connections.values()) == 3
    assert all(told in reason for reason in result.refused_connections)
    assert result.sent == 0


def test_a_server_that_never_says_it_is_ready_is_not_waited_for_longer_than_its_file_says(load, peers, desk):
    async def silent(socket):
        await socket.wait_closed()

    result = load(desk(peers.websocket(silent), messages=MESSAGES, within="0.3 s"), CLOSED)
    assert sum(result.refused_connections.values()) == 3


def test_a_peer_that_does_not_read_holds_up_the_sender_in_bounded_memory(load, peers, desk):
    reads = asyncio.Event()

    async def serve(reader, writer):
        from websockets.server import ServerProtocol

        protocol = ServerProtocol(max_size=None)
        while not protocol.events_received() or protocol.state.name == "CONNECTING":
            protocol.receive_data(await reader.read(4096))
            for request in protocol.events_received():
                protocol.send_response(protocol.accept(request))
                protocol.send_text(b'{"type": "hello"}')
                writer.write(b"".join(protocol.data_to_send()))
            if protocol.state.name == "OPEN":
                break
        await reads.wait()
        while data := await reader.read(65536):
            protocol.receive_data(data)
            for event in protocol.events_received():
                if event.opcode == 1:
                    protocol.send_text(orjson.dumps(right(orjson.loads(event.data))[0]))
            writer.write(b"".join(protocol.data_to_send()))

    target = desk(peers.raw(serve), messages=MESSAGES, questions=QUESTIONS)
    before, seen = psutil.Process().memory_info().rss, []

    def tell(load):
        seen.append(load.sent)
        if len(seen) > 4 and seen[-1] == seen[-3]:  # nothing more leaves: the socket is full
            peers.loop.loop.call_soon_threadsafe(reads.set)

    plan = Plan(connections=1, stages=(Stage(3.0, 400, 400),), size=60_000)
    result = load(target, plan, tell=tell)
    assert (result.sent, result.answered, dict(result.violations)) == (1200, 1200, {})
    assert result.held_up > 100
    assert result.lag.total == result.sent - result.held_up, "what a peer does not read is not the generator's lateness"
    assert psutil.Process().memory_info().rss - before < 72_000_000, "1 200 texts are 72 MB"


def the_shards():
    return [child for child in psutil.Process().children() if "Lockstep.engine.load" in " ".join(child.cmdline())]


@pytest.mark.parametrize(("sign", "told"), [(signal.SIGKILL, "ended by itself (exit code -9)"), (signal.SIGSTOP, "said nothing for 3 s")])
def test_a_lost_shard_is_noticed_within_3_seconds_and_leaves_no_smaller_rate(load, platform, sign, told):
    moments = {}

    def tell(load):
        if "lost" not in moments and load.answered > 50:
            moments["lost"] = time.monotonic()
            os.kill(the_shards()[1].pid, sign)

    result = load(platform, Plan(connections=4, stages=(Stage(5.0, 200, 200),)), 2, tell)
    assert len(result.missing) == 1
    assert told in result.missing[0]
    assert result.rate is None
    assert not the_shards(), "nothing stays behind"


def test_shards_end_when_whoever_started_them_is_interrupted(engine, platform):
    async def phase():
        prepared = await preparing.prepared(platform, Plan(connections=4, stages=(Stage(60.0, 100, 100),)), "interrupted")
        await running.run("phase", prepared.command, 2, lambda load: begun.set() if load.answered else None)

    begun = asyncio.Event()

    async def interrupted():
        task = asyncio.create_task(phase())
        await begun.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    engine.run(interrupted())
    assert not the_shards()


@pytest.mark.parametrize(("plan", "shards", "kind", "told"), [
    (Plan(connections=1, stages=(Stage(1.0, 2e6, 2e6),)), 1, UsageError, "more than this machine could send"),
    (Plan(connections=2, window=1, count=4), 3, UsageError, "3 shards cannot share 2 connections"),
    (Plan(connections=10**6, window=1, count=10**6), 1, EnvironmentSetupError, "1000000 connections need 1000064 descriptors, but this process has"),
])
def test_what_cannot_work_is_refused_before_anything_is_sent(peer, plan, shards, kind, told):
    with pytest.raises(kind, match=told):
        preparing.check(peer(right), plan, shards)


OPEN = Plan(connections=2, stages=(Stage(1.0, 20, 20),))


@pytest.mark.parametrize(("permitted", "plan", "told"), [
    (None, OPEN, "does not permit load"), ({"rate": 10, "connections": 5}, OPEN, "permits 10 msg/s"), ({"rate": 50, "connections": 1}, OPEN, "permits 1 connections"),
    ({"rate": 50, "connections": 5}, CLOSED, "load without a rate cannot keep to that"), ({"rate": 50, "connections": 5}, OPEN, None),
])
def test_a_foreign_target_is_loaded_only_as_its_owner_permits(desk, permitted, plan, told):
    target = desk(1, permissions={"load": permitted} if permitted else {}, messages=MESSAGES)
    assert preparing.not_offered(target, plan) is None, "this machine is nobody else's"
    target.file = target.file.model_copy(update={"connect": target.file.connect.model_copy(update={"url": "wss://desk.example.test/ws"})})
    reason = preparing.not_offered(target, plan)
    assert reason is None if told is None else told in reason


def test_a_target_that_repeats_our_token_when_it_closes_does_not_get_it_into_the_log(load, peers, desk, monkeypatch):
    async def serve(socket):
        await socket.close(1008, f"not {socket.request.headers['Authorization']}")

    monkeypatch.setenv("DESK_TOKEN", "s3cret-t0ken")
    token = {"by": "header", "name": "Authorization", "value": "Bearer {token}", "token": {"from": "environment", "name": "DESK_TOKEN"}}
    target = desk(peers.websocket(serve), messages=MESSAGES)
    connect = target.file.connect.model_validate({**target.file.connect.model_dump(by_alias=True), "auth": token})
    target.file = target.file.model_copy(update={"connect": connect})
    (reason,) = load(target, CLOSED).refused_connections
    assert "not Bearer <token>" in reason
    assert "s3cret" not in reason


def test_tokens_go_through_pipes_only(load, platform):
    """Nobody who lists the processes of this machine, or the files of this run, sees a token."""
    seen = []

    def tell(load):
        for child in the_shards():
            seen.extend([*child.cmdline(), *child.environ().values()])

    load(platform, Plan(connections=2, stages=(Stage(1.0, 50, 50),)), 2, tell)
    assert seen
    assert not any("Bearer" in word or "eyJ" in word for word in seen)
    assert not list(Path.cwd().glob("*.jsonl"))
