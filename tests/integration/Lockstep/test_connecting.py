"""Targets that do not let us in, each in a way of its own; every try is in the journal."""

import asyncio
import threading

import pytest
from websockets.asyncio.server import ServerConnection

from Lockstep.checks.events import Kind
from Lockstep.engine.handshake import Refused


def kinds(engine):
    return [event.kind for event in engine.journal.events]


async def silent(reader, writer):
    await reader.read()  # the handshake; then nothing until the client has gone


async def garbage(reader, writer):
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"SSH-2.0-OpenSSH_9.2p1\r\n\r\n")
    await writer.drain()
    writer.close()


async def hang_up(reader, writer):
    writer.close()


@pytest.mark.parametrize(
    ("peer", "sentence"),
    [
        (silent, "it did not answer the handshake at ws://127.0.0.1:{port}/ws within 0.3 s"),
        (garbage, "what it answered at ws://127.0.0.1:{port}/ws is not a WebSocket handshake (InvalidMessage)"),
        (hang_up, "it hung up during the handshake at ws://127.0.0.1:{port}/ws"),
    ],
)
def test_peers_that_are_no_websocket_server_are_told_apart(engine, peers, desk, connect, peer, sentence):
    port = peers.raw(peer)
    with pytest.raises(Refused) as refusal:
        connect(desk(port, within="300 ms"))
    assert str(refusal.value) == sentence.format(port=port)
    assert kinds(engine) == [Kind.CONNECT, Kind.CONNECT_FAILED]
    assert engine.journal.events[1].details == {"reason": str(refusal.value)}


def test_an_address_where_nobody_listens_is_tried_as_often_as_the_policy_says(engine, peers, desk, connect):
    port = peers.raw(silent)
    peers.loop.stop()
    with pytest.raises(Refused, match=rf"^no connection to ws://127\.0\.0\.1:{port}/ws \("):
        connect(desk(port), tries=3)
    assert kinds(engine) == [Kind.CONNECT, Kind.CONNECT_FAILED] * 3
    assert [event.connection for event in engine.journal.events] == [1, 1, 2, 2, 3, 3]


def test_a_target_that_comes_up_meanwhile_is_reached_by_a_later_try(engine, peers, desk, connect):
    seen = []

    async def at_the_third(connection, request):
        seen.append(1)
        return connection.respond(503, "not yet") if len(seen) < 3 else None

    async def hello(socket):
        await socket.send('{"type": "hello"}')
        await socket.wait_closed()

    client = connect(desk(peers.websocket(hello, process_request=at_the_third)), tries=3)
    assert client.connection.is_open
    assert kinds(engine) == [Kind.CONNECT, Kind.CONNECT_FAILED, Kind.CONNECT, Kind.CONNECT_FAILED, Kind.CONNECT, Kind.CONNECTED]


@pytest.mark.parametrize(("status", "advice"), [(401, "; see 'connect.auth'"), (403, "; see 'connect.auth'"), (404, "; see 'connect.url'")])
def test_a_target_that_says_no_is_not_asked_again(engine, peers, desk, connect, status, advice):
    async def no(connection: ServerConnection, request):
        return connection.respond(status, "no")

    with pytest.raises(Refused, match=rf"^it answered the handshake with HTTP {status}.*{advice}") as refusal:
        connect(desk(peers.websocket(silent, process_request=no)), tries=3)
    assert refusal.value.final
    assert kinds(engine) == [Kind.CONNECT, Kind.CONNECT_FAILED]


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
def test_a_target_that_says_not_now_is_asked_again(engine, peers, desk, connect, status):
    async def not_now(connection: ServerConnection, request):
        return connection.respond(status, "not now")

    with pytest.raises(Refused, match=rf"^it answered the handshake with HTTP {status}"):
        connect(desk(peers.websocket(silent, process_request=not_now)), tries=2)
    assert kinds(engine) == [Kind.CONNECT, Kind.CONNECT_FAILED] * 2


def test_a_target_that_never_says_it_is_ready(engine, peers, desk, connect):
    async def mute(socket):
        await socket.wait_closed()

    with pytest.raises(Refused, match=r"^it opened the connection but did not say within 0\.2 s that it is ready"):
        connect(desk(peers.websocket(mute), ready={"wait_for": {"type": "hello"}, "within": "200 ms"}))
    assert kinds(engine) == [Kind.CONNECT, Kind.CLOSE, Kind.CONNECT_FAILED]


def test_a_target_that_closes_before_it_is_ready(engine, peers, desk, connect):
    async def closing(socket):
        await socket.close(1013, "try later")

    with pytest.raises(Refused, match=r"^it closed the connection before it was ready \(closed by target with code 1013 \('try later'\)\)"):
        connect(desk(peers.websocket(closing)))
    assert kinds(engine) == [Kind.CONNECT, Kind.CLOSE, Kind.CONNECT_FAILED]


def test_a_test_time_out_while_connecting_leaves_no_socket(engine, peers, desk):
    gone = threading.Event()

    async def mute(socket):
        await socket.wait_closed()
        gone.set()

    target = desk(peers.websocket(mute), ready={"wait_for": {"type": "hello"}, "within": "60 s"})

    async def cancelled():
        from Lockstep.engine.account import Account

        opening = asyncio.create_task(engine.connect("alice", Account("alice", "a"), target, tries=1, pause=0))
        while not engine.journal.events:  # noqa: ASYNC110 - the journal has no event to wait for
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)

    engine.run(cancelled())
    assert gone.wait(5)
    assert engine.clients == {}
