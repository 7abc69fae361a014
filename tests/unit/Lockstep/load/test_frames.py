"""The short loop for plain frames against ``websockets``' own protocol object: same messages, same answers, same close codes."""

import codecs
import struct
import time
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.frames import Opcode
from websockets.protocol import OPEN
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from Lockstep.engine.load.frames import Receiver, masked_text

LIMIT = 70_000
TEXT, BINARY, CONT, CLOSE, PING, PONG = 1, 2, 0, 8, 9, 10


def protocol(limit=LIMIT):
    return ClientProtocol(parse_uri("ws://oracle.test/"), max_size=limit, state=OPEN)


def frame(first, payload=b"", *, width=None, masked=False):
    size = len(payload)
    width = width or (1 if size < 126 else 2 if size < 65_536 else 8)
    head = {1: lambda: bytes((first, size)), 2: lambda: struct.pack("!BBH", first, 126, size), 8: lambda: struct.pack("!BBQ", first, 127, size)}[width]()
    return head[:1] + bytes((head[1] | 0x80,)) + head[2:] + b"\0\0\0\0" + payload if masked else head + payload


def told(protocol):
    """What the server would see: opcodes and contents of the frames that the client sends."""
    server = ServerProtocol(state=OPEN, max_size=None)
    server.receive_data(b"".join(protocol.data_to_send()))
    return [(event.opcode, bytes(event.data[:2] if event.opcode is Opcode.CLOSE else event.data)) for event in server.events_received()]


def outcome(protocol, messages):
    codes = [close and close.code for close in (protocol.close_sent, protocol.close_rcvd)]
    return messages, told(protocol), codes, protocol.state


def oracle(data):
    """``websockets`` alone, fed byte by byte, so that nothing is looked at before what comes earlier is judged."""
    one, messages, text, decoder = protocol(), [], [], None
    for number in range(len(data)):
        if one.state is not OPEN:
            break
        one.receive_data(data[number : number + 1])
        for event in one.events_received():
            if event.opcode in (Opcode.TEXT, Opcode.BINARY):
                text, decoder = [], codecs.getincrementaldecoder("utf-8")() if event.opcode is Opcode.TEXT else None
            elif event.opcode is not Opcode.CONT:
                continue
            if one.state is not OPEN:
                continue
            try:
                if decoder is not None:
                    decoder.decode(bytes(event.data), event.fin)
            except UnicodeDecodeError:
                one.fail(1007, "")
                continue
            text.append(bytes(event.data))
            if event.fin:
                messages.append(b"".join(text))
    return outcome(one, messages)


def ours(pieces):
    one = protocol()
    receiver, messages = Receiver(one, LIMIT), []
    for piece in pieces:
        if receiver.is_over:
            break
        messages += receiver.feed(piece)
    return outcome(one, messages)


payloads = st.one_of(
    st.binary(max_size=12), st.text(max_size=12).map(str.encode), st.sampled_from([125, 126, 127, 300]).map(lambda size: b"x" * size),
    st.sampled_from([b"\xff", b"\xe2\x82", "€".encode(), b"\xed\xa0\x80"]),
)
plain = st.builds(lambda opcode, payload: frame(0x80 | opcode, payload), st.sampled_from([TEXT, BINARY]), payloads)
part = st.builds(lambda opcode, fin, payload: frame(fin | opcode, payload), st.sampled_from([TEXT, BINARY, CONT]), st.sampled_from([0, 0x80]), payloads)
control = st.builds(lambda opcode, payload: frame(0x80 | opcode, payload[:125]), st.sampled_from([PING, PONG]), payloads)
close = st.builds(lambda code, reason: frame(0x80 | CLOSE, struct.pack("!H", code) + reason),
                  st.sampled_from([1000, 1001, 1005, 1011, 1013, 4001, 999, 5000]), st.sampled_from([b"", b"bye", b"\xff"]))
wrong = st.one_of(
    st.builds(frame, st.sampled_from([0xC1, 0xA1, 0x83, 0x8B, 0x09, 0x88, 0x89]), payloads),       # reserved bits and opcodes, fragmented control
    st.just(frame(0x80 | TEXT, b"masked", masked=True)), st.just(frame(0x80 | CLOSE, b"x")),
    st.just(struct.pack("!BBQ", 0x81, 127, LIMIT + 1)), st.just(struct.pack("!BBQ", 0x82, 127, 2**63 + 1)),
)
streams = st.lists(st.one_of(plain, plain, part, control, close, wrong), min_size=1, max_size=8).map(b"".join)


@settings(max_examples=400, deadline=None)
@given(streams, st.lists(st.integers(0, 2000), max_size=6), st.integers(0, 3))
@example(frame(0x01, b"\xe2\x82") + frame(0x80, b"\xac"), [], 0)
@example(frame(0x81, b"\xff") + frame(0x88, struct.pack("!H", 1000)), [], 0)
def test_cut_anywhere_it_is_what_the_protocol_object_says(data, cuts, missing):
    data = data[: len(data) - missing] if missing < len(data) else data
    expected = oracle(data)
    assert ours([data]) == expected
    assert ours([data[number : number + 1] for number in range(len(data))]) == expected
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    assert ours([data[begin:end] for begin, end in pairwise(places)]) == expected


@pytest.mark.parametrize("data", [frame(0x81, b"x", width=2), frame(0x81, b"x" * 126, width=8), frame(0x01, b"x", width=2), frame(0x89, b"x", width=2)])
def test_a_length_that_is_not_written_in_the_fewest_bytes_fails_with_1002(data):
    messages, _, codes, _ = ours([frame(0x81, b"before") + data])
    assert (messages, codes[0]) == ([b"before"], 1002)


@pytest.mark.parametrize("size", [LIMIT, LIMIT + 1])
def test_the_largest_message_is_taken_and_one_byte_more_fails_with_1009(size):
    messages, _, codes, _ = ours([frame(0x81, b"x" * size)])
    assert (len(messages), codes[0]) == ((1, None) if size == LIMIT else (0, 1009))


def test_a_large_message_in_small_pieces_is_not_copied_with_each_piece():
    """16 000 pieces copied anew with each one are 8 000 copies of the whole; a tenth of that is twenty times what is needed."""
    data = frame(0x81, b"x" * 8_000_000)

    def copying():
        begun = time.process_time()
        for _ in range(800):
            bytearray(data)
        return time.process_time() - begun

    def feeding():
        receiver, begun = Receiver(protocol(2**26), 2**26), time.process_time()
        taken = [receiver.feed(data[at : at + 500]) for at in range(0, len(data), 500)]
        assert len(taken[-1][0]) == 8_000_000
        return time.process_time() - begun

    assert min(feeding() for _ in range(3)) < copying()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(st.text(max_size=300), st.sampled_from([125, 126, 4095, 4096, 65_535, 65_536]).map(lambda size: "y" * size)), max_size=5))
def test_what_we_write_is_what_a_server_reads(texts):
    server = ServerProtocol(state=OPEN, max_size=None)
    server.receive_data(masked_text(text.encode() for text in texts))
    assert [bytes(event.data).decode() for event in server.events_received()] == texts
    assert server.parser_exc is None
