"""The short way reads exactly what the target's adapter reads, or leaves the work to it."""

from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from Lockstep.checks.events import Kind
from Lockstep.engine.load.reading import Reply, reader
from Lockstep.targets import load_target
from Lockstep.targets.model import Messages
from Lockstep.targets.target import adapter_of

REFERENCE = load_target("reference").file


def small(messages, **questions):
    return REFERENCE.model_copy(update={"messages": Messages(send={}, **messages), "questions": questions, "connect": REFERENCE.connect.model_copy(update={"ready": None})})


def read(file, *payloads):
    """The replies as tuples, or None."""
    replies = reader(adapter_of(file, Path()), file)(payloads)
    return None if replies is None else [tuple(getattr(reply, name) for name in Reply._fields) for reply in replies]


ANSWERED = {"where": {"type": "ai_response"}, "message_id": "message_id"}
RULES = {
    "reference": REFERENCE,
    "small": small({"reply": [{**ANSWERED, "attempt": "attempt"}]}),
    "deep": small({"reply": [{"where": {"type": "ai_response"}, "message_id": "in.id", "digest": "digest"}]}),
    "two": small({"reply": [{"where": {"type": "ai_response", "final": True}, "message_id": "message_id"}], "accepted": [ANSWERED]}),
    "echo": small({"reply": [{**ANSWERED, "echo": "content"}]}),
    "staged": small({"reply": [ANSWERED], "accepted": [{"where": {"type": "ai_response", "code": 5}, "message_id": "message_id"}]}),
    "same": small({"reply": [{**ANSWERED, "digest": "message_id"}]}),
    "hidden": small({"reply": [ANSWERED], "refused": [{"where": {"type": "*", "code": 5}, "message_id": "message_id"}]}),
}
values = st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.sampled_from(["ai_response", "error", "x", "é"]), st.floats(0, 1), st.lists(st.integers(0, 1), max_size=1))
wires = st.dictionaries(st.sampled_from(["type", "message_id", "attempt", "sequence_id", "offset", "digest", "content", "final", "code", "in"]), values)


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(sorted(RULES)), st.lists(st.tuples(wires, st.booleans()), min_size=1, max_size=3))
def test_the_short_way_reads_what_the_adapter_reads(name, answers):
    file = RULES[name]
    payloads = [orjson.dumps({**wire, **({"type": "ai_response"} if is_reply else {})}) for wire, is_reply in answers]
    replies = read(file, *payloads)
    if replies is not None:
        decoded = [one for payload in payloads for one in adapter_of(file, Path()).decode(payload)]
        assert [(one.kind, one.message_id, one.attempt, one.sequence_id, one.offset, one.digest) for one in decoded] == [(Kind.REPLY, *reply) for reply in replies]


@pytest.mark.parametrize("name", ["reference", "small", "deep", "echo"])
def test_a_plain_reply_is_read(name):
    payload = orjson.dumps({"type": "ai_response", "message_id": "m.1", "in": {"id": "m.1"}, "attempt": 1, "sequence_id": 1, "offset": 2, "content": "x", "digest": "d"})
    replies = read(RULES[name], payload, payload)
    assert replies is not None
    assert [reply[0] for reply in replies] == ["m.1", "m.1"]


@pytest.mark.parametrize("payload", [b"", b"[]", b"7", b"{", b'{"type": "error"}', b"\xff", b"null", b"[" * 5000])
def test_what_is_no_reply_is_left_to_the_adapter(payload):
    plain = orjson.dumps({"type": "ai_response", "message_id": "m.1", "attempt": 1, "sequence_id": 1, "offset": 2, "digest": "d"})
    assert read(REFERENCE, plain) is not None
    assert read(REFERENCE, payload) is None
    assert read(REFERENCE, plain, payload) is None


@pytest.mark.parametrize("rest", [b'"content": "\xff"', b'"content": "\x01"', b'"content": 01', b'"content": "\\q"', b'"content": NaN', b'"\xff": 1', b'"content": [1,]'])
def test_a_reply_that_is_not_json_in_what_nobody_looks_at_is_no_plain_reply(rest):
    assert read(RULES["small"], b'{"type": "ai_response", "message_id": "m.1", "attempt": 1, ' + rest + b"}") is None


def test_a_part_that_the_target_does_not_name_is_absent_even_where_it_is_sent():
    assert read(RULES["small"], orjson.dumps({"type": "ai_response", "message_id": "m", "attempt": 1, "digest": "d"})) == [("m", 1, None, None, None)]


@pytest.mark.parametrize(("name", "wire"), [
    ("staged", {"type": "ai_response", "message_id": "m", "code": 5}),
    ("reference", {"type": "ai_response", "message_id": "m", "attempt": 1, "sequence_id": 1, "offset": 1, "digest": 7}),
])
def test_what_the_adapter_reads_otherwise_is_left_to_it(name, wire):
    assert read(RULES[name], orjson.dumps(wire)) is None
