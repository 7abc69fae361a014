"""The short loop for plain frames against the protocol object alone, fed frame by frame."""

from __future__ import annotations

import codecs
import json
import struct
from itertools import pairwise
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.frames import Opcode
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from reference_platform.connections.receiver import Receiver
from reference_platform.policies import Wire

LIMIT = 400
MASK = b"\x01\x02\x03\x04"


def wire():
    return Wire(SimpleNamespace(config=SimpleNamespace(max_message_size=LIMIT)))


def frame(first, payload, *, masked=True, width=None):
    size = len(payload)
    width = width or (7 if size < 126 else 16)
    bit = 0x80 if masked else 0
    head = bytes((first, bit | size)) if width == 7 else struct.pack("!BB" + ("H" if width == 16 else "Q"), first, bit | (126 if width == 16 else 127), size)
    return head + (MASK + bytes(byte ^ MASK[number % 4] for number, byte in enumerate(payload)) if masked else payload)


def result(protocol, messages):
    """What the other side could tell apart: messages, and every byte that is sent."""
    return messages, b"".join(protocol.data_to_send()), protocol.state


def slow(frames):
    """The plain way: each frame whole to the protocol object, then judged; no short loop, no buffer."""
    protocol = ServerProtocol(max_size=LIMIT, state=OPEN)
    messages, text, decoder = [], [], None
    for data in frames:
        if protocol.state is not OPEN:
            break
        size = data[1] & 0x7F
        if (size == 126 and int.from_bytes(data[2:4], "big") < 126) or (size == 127 and int.from_bytes(data[2:10], "big") < 65_536):
            protocol.fail(1002, "the frame length is not written in the fewest bytes")
            break
        if data[0] & 0x0F in (1, 2) and data[1] & 0x80 and len(data) > LIMIT + 8:
            protocol.send_text(wire().too_large(len(data) - 8))
        protocol.receive_data(data)
        for event in protocol.events_received():
            if event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT) and protocol.state is OPEN:
                if event.opcode is not Opcode.CONT:
                    text, decoder = [], codecs.getincrementaldecoder("utf-8" if event.opcode is Opcode.TEXT else "latin-1")()
                try:
                    decoder.decode(bytes(event.data), event.fin)
                except UnicodeDecodeError:
                    protocol.fail(1007, "the text is not UTF-8")
                    continue
                text.append(bytes(event.data))
                if event.fin:
                    messages.append(b"".join(text))
    return result(protocol, messages)


def fast(pieces):
    """The receiver, fed in pieces."""
    protocol = ServerProtocol(max_size=LIMIT, state=OPEN)
    receiver = Receiver(wire(), protocol)
    for piece in pieces:
        receiver.feed(piece)
    receiver.finish()
    return result(protocol, receiver.messages)


texts = st.one_of(st.text(max_size=40).map(str.encode), st.binary(max_size=8), st.just(b"x" * 130), st.just(b"y" * 401), st.just("é".encode()[:1]))
plain = texts.map(lambda payload: frame(0x81, payload))
odd = st.builds(
    frame,
    st.sampled_from([0x81, 0x01, 0x80, 0x00, 0x82, 0x88, 0x89, 0x8A, 0x09, 0xC1, 0x83, 0x8B]),
    st.one_of(texts, st.sampled_from([b"", b"\x03\xe8", b"\x03\xe8bye", b"\x03\xee", b"\x03"])),
    masked=st.sampled_from([True] * 9 + [False]),
    width=st.sampled_from([None] * 6 + [16, 64]),
)


@settings(max_examples=400, deadline=None)
@given(frames=st.lists(st.one_of(plain, plain, odd), max_size=12), cuts=st.lists(st.integers(0, 2000), max_size=12))
def test_short_loop_and_protocol_object_agree(frames, cuts):
    data = b"".join(frames)
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    pieces = [data[start:end] for start, end in pairwise(edges)]
    assert fast(pieces) == slow(frames)


@pytest.mark.parametrize("piece", [1, 2, 3, 7])
def test_any_cut_of_a_long_conversation_gives_the_same(piece):
    frames = [frame(0x81, f"message {number} é".encode() * (1 + number % 9)) for number in range(50)]
    frames[20:20] = [frame(0x01, b"frag"), frame(0x89, b"ping"), frame(0x80, b"ment")]
    data = b"".join(frames)
    assert fast([data[start : start + piece] for start in range(0, len(data), piece)]) == slow(frames)


def test_an_announced_giant_is_refused_from_its_header():
    protocol = ServerProtocol(max_size=LIMIT, state=OPEN)
    Receiver(wire(), protocol).feed(b"\x81\xff" + (2**62).to_bytes(8, "big"))
    said, closed, end = protocol.data_to_send()
    assert json.loads(said[4:]) == {
        "type": "error", "code": "payload_too_large", "message": "a message has at most 400 bytes", "max_size": LIMIT, "received_size": 2**62,
    }  # fmt: skip
    assert (closed[2:4], end) == ((1009).to_bytes(2, "big"), b"")


@pytest.mark.parametrize("first", [0x81, 0x01], ids=["short loop", "protocol object"])
@pytest.mark.parametrize(("size", "width"), [(125, 7), (126, 16), (65_535, 16), (65_536, 64)])
def test_the_first_and_the_last_length_of_each_form_are_taken(first, size, width):
    receiver = Receiver(Wire(SimpleNamespace(config=SimpleNamespace(max_message_size=size))), ServerProtocol(max_size=size, state=OPEN))
    receiver.feed(frame(first, bytes(size), width=width) + (frame(0x80, b"") if first == 0x01 else b""))
    assert receiver.messages == [bytes(size)]


def test_a_close_is_kept_until_everything_before_it_is_done():
    protocol = ServerProtocol(max_size=LIMIT, state=OPEN)
    receiver = Receiver(wire(), protocol)
    receiver.feed(frame(0x81, b"one") + frame(0x88, b"\x03\xe8") + frame(0x81, b"two"))
    assert receiver.is_over
    assert receiver.messages == [b"one"]
    assert protocol.data_to_send() == []
    receiver.finish()
    assert protocol.data_to_send()[0] == b"\x88\x02\x03\xe8"


def test_a_rule_of_the_wire_can_be_replaced():
    class Lenient(Wire):
        refuses_bad_text = False
        refuses_long_lengths = False

    protocol = ServerProtocol(max_size=LIMIT, state=OPEN)
    receiver = Receiver(Lenient(SimpleNamespace(config=SimpleNamespace(max_message_size=LIMIT))), protocol)
    receiver.feed(frame(0x81, b"\xff") + frame(0x81, b"x", width=64) + frame(0x01, b"\xfe") + frame(0x80, b""))
    assert receiver.messages == [b"\xff", b"x", b"\xfe"]
