"""The fast ways give exactly what the target's adapter gives, or leave the work to it."""

from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from Lockstep.checks.events import Kind
from Lockstep.engine.load.codec import Contents, encoder, reader
from Lockstep.targets import load_target
from Lockstep.targets.mapping import JsonMapping, digest_of
from Lockstep.targets.model import Messages
from Lockstep.targets.target import adapter_of

REFERENCE = load_target("reference").file
CONTENTS = Contents(None, 4711)
SHAPES = [
    REFERENCE.messages.send,
    {"id": "{message_id}", "text": "{content}"},
    {"a": [{"n": "{sequence_id}"}, "{message_id}/x"], "m": {"100%": "{content}", "q\"uo{te}": "{user}"}, "p": "{priority}"},
    {"id": "{message_id}", "again": "{message_id}", "text": "{content}"},        # twice the same: no template
    {"id": "{message_id}", "text": "to {user}: {content}", "at": "{timestamp}", "probe-4b1d-text": 1},
]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SHAPES), st.text("abc-._0123456789", min_size=1, max_size=20), st.integers(0, 10**7), st.integers(0, len(CONTENTS) - 1),
       st.floats(1.7e9, 1.9e9), st.sampled_from([None, "high"]), st.integers(1, 2))
def test_a_template_writes_what_the_adapter_writes(shape, message_id, sequence, content, stamp, priority, attempt):
    adapter = JsonMapping(Messages(send=shape, reply=[]), {}, None)
    constant = {"attempt": attempt, "priority": priority, "user": 'al"ice', "client": "load-0"}
    whole = {**constant, "message_id": message_id, "sequence_id": sequence, "content": CONTENTS.texts[content], "timestamp": stamp}
    assert encoder(adapter, CONTENTS, constant)(message_id, sequence, content, repr(stamp)) == adapter.encode(whole)


def test_the_reference_dialect_is_written_by_template():
    adapter = JsonMapping(REFERENCE.messages, REFERENCE.questions, REFERENCE.connect.ready)
    assert encoder(adapter, CONTENTS, {"attempt": 1}).__name__ == "by_template"




def small(messages, **questions):
    return REFERENCE.model_copy(update={"messages": Messages(send={}, **messages), "questions": questions, "connect": REFERENCE.connect.model_copy(update={"ready": None})})


def read(file, payload):
    return reader(adapter_of(file, Path()), file)(payload)


ANSWERED = {"where": {"type": "ai_response"}, "message_id": "message_id"}
RULES = {
    "reference": REFERENCE,
    "small": small({"reply": [{**ANSWERED, "attempt": "attempt"}]}),
    "deep": small({"reply": [{"where": {"type": "ai_response"}, "message_id": "in.id", "digest": "digest"}]}),
    "two": small({"reply": [{"where": {"type": "ai_response", "final": True}, "message_id": "message_id"}], "accepted": [ANSWERED]}),
    "echo": small({"reply": [{**ANSWERED, "echo": "content"}]}),
    "staged": small({"reply": [ANSWERED], "accepted": [{"where": {"type": "ai_response", "code": 5}, "message_id": "message_id"}]}),
    "hidden": small({"reply": [ANSWERED], "refused": [{"where": {"type": "*", "code": 5}, "message_id": "message_id"}]}),
}
values = st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.sampled_from(["ai_response", "error", "x", "é"]), st.floats(0, 1), st.lists(st.integers(0, 1), max_size=1))
wires = st.dictionaries(st.sampled_from(["type", "message_id", "attempt", "sequence_id", "offset", "digest", "content", "final", "code", "in"]), values)


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(sorted(RULES)), wires, st.booleans())
def test_the_short_way_reads_what_the_adapter_reads(name, wire, is_reply):
    file = RULES[name]
    adapter = adapter_of(file, Path())
    payload = orjson.dumps({**wire, **({"type": "ai_response"} if is_reply else {})})
    reply = reader(adapter, file)(payload)
    decoded = adapter.decode(payload)
    if reply is not None:
        assert [(one.kind, one.message_id, one.attempt, one.sequence_id, one.offset, one.digest) for one in decoded] == [(Kind.REPLY, *reply)]


@pytest.mark.parametrize("name", ["reference", "small", "deep", "echo"])
def test_a_plain_reply_is_read(name):
    payload = orjson.dumps({"type": "ai_response", "message_id": "m.1", "in": {"id": "m.1"}, "attempt": 1, "sequence_id": 1, "offset": 2, "content": "x", "digest": "d"})
    reply = read(RULES[name], payload)
    assert reply is not None
    assert reply[0] == "m.1"


@pytest.mark.parametrize("payload", [b"", b"[]", b"7", b"{", b'{"type": "error"}', b"\xff", b"null"])
def test_what_is_no_reply_is_left_to_the_adapter(payload):
    assert read(REFERENCE, payload) is None


@pytest.mark.parametrize("size", [None, 30, 1000, 70_000, 3_000_000])
def test_contents_have_their_size_and_differ(size):
    contents = Contents(size, 1)
    assert size is None or {len(text.encode()) for text in contents.texts} == {size}
    assert len(set(contents.digests)) == len(contents) >= 31
    assert [digest_of(text) for text in contents.texts[:5]] == contents.digests[:5]
    assert sum(map(len, contents.texts)) <= max(31 * (size or 0), 16_000_000)
    assert Contents(size, 1).texts == contents.texts


def test_a_very_small_content_has_exactly_its_size():
    assert {len(text) for text in Contents(1, 1).texts} == {1}


@pytest.mark.parametrize(("name", "wire"), [
    ("staged", {"type": "ai_response", "message_id": "m", "code": 5}),
    ("reference", {"type": "ai_response", "message_id": "m", "attempt": 1, "sequence_id": 1, "offset": 1, "digest": 7}),
])
def test_what_the_adapter_reads_otherwise_is_left_to_it(name, wire):
    assert read(RULES[name], orjson.dumps(wire)) is None


def test_an_adapter_that_changes_what_it_sends_is_asked_for_every_message():
    class Shouting(JsonMapping):
        def encode(self, message):
            return super().encode({**message, "content": message["content"] if message["content"].startswith("probe") else message["content"].upper()})

    adapter = Shouting(REFERENCE.messages, {}, None)
    assert encoder(adapter, CONTENTS, {"attempt": 1})("m.1", 1, 0, "1.5") == adapter.encode(
        {"attempt": 1, "message_id": "m.1", "sequence_id": 1, "content": CONTENTS.texts[0], "timestamp": 1.5})
