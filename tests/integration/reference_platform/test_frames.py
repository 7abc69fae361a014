"""RFC 6455 on a raw socket: good frames are understood, bad ones end their own connection with the right code, and no other."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import struct

import pytest

MASK = b"\x11\x22\x33\x44"
KEY = "dGhlIHNhbXBsZSBub25jZQ=="


def message(message_id="m", content="x"):
    return json.dumps({"type": "user_message", "message_id": message_id, "content": content}, ensure_ascii=False).encode()


def frame(first, payload=b"", *, masked=True, width=None, announced=None):
    """One client frame; ``width`` forces the 16 or 64 bit length form, ``announced`` lies about the length."""
    size = len(payload) if announced is None else announced
    width = width or (7 if size < 126 else 16 if size < 65_536 else 64)
    bit = 0x80 if masked else 0
    head = {7: lambda: bytes((first, bit | size)), 16: lambda: struct.pack("!BBH", first, bit | 126, size), 64: lambda: struct.pack("!BBQ", first, bit | 127, size)}[width]()
    if not masked:
        return head + payload
    return head + MASK + bytes(byte ^ MASK[number % 4] for number, byte in enumerate(payload))


TEXT, CONT, BINARY, CLOSE, PING, PONG = 0x81, 0x80, 0x82, 0x88, 0x89, 0x8A
OPEN_TEXT, OPEN_CONT = 0x01, 0x00


class Raw:
    """A socket after the upgrade."""

    def __init__(self, platform, name="raw", head_and=b""):
        host, port = platform.ready["websocket_url"][5:-3].split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=30)
        token = platform.account(name)["token"]
        request = (
            f"GET /ws?token={token} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        self.socket.sendall(request.encode() + head_and)
        self.file = self.socket.makefile("rb")
        assert b" 101 " in self.file.readline()
        while (line := self.file.readline()) != b"\r\n":
            assert line, "closed before the handshake was over"
        assert json.loads(self.frame()[1])["type"] == "connection_established"

    def send(self, data):
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the platform may have ended the connection already
            self.socket.sendall(data)

    def frame(self):
        """(first byte, payload) of the next frame; (None, b"") at the end of the stream."""
        head = self.file.read(2)
        if len(head) < 2:
            return None, b""
        size = head[1]
        assert size < 128, "a server must not mask"
        if size == 126:
            size = struct.unpack("!H", self.file.read(2))[0]
        elif size == 127:
            size = struct.unpack("!Q", self.file.read(8))[0]
        return head[0], self.file.read(size)

    def answer(self):
        first, payload = self.frame()
        assert first == TEXT
        return json.loads(payload)

    def close_code(self):
        """Skips everything up to the close frame; its code (1005: none), or None when the stream ended without one."""
        while True:
            first, payload = self.frame()
            if first is None:
                return None
            if first == CLOSE:
                return struct.unpack("!H", payload[:2])[0] if payload else 1005

    def ends(self):
        """The stream ends, and nothing comes before that."""
        assert self.file.read() == b""
        self.socket.close()


def code(number, reason=b""):
    return struct.pack("!H", number) + reason


TEXT_BYTES = message(content="ümläut")
CUT = TEXT_BYTES.index("ü".encode()) + 1

GOOD = {
    "plain": frame(TEXT, TEXT_BYTES),
    "16 bit length": frame(TEXT, message(content="x" * 200)),
    "64 bit length": frame(TEXT, message(content="x" * 70_000)),
    "two fragments": frame(OPEN_TEXT, TEXT_BYTES[:9]) + frame(CONT, TEXT_BYTES[9:]),
    "cut inside a character": frame(OPEN_TEXT, TEXT_BYTES[:CUT]) + frame(CONT, TEXT_BYTES[CUT:]),
    "empty fragments": frame(OPEN_TEXT) + frame(OPEN_CONT) + frame(OPEN_CONT, TEXT_BYTES) + frame(CONT),
    "fragments of one byte": frame(OPEN_TEXT, TEXT_BYTES[:1]) + b"".join(frame(OPEN_CONT, bytes([b])) for b in TEXT_BYTES[1:-1]) + frame(CONT, TEXT_BYTES[-1:]),
    "binary": frame(BINARY, TEXT_BYTES),
    "binary in fragments": frame(0x02, TEXT_BYTES[:CUT]) + frame(CONT, TEXT_BYTES[CUT:]),
    "unasked pong first": frame(PONG, b"hello") + frame(TEXT, TEXT_BYTES),
    "largest message": frame(TEXT, message(content="x" * (5_000_000 - len(message(content=""))))),
}  # fmt: skip

BAD = {
    **{f"RSV {bit:02x}": (frame(TEXT | bit, message()), 1002) for bit in (0x40, 0x20, 0x10)},
    "RSV on ping": (frame(PING | 0x40, b"x"), 1002),
    **{f"opcode {number:x}": (frame(0x80 | number, b"x"), 1002) for number in (3, 7, 11, 15)},
    "unmasked text": (frame(TEXT, message(), masked=False), 1002),
    "unmasked ping": (frame(PING, b"x", masked=False), 1002),
    "unmasked close": (frame(CLOSE, code(1000), masked=False), 1002),
    "unmasked 200 kB": (frame(TEXT, message(content="x" * 200_000), masked=False), 1002),
    "fragmented ping": (frame(0x09, b"x"), 1002),
    "fragmented close": (frame(0x08, code(1000)), 1002),
    "ping of 126": (frame(PING, b"x" * 126), 1002),
    "close of 126": (frame(CLOSE, code(1000) + b"x" * 124), 1002),
    "continuation of nothing": (frame(CONT, message()), 1002),
    "continuation of nothing, not last": (frame(OPEN_CONT, message()), 1002),
    "text inside fragments": (frame(OPEN_TEXT, b"{") + frame(TEXT, message()), 1002),
    "binary inside fragments": (frame(OPEN_TEXT, b"{") + frame(BINARY, b"x"), 1002),
    "close of one byte": (frame(CLOSE, b"\x03"), 1002),
    **{f"close code {number}": (frame(CLOSE, code(number)), 1002) for number in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535)},
    "close reason not UTF-8": (frame(CLOSE, code(1000, b"\xff")), (1007, 1002)),
    "close inside fragments": (frame(OPEN_TEXT, b"{") + frame(CLOSE, code(1000)), (1002, 1000)),
    "not UTF-8": (frame(TEXT, b"\xff\xfe"), 1007),
    "overlong": (frame(TEXT, b'"\xc0\x80"'), 1007),
    "surrogate": (frame(TEXT, b'"\xed\xa0\x80"'), 1007),
    "above U+10FFFF": (frame(TEXT, b'"\xf4\x90\x80\x80"'), 1007),
    "cut character at the end": (frame(TEXT, b'"\xc3'), 1007),
    "bad across fragments": (frame(OPEN_TEXT, b"\xc3") + frame(CONT, b"\x28"), 1007),
    "bad first fragment": (frame(OPEN_TEXT, b"\xff"), 1007),
    "cut character in the last fragment": (frame(OPEN_TEXT, b"ab") + frame(CONT, b"\xc3"), 1007),
    "16 bit length for 5": (frame(TEXT, b"hello", width=16), 1002),
    "64 bit length for 5": (frame(TEXT, b"hello", width=64), 1002),
    "64 bit length for 300": (frame(TEXT, b"x" * 300, width=64), 1002),
    "16 bit length for a ping": (frame(PING, b"hello", width=16), 1002),
    "too big, header only": (frame(TEXT, announced=5_000_001)[:10], 1009),
    "2^63 - 1": (frame(TEXT, announced=2**63 - 1), 1009),
    "2^63": (frame(TEXT, announced=2**63), (1002, 1009)),
    "fragments too big in sum": (frame(OPEN_TEXT, b"x" * 3_000_000) + frame(CONT, b"x" * 3_000_000), 1009),
    "bad text, then a close in the same segment": (frame(TEXT, b"\xff") + frame(CLOSE, code(1000)), 1007),
    "bad text, then a ping and a message": (frame(TEXT, b"\xff") + frame(PING, b"x") + frame(TEXT, message()), 1007),
}  # fmt: skip


@pytest.fixture(scope="module")
def shared(module_serve):
    return module_serve()


@pytest.fixture
def bystander(shared):
    """Another connection, which must not notice anything."""
    raw = Raw(shared, "bystander")
    yield raw
    name = os.urandom(6).hex()
    raw.send(frame(TEXT, message(name)))
    assert raw.answer()["message_id"] == name
    raw.socket.close()


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("cut", ["whole", "bytewise"])
def test_good_frames(shared, name, cut):
    raw = Raw(shared, os.urandom(6).hex())
    raw.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    data = GOOD[name]
    pieces = [data] if cut == "whole" else [data[n : n + 1] for n in range(min(len(data), 400))] + [data[400:]]
    for piece in pieces:
        raw.send(piece)
    assert raw.answer()["type"] == "ai_response"
    raw.send(frame(CLOSE, code(1000)))
    assert raw.close_code() == 1000
    raw.ends()


@pytest.mark.parametrize("name", BAD)
def test_bad_frames_end_their_connection_only(shared, bystander, name):
    data, expected = BAD[name]
    user = os.urandom(6).hex()
    raw = Raw(shared, user)
    raw.send(frame(TEXT, message("before")))
    raw.send(data)
    got = raw.close_code()
    assert got in (expected if isinstance(expected, tuple) else (expected,))
    raw.ends()
    again = Raw(shared, user)
    again.send(frame(TEXT, json.dumps({"type": "get_agent_state", "request_id": "q"}).encode()))
    assert again.answer()["processed_message_ids"] == ["before"], "what came before the bad frame counts, nothing after it does"
    again.socket.close()


@pytest.mark.parametrize("number", [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999])
def test_good_close_codes_are_echoed(shared, number):
    raw = Raw(shared)
    raw.send(frame(CLOSE, code(number, b"bye")))
    assert raw.close_code() == number
    raw.ends()


def test_empty_close_and_nothing_after_a_close(shared):
    user = os.urandom(6).hex()
    raw = Raw(shared, user)
    raw.send(frame(CLOSE) + frame(TEXT, message()) + frame(PING, b"x"))
    first, payload = raw.frame()
    assert (first, payload) == (CLOSE, b"")
    raw.ends()
    again = Raw(shared, user)
    again.send(frame(TEXT, message("m")))
    assert again.answer()["version"] == 1


def test_pings_are_answered_with_their_payload_also_between_fragments(shared):
    raw = Raw(shared)
    text = message(os.urandom(6).hex())
    raw.send(frame(PING) + frame(PING, b"p" * 125) + frame(OPEN_TEXT, text[:5]) + frame(PING, b"mid") + frame(CONT, text[5:]))
    assert [raw.frame() for _ in range(3)] == [(PONG, b""), (PONG, b"p" * 125), (PONG, b"mid")]
    assert raw.answer()["type"] == "ai_response"


def test_replies_of_a_burst_come_before_the_answer_to_the_close_behind_it(shared):
    raw = Raw(shared, os.urandom(6).hex())
    raw.send(b"".join(frame(TEXT, message(f"m{number}")) for number in range(30)) + frame(CLOSE, code(1000)))
    assert [raw.answer()["message_id"] for _ in range(30)] == [f"m{number}" for number in range(30)]
    assert raw.close_code() == 1000


def test_frames_in_the_segment_of_the_request_are_not_lost(shared):
    raw = Raw(shared, os.urandom(6).hex(), head_and=frame(TEXT, message("early")))
    assert raw.answer()["message_id"] == "early"


def test_half_close_behind_a_burst_still_gets_its_replies(shared):
    raw = Raw(shared, os.urandom(6).hex())
    raw.send(b"".join(frame(TEXT, message(f"m{number}")) for number in range(10)))
    raw.socket.shutdown(socket.SHUT_WR)
    assert [raw.answer()["message_id"] for _ in range(10)] == [f"m{number}" for number in range(10)]


HANDSHAKE = {"Host": "x", "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": KEY, "Sec-WebSocket-Version": "13"}


@pytest.mark.parametrize(
    ("line", "changes", "status"),
    [
        ("GET /ws?token={} HTTP/1.1", {}, 101),
        ("GET /ws?token={} HTTP/1.1", {"Host": None}, 400),
        ("GET /ws?token={} HTTP/1.1", {"Sec-WebSocket-Version": "8"}, 426),
        ("GET /ws?token={} HTTP/1.1", {"Sec-WebSocket-Key": None}, 400),
        ("GET /ws?token={} HTTP/1.1", {"Sec-WebSocket-Key": "short"}, 400),
        ("GET /ws?token={} HTTP/1.1", {"Upgrade": None}, 426),
        ("GET /ws?token={} HTTP/1.0", {}, 505),
        ("POST /ws?token={} HTTP/1.1", {}, 405),
        ("GET /other?token={} HTTP/1.1", {}, 404),
        ("GET /ws HTTP/1.1", {}, 401),
        ("nonsense", {}, 400),
        ("GET /ws?token={} HTTP/1.1", {"X-Big": "x" * 100_000}, 431),
    ],
)
def test_handshakes(shared, line, changes, status):
    host, port = shared.ready["websocket_url"][5:-3].split(":")
    headers = {name: value for name, value in {**HANDSHAKE, **changes}.items() if value is not None}
    text = line.format(shared.account("shake")["token"]) + "\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    with socket.create_connection((host, int(port)), timeout=30) as raw:
        raw.sendall(text.encode() + b"\r\n")
        with raw.makefile("rb") as answer:
            assert answer.readline().split(b" ")[1] == str(status).encode()
            if status != 101:
                raw.shutdown(socket.SHUT_WR)
                rest = answer.read()
                assert b"Traceback" not in rest


@pytest.mark.parametrize("data", [frame(BINARY, b'{"type": "\xff"}'), frame(0x02, b'{"type": "\xc3') + frame(CONT, b'\x28"}')])
def test_bytes_that_are_no_text_are_refused_and_the_connection_stays(shared, bystander, data):
    raw = Raw(shared, os.urandom(6).hex())
    raw.send(data + frame(TEXT, message()))
    answers = [raw.answer() for _ in range(2)]
    assert sorted(answer.get("code", answer["type"]) for answer in answers) == ["ai_response", "invalid_encoding"]
    raw.socket.close()
