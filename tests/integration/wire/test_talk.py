"""One row at servers that do all kinds of things: what is seen of each."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from Lockstep.wire.frames import MASK, ClientFrame, masked
from Lockstep.wire.place import ACCEPT, Place
from Lockstep.wire.table import read_table
from Lockstep.wire.talk import PROBE, READY, SIMPLE, Bystander, try_row
from Lockstep.wire.trying import answers_messages

TABLE = read_table()
UPGRADED = b"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: " + ACCEPT + b"\r\n\r\n"
PONG_READY, PONG_PROBE = ClientFrame(0xA, READY, masked=False).octets, ClientFrame(0xA, PROBE, masked=False).octets
CLOSE_1002 = b"\x88\x02\x03\xea"


def request_of(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(4096)
    return data


@contextmanager
def serving(*answers: Callable[[socket.socket], None]) -> Iterator[Place]:
    """A server whose first connection is served by the first of these, and so on; the last serves all that follow."""
    listener = socket.create_server(("127.0.0.1", 0))
    left = list(answers)

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection, suppress(OSError):
                    (left.pop(0) if len(left) > 1 else left[0])(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield Place(f"ws://127.0.0.1:{listener.getsockname()[1]}/", patience=1.0)
    finally:
        listener.close()


def says(*parts: bytes | Callable[[], bytes], hangs: bool = False) -> Callable[[socket.socket], None]:
    """Answers the handshake with the first part, and each further write of the client with the next, which may be made then."""

    def serve(connection: socket.socket) -> None:
        request_of(connection)
        for number, part in enumerate(parts):
            if number:
                connection.recv(65_536)
            connection.sendall(part() if callable(part) else part)
        connection.shutdown(socket.SHUT_WR) if not hangs else None
        with suppress(OSError):
            while connection.recv(65_536):
                pass

    return serve


@pytest.mark.parametrize(("server", "way", "why"), [
    (says(UPGRADED, PONG_READY, PONG_PROBE, hangs=True), "alive", ""),
    (says(UPGRADED, PONG_READY, CLOSE_1002), "close 1002", ""),
    (says(UPGRADED, PONG_READY, b"\x88\x00"), "close none", ""),
    (says(UPGRADED, PONG_READY, b""), "dropped", ""),
    (says(UPGRADED, PONG_READY, b"", hangs=True), "silent", ""),
    (says(UPGRADED, CLOSE_1002), "close 1002", ""),
    (says(UPGRADED), "dropped", ""),
    (says(b"HTTP/1.1 404 Not Found\r\n\r\n"), "http 404", ""),
    (says(b"HTTP/1.1\r\n\r\n"), "http ?", ""),
    (says(b"\x81\x02hi" + UPGRADED), "garbage", "something else in front of its answer to the handshake"),
    (says(UPGRADED.replace(ACCEPT, b"x")), "garbage", "a wrong Sec-WebSocket-Accept"),
    (says(UPGRADED[:-2] + b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"), "garbage", "an extension that was not offered"),
    (says(UPGRADED[:-2] + b"Sec-WebSocket-Protocol: chat\r\n\r\n"), "garbage", "a sub-protocol that was not offered"),
    (says(UPGRADED, PONG_READY, b"\x81\x82" + MASK + masked(b"hi")), "garbage", "a masked frame"),
    (says(UPGRADED, PONG_READY, b"\xc1\x00"), "garbage", "a frame with reserved bits"),
    (says(UPGRADED, PONG_READY, b"\x83\x00"), "garbage", "a frame with opcode 3"),
    (says(UPGRADED, PONG_READY, b"\x09\x00"), "garbage", "a control frame that is too long or in fragments"),
])
def test_what_a_server_does_is_seen(server: Callable[[socket.socket], None], way: str, why: str) -> None:
    with serving(server) as place:
        seen = try_row(place, TABLE.find("opcode 3"), "end")
    assert (seen.way, seen.why) == (way, why)
    assert seen.lines[0] == "→ GET with Host, Upgrade, Connection, Sec-WebSocket-Key, Sec-WebSocket-Version"


def test_a_close_that_comes_behind_the_pong_still_counts() -> None:
    with serving(says(UPGRADED, PONG_READY, PONG_PROBE + b"\x88\x02\x03\xef")) as place:
        assert try_row(place, TABLE.find("bytes that are no text"), "end").way == "close 1007"


def test_an_answer_names_its_message_and_anything_else_is_none() -> None:
    def echo(connection: socket.socket) -> None:
        says(UPGRADED, b"\x81\x05hello" + PONG_READY)(connection)

    with serving(echo) as place:
        assert answers_messages(place) is None
    with serving(says(UPGRADED, PONG_READY, b"\x81\x05hello" + PONG_PROBE, hangs=True)) as place:
        assert answers_messages(place) is False
    names: list[bytes] = []

    def message(name: str) -> bytes:
        names.append(name.encode())
        return b"ask"

    def answers(connection: socket.socket) -> None:
        says(UPGRADED, PONG_READY, lambda: PONG_PROBE + ClientFrame(1, names[-1], masked=False).octets, hangs=True)(connection)

    with serving(answers) as place:
        assert try_row(Place(place.url, message=message, patience=1.0), SIMPLE, "answer").way == "answered"


def test_a_bystander_notices_that_nobody_is_served_and_tries_again() -> None:
    with serving(says(UPGRADED, PONG_READY, PONG_READY), says(b"HTTP/1.1 503 Busy\r\n\r\n"), says(UPGRADED, PONG_READY, hangs=True)) as place:
        bystander = Bystander(place)
        assert [bystander.is_served() for _ in range(5)] == [True, True, False, False, True]
        bystander.close()


def test_long_talks_are_shown_in_part() -> None:
    with serving(says(UPGRADED, PONG_READY, PONG_PROBE, hangs=True)) as place:
        seen = try_row(place, TABLE.find("65 536 fragments of one byte"), "")
    assert seen.way == "alive"
    assert "… and more" in seen.lines
    assert len(seen.lines) < 30


def test_a_token_that_the_server_repeats_is_not_shown() -> None:
    reason = b"no: eyJsecret"
    with serving(says(UPGRADED, PONG_READY, bytes((0x88, len(reason) + 2)) + b"\x03\xf0" + reason)) as place:
        seen = try_row(Place(place.url, secret="eyJsecret", patience=1.0), TABLE.find("opcode 3"), "end")
    assert seen.way == "close 1008"
    assert "eyJ" not in "".join(seen.lines)
    assert b"eyJsecret".hex(" ") not in "".join(seen.lines)
    assert "CLOSE 1008 'no: <token>'" in seen.lines[-1]
