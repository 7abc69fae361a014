"""The scanner that faults look through, against the parser of `websockets`, however the bytes are portioned."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from Lockstep.faults.frames import Part, Scanner, unmasked
from Lockstep.faults.triggers import After, AfterBytes, AfterFrames, InCodePoint, InHeader, InPayload

steadily = settings(derandomize=True, deadline=None, max_examples=60, database=None, suppress_health_check=[HealthCheck.too_slow])
REQUEST = b"GET /ws HTTP/1.1\r\nHost: desk\r\nUpgrade: websocket\r\n\r\n"
ANSWER = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
TEXTS = st.text("aß€😀 ", max_size=40).map(str.encode) | st.sampled_from([b"x" * size for size in (125, 126, 127, 65535, 65536)])
CONTROL = st.builds(Frame, st.sampled_from([Opcode.PING, Opcode.PONG]), st.binary(max_size=125))


@st.composite
def messages(draw):
    """Whole messages, some in several frames with pings between them."""
    frames = []
    for _ in range(draw(st.integers(0, 6))):
        parts = draw(st.lists(TEXTS, min_size=1, max_size=3))
        first = draw(st.sampled_from([Opcode.TEXT, Opcode.BINARY]))
        for number, part in enumerate(parts):
            frames += [Frame(first if not number else Opcode.CONT, part, fin=number == len(parts) - 1), *draw(st.lists(CONTROL, max_size=1))]
    return frames


@st.composite
def streams(draw):
    frames, masked = draw(messages()), draw(st.booleans())
    begin = REQUEST if masked else ANSWER
    data = begin + b"".join(frame.serialize(mask=masked) for frame in frames)
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=12)))
    return data, len(begin), [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)], masked


def parsed(data, masked):
    """What `websockets` makes of the bytes behind the handshake: opcode, payload, begin and end of each frame."""
    reader = StreamReader()
    reader.feed_data(data)
    found, begin = [], 0
    while len(reader.buffer):
        frame = _result(Frame.parse(reader.read_exact, mask=masked, max_size=None))
        end = len(data) - len(reader.buffer)
        found.append((frame, begin, end))
        begin = end
    return found


def _result(steps):
    try:
        next(steps)
    except StopIteration as done:
        return done.value
    raise AssertionError("half a frame")


def scanned(portions):
    """All pieces with their places in the whole stream, and what they say."""
    scanner, offset, pieces = Scanner(), 0, []
    for portion in portions:
        place = 0
        for piece in scanner.feed(portion):
            assert piece.begin == place
            assert piece.end > place
            place = piece.end
            pieces.append((offset + piece.begin, offset + piece.end, piece, portion[piece.begin:piece.end]))
        assert place == len(portion)
        offset += len(portion)
    return scanner, pieces


@steadily
@given(streams())
def test_frames_are_those_that_websockets_sees(stream):
    data, begin, portions, masked = stream
    scanner, pieces = scanned(portions)
    expected = parsed(data[begin:], masked)
    assert scanner.frames == sum(frame.opcode < 8 for frame, _, _ in expected)
    assert not scanner.is_opaque
    assert [end - begin for _, end, piece, _ in pieces if piece.last] == [end for _, _, end in expected]
    payload, payloads = b"", []
    for _, _, piece, said in pieces:
        if piece.part is Part.PAYLOAD:
            assert piece.at == len(payload)
            payload += unmasked(said, piece.frame.mask, piece.at)
        if piece.last:
            payloads.append((piece.frame.opcode, payload))
            payload = b""
    assert payloads == [(frame.opcode, bytes(frame.data)) for frame, _, _ in expected]
    assert all(piece.part is Part.HANDSHAKE for start, _, piece, _ in pieces if start < begin)


@steadily
@given(streams(), st.lists(st.booleans(), min_size=13, max_size=13))
def test_frames_that_nobody_looks_at_are_counted_all_the_same(stream, looked_at):
    _, _, portions, _ = stream
    expected, one = Scanner(), Scanner()
    for portion, looks in zip(portions, looked_at, strict=False):
        pieces = expected.feed(portion)
        if looks:
            assert [_plain(piece) for piece in one.feed(portion)] == [_plain(piece) for piece in pieces]
        else:
            one.skip(portion)
        assert (one.frames, one.is_opaque) == (expected.frames, expected.is_opaque)


def _plain(piece):
    frame = piece.frame
    return piece._replace(frame=frame and (frame.opcode, frame.text, frame.compressed, frame.length, frame.mask))


@pytest.mark.parametrize(("opcode", "text"), [(Opcode.TEXT, True), (Opcode.BINARY, False)])
def test_a_message_of_several_frames_stays_text_over_those_that_nobody_looked_at(opcode, text):
    scanner = Scanner()
    scanner.skip(ANSWER + Frame(opcode, b"the first part", fin=False).serialize(mask=False) + Frame(Opcode.PING, b"in between").serialize(mask=False))
    scanner.skip(Frame(Opcode.CONT, b"the second part", fin=False).serialize(mask=False))
    assert [piece.frame.text for piece in scanner.feed(Frame(Opcode.CONT, b"the last part").serialize(mask=False))] == [text, text]
    assert scanner.frames == 3


def place_of(trigger, portions):
    """Where in the whole stream the trigger strikes first."""
    offset, scanner = 0, Scanner()
    for portion in portions:
        for piece in scanner.feed(portion):
            place = trigger.within(piece, portion)
            if place is not None:
                return offset + place
        offset += len(portion)
    return None


def always():
    return True


@steadily
@given(streams(), st.integers(0, 8))
def test_places_are_those_that_follow_from_the_frames_whatever_the_portions(stream, count):
    data, begin, portions, masked = stream
    frames = [(frame, begin + first, begin + end) for frame, first, end in parsed(data[begin:], masked) if frame.opcode < 8]
    assert place_of(AfterBytes(count, always), portions) == count
    if count:
        assert place_of(AfterFrames(count, always), portions) == (frames[count - 1][2] if count <= len(frames) else None)
    later = frames[count:]
    assert place_of(InHeader(count, always), portions) == (later[0][1] + 1 if later else None)
    middles = [end - len(frame.data) + len(frame.data) // 2 for frame, _, end in later if len(frame.data) > 1]
    assert place_of(InPayload(count, always), portions) == (middles[0] if middles else None)
    assert place_of(InCodePoint(count, always), portions) == _first_code_point(frames, count)


def _first_code_point(frames, count):
    text = False
    for number, (frame, _, end) in enumerate(frames):
        text = text if frame.opcode is Opcode.CONT else frame.opcode is Opcode.TEXT
        leading = next((place for place, byte in enumerate(bytes(frame.data)) if 0xC2 <= byte <= 0xF4), None)
        if number >= count and text and leading is not None:
            return end - len(frame.data) + leading + 1
    return None


@steadily
@given(streams(), st.integers(1, 5))
def test_a_condition_moves_the_place_to_the_first_frame_at_which_it_holds(stream, count):
    data, begin, portions, masked = stream
    ends = [begin + end for frame, _, end in parsed(data[begin:], masked) if frame.opcode < 8]
    asked = []
    condition = lambda: len(asked) == 3 or asked.append(None)  # noqa: E731
    place = place_of(AfterFrames(count, condition), portions)
    assert place == (ends[count + 2] if count + 2 < len(ends) else None)


@pytest.mark.parametrize("data", [
    b"\x16\x03\x01\x02\x00\x01", b"HTTP/1.1 503 Service Unavailable\r\n\r\nsorry", b"POST /auth HTTP/1.1\r\n\r\n{}", b"\x00", b"hello\r\n\r\n"])
def test_what_is_no_websocket_is_opaque_and_still_counted(data):
    for portions in ([data], [data[n:n + 1] for n in range(len(data))]):
        scanner, _ = scanned(portions)
        assert scanner.is_opaque
        assert scanner.frames == 0
        assert place_of(AfterBytes(len(data), always), portions) == len(data)
        assert place_of(AfterFrames(1, always), portions) is None


def test_compressed_text_has_no_characters_to_cut():
    compressed = ANSWER + bytes([0xC1, 4]) + "€x".encode()
    assert place_of(InCodePoint(0, always), [compressed]) is None
    assert place_of(InPayload(0, always), [compressed]) == len(ANSWER) + 4


@pytest.mark.parametrize(("text", "after"), [
    ("7 frames", (7, "frames")), ("1 frame", (1, "frames")), ("1 000 frames", (1000, "frames")), ("120 bytes", (120, "bytes")), ("0 bytes", (0, "bytes")),
    ("64 KiB", (65536, "bytes")), ("1 B", (1, "bytes")), ("300 ms", (0.3, "seconds")), ("2 seconds", (2, "seconds")),
])
def test_a_moment_says_what_is_counted(text, after):
    assert After.convert(text) == after


@pytest.mark.parametrize("text", ["7", "frames", "-1 frames", "7.5 frames", "1.5 bytes", "soon", "", "-2 s", "7 frames later"])
def test_a_moment_that_cannot_be_is_a_sentence(text):
    with pytest.raises(ValueError, match=r"^must "):
        After.convert(text)
