"""What is sent by template is exactly what the target's adapter writes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from Lockstep.engine.load.codec import Contents, encoder, stamp
from Lockstep.targets import load_target
from Lockstep.targets.mapping import JsonMapping, digest_of
from Lockstep.targets.model import Messages

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
@given(st.sampled_from(SHAPES), st.text("abc-._0123456789", min_size=1, max_size=20), st.integers(0, 10**7), st.floats(1.7e9, 1.9e9), st.sampled_from([None, "high"]), st.integers(1, 2))
def test_a_template_writes_what_the_adapter_writes(shape, message_id, first, stamp, priority, attempt):
    adapter = JsonMapping(Messages(send=shape, reply=[]), {}, None)
    constant = {"attempt": attempt, "priority": priority, "user": 'al"ice', "client": "load-0"}
    wanted = [
        adapter.encode({**constant, "message_id": each, "sequence_id": number, "content": CONTENTS.texts[number % len(CONTENTS)], "timestamp": stamp})
        for number, each in enumerate([message_id, "next"], first)
    ]
    assert encoder(adapter, CONTENTS, constant)([message_id, "next"], first, repr(stamp)) == wanted


def test_the_reference_dialect_is_written_by_template():
    adapter = JsonMapping(REFERENCE.messages, REFERENCE.questions, REFERENCE.connect.ready)
    assert encoder(adapter, CONTENTS, {"attempt": 1}).__name__ == "by_template"


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


def test_an_adapter_that_changes_what_it_sends_is_asked_for_every_message():
    class Shouting(JsonMapping):
        def encode(self, message):
            return super().encode({**message, "content": message["content"] if message["content"].startswith("probe") else message["content"].upper()})

    adapter = Shouting(REFERENCE.messages, {}, None)
    assert encoder(adapter, CONTENTS, {"attempt": 1})(["m.1"], 0, "1.5") == [adapter.encode(
        {"attempt": 1, "message_id": "m.1", "sequence_id": 0, "content": CONTENTS.texts[0], "timestamp": 1.5})]


@settings(deadline=None)
@given(st.floats(1.7e9, 1.9e9))
def test_a_time_stamp_is_that_of_its_millisecond_and_reads_as_it_is_written(seconds):
    assert abs(float(stamp(seconds)) - seconds) < 0.002
    assert repr(float(stamp(seconds))) == stamp(seconds)
