"""What a message is: decoded in one go where it is a plain one, field by field where it is not, and with the same result."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reference_platform.messages import Invalid, UserMessage
from reference_platform.plain_message import MOST_SHAPES, PlainMessages
from reference_platform.policies import Codec

FIELDS = UserMessage.__struct_fields__
REQUIRED = {"type": "user_message", "message_id": "m", "content": "hello"}
OPTIONAL = {"sequence_id": 7, "attempt": 1, "priority": "high", "acknowledge": True, "timestamp": 1.5, "conversation": "Plans", "final": False}


class FieldByField(Codec):
    """Replaces the port and changes nothing: no message is decoded in one go."""


def told(message):
    """Everything that a decoded message says, with the types: 1 and 1.0 and true are three things."""
    if isinstance(message, UserMessage):
        return [(name, type(value), repr(value)) for name in FIELDS for value in [getattr(message, name)]]
    return type(message), message


def versed():
    """A codec that knows every shape of the dialect."""
    codec = Codec(None)
    for number in range(2 ** len(OPTIONAL)):
        chosen = [name for place, name in enumerate(OPTIONAL) if number >> place & 1]
        codec.decode(json.dumps(REQUIRED | {name: OPTIONAL[name] for name in chosen}).encode())
    return codec


def both_ways(payload):
    """Read by who has never seen such a message, by who has just seen it, by who knows many, and field by field."""
    codec = Codec(None)
    first, again, long = codec.decode(payload), codec.decode(payload), FieldByField(None).decode(payload)
    assert told(first) == told(again) == told(VERSED.decode(payload)) == told(long), payload
    return again


SOME_NUMBERS = [
    "0", "-0", "1", "-1", "7", "1.0", "1.5", "-0.0", "1e2", "1E400", "0.1e1", "5e-324", "9007199254740991", "9007199254740992",
    "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "18446744073709551616",
    "1" * 40, "01", "1.", ".5", "+1", "NaN", "Infinity", "-", "--1",
]  # fmt: skip
SOME_STRINGS = [
    '"normal"', '"high"', '"user_message"', '"throughput_test"', '"latency_probe"', '""', json.dumps("é" * 256), json.dumps("😀" * 257),
    r'"\ud800"', r'"\ud83d\ude00"', r'"\u0000"', '"\x00"', '"\n"', r'"\q"', r'"\u12"', '"\x7f"', "'m'", '"open',
]  # fmt: skip
SOME_OTHERS = [
    "null", "true", "false", "nul", "[]", "{}", "[1,]", '["a"]', '["a", "a"]', '{"a": 1, "a": 2}', "[" * 1100 + "]" * 1100, "[" * 500 + "]" * 500, "",
]  # fmt: skip
NUMBERS = st.sampled_from(SOME_NUMBERS)
STRINGS = st.one_of(
    st.text(max_size=4).map(json.dumps), st.text(max_size=4).map(lambda text: json.dumps(text, ensure_ascii=False)), st.sampled_from(SOME_STRINGS)
)  # fmt: skip
VALUES = st.one_of(NUMBERS, STRINGS, st.sampled_from(SOME_OTHERS))
GOOD = {
    "type": st.sampled_from(['"user_message"', '"throughput_test"']), "message_id": st.sampled_from(['"m"', '"é"', r'"\u006d"']),
    "content": STRINGS, "sequence_id": st.sampled_from(["0", "7", "null"]), "attempt": st.sampled_from(["1", "2"]),
    "priority": st.sampled_from(['"high"', '"normal"']), "acknowledge": st.sampled_from(["true", "false"]), "timestamp": NUMBERS | st.just("null"),
    "conversation": st.sampled_from(['"Plans"', "null"]), "final": st.sampled_from(["true", "false"]), "target_agents": st.sampled_from(['["a"]', "null"]),
    "shared_state_key": st.sampled_from(['"k"', "null"]),
}  # fmt: skip
NAMES = st.sampled_from([*FIELDS, "type", "user_id", "x", r"message\u005fid", "Type"])
PAIRS = st.one_of(
    st.sampled_from(sorted(GOOD)).flatmap(lambda name: GOOD[name].map(lambda value: (name, value))),
    st.sampled_from(sorted(GOOD)).flatmap(lambda name: GOOD[name].map(lambda value: (name, value))),
    st.tuples(NAMES, VALUES),
)
BEGUN = st.sampled_from([[("type", '"user_message"'), ("message_id", '"m"'), ("content", '"hello"')], [("type", '"user_message"')], []])
OBJECTS = st.builds(
    lambda begun, pairs, comma, after: ("{" + comma.join(f'"{name}": {value}' for name, value in begun + pairs) + "}" + after).encode(),
    BEGUN, st.lists(PAIRS, max_size=6), st.sampled_from([",", ", ", " ,\n"]), st.sampled_from(["", "", "", " ", "x", "\x00", "{}"]),
)  # fmt: skip


VERSED = versed()


@given(OBJECTS)
@example(b'{"type": "user_message", "message_id": "m", "content": "", "x": 1e999}')
@example(b'{"type": "user_message", "message_id": "m", "content": "\xff"}')
@example(b'{"type": "user_message", "message_id": "m", "content": "", "x": "\xff"}')
@example(b'{"type": "user_message", "message_id": "m", "content": "", "message_id": 7}')
@example(b'{"type": "user_message", "message_id": 7, "content": "", "message_id": "m"}')
@example(b'\xef\xbb\xbf{"type": "user_message", "message_id": "m", "content": ""}')
def test_both_ways_understand_the_same(payload):
    both_ways(payload)


@pytest.mark.parametrize("name", [*FIELDS, "type", "x"])
def test_both_ways_understand_one_odd_field(name):
    usual = {"type": '"user_message"', "message_id": '"m"', "content": '"hello"'}
    for value in (*SOME_NUMBERS, *SOME_STRINGS, *SOME_OTHERS):
        both_ways(("{" + ",".join(f'"{key}":{told}' for key, told in (usual | {name: value}).items()) + "}").encode())


@pytest.mark.parametrize("name", FIELDS[FIELDS.index("user") :])
@pytest.mark.parametrize("value", ["", "bob", 0, 1, None, False, True, 1.5, [], {}])
def test_nobody_sets_what_the_platform_fills_in(name, value):
    payload = {"type": "user_message", "message_id": "m", "content": "hello", name: value}
    assert getattr(both_ways(json.dumps(payload).encode()), name) == getattr(UserMessage("m", "hello"), name)


def test_messages_of_the_reference_dialect_are_plain_once_one_was_seen():
    for name in (None, *OPTIONAL):
        plain, fields = PlainMessages(), REQUIRED | {key: value for key, value in OPTIONAL.items() if key != name}
        assert plain.decode(json.dumps(fields).encode()) is None
        plain.learn(fields)
        for content in ("hello", 'she said "yes"', "", 'one "', "é"):
            assert plain.decode(json.dumps(fields | {"content": content}).encode()).content == content
        both_ways(json.dumps(fields).encode())


def test_only_so_many_shapes_are_remembered():
    plain = PlainMessages()
    shapes = [REQUIRED | {name: OPTIONAL[name] for place, name in enumerate(OPTIONAL) if number >> place & 1} for number in range(128)]
    for shape in shapes:
        plain.learn(shape)
        assert (plain.decode(json.dumps(shape).encode()) is not None) == (shapes.index(shape) < MOST_SHAPES)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ('"content": "a", "content": "b"', "a name stands twice in one object"),
        ('"content": "a", "c\\u006fntent": "b"', "a name stands twice in one object"),
        ('"content": "\\u0022", "content": "b"', "a name stands twice in one object"),
        ('"content": "\\\\", "content": "b"', "a name stands twice in one object"),
        ('"content": "a", "x": {"y": 1, "y": 1}', "a name stands twice in one object"),
        ('"content": "a", "x": 9223372036854775808', "whole numbers have at most 64 bits"),
        ('"content": "a", "timestamp": ' + "1" * 40, "whole numbers have at most 64 bits"),
        ('"content": "a", "timestamp": NaN', "the message is not valid JSON"),
        ('"content": "a", "timestamp": 1e999', "the message is not valid JSON"),
    ],
)
def test_what_two_readers_could_understand_differently_is_refused(written, reason):
    assert both_ways(b'{"type": "user_message", "message_id": "m", ' + written.encode() + b"}") == Invalid("invalid_json", reason)


@pytest.mark.parametrize("content", ["\\u0022", "1" * 40, "[" * 200, "{" * 60_000, '\\"[' * 200])
def test_a_text_may_hold_what_looks_suspicious(content):
    decoded = both_ways(b'{"type": "user_message", "message_id": "m", "content": "' + content.encode() + b'"}')
    assert isinstance(decoded, UserMessage)


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":'])
def test_nesting_has_a_limit(opening):
    closing = "".join({"[": "]", "{": "}"}[one] for one in reversed(opening) if one in "[{")
    levels = len(closing)
    allowed, refused = (f'{{"type": "user_message", "message_id": "m", "content": "", "x": {opening * n}0{closing * n}}}'.encode()
                        for n in (99 // levels, 99 // levels + 1))
    assert isinstance(both_ways(allowed), UserMessage)
    answer = both_ways(refused)
    assert (answer.code, answer.answer()["max_depth"]) == ("nesting_too_deep", 100)
    assert both_ways(opening.encode() * 100_000).code == "nesting_too_deep", "nobody waits for its end"


def test_a_flat_message_may_not_fall_into_too_many_parts():
    wide = b'{"type": "user_message", "message_id": "m", "content": "", "x": [' + b",".join([b"[]"] * 60_000) + b"]}"
    assert both_ways(wide).code == "invalid_message"


@given(st.binary(max_size=40))
def test_any_bytes_are_judged(payload):
    assert isinstance(both_ways(payload), Invalid | UserMessage)


def test_bytes_that_are_no_text_are_called_so():
    assert both_ways(b'{"type": "\xff"}').code == "invalid_encoding"


def test_what_is_wrong_is_said_in_words():
    refused = both_ways(b'{"type": "user_message", "message_id": "m", "content": "hello", "attempt": 0}')
    assert refused == Invalid("invalid_message", "attempt must be a whole number from 1", "m", 0)
