"""What agents stream: any part of it can be made again, and is what it says."""

import hashlib
import json
import random

import pytest

from reference_platform.messages import Invalid
from reference_platform.sessions.session import NOBODY, Session
from reference_platform.streaming.contents import KINDS, content
from reference_platform.streaming.requests import stream_resume, stream_start
from reference_platform.streaming.stream import Description, Stream


def stream(**changed):
    wanted = {"kind": "text", "size": 10_000, "objects": 20, "chunk_bytes": 777, "chunks_per_second": None, "seed": 5} | changed
    return Stream.of("s", Session("session-1", "alice", 1, NOBODY, ""), Description(**wanted))


@pytest.mark.parametrize("kind", KINDS)
def test_any_part_of_a_content_can_be_made_by_itself(kind):
    made = content(kind, 7, size=20_000, objects=30, chunk_bytes=500)
    whole, chance = made.between(0, made.size), random.Random(3)
    assert len(whole) == made.size
    for _ in range(200):
        start, stop = sorted(chance.choices(range(made.size + 1), k=2))
        assert made.between(start, stop) == whole[start:stop]
    again, other = (content(kind, seed, size=20_000, objects=30, chunk_bytes=500) for seed in (7, 8))
    assert again.between(0, again.size) == whole != other.between(0, other.size)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("chunk_bytes", [192, 1000, 4096])
def test_chunks_are_whole_characters_and_all_of_it(kind, chunk_bytes):
    one = stream(kind=kind, chunk_bytes=chunk_bytes)
    written = [one.data(index) for index in range(one.chunks)]
    assert b"".join(written) == one.content.between(0, one.size)
    assert [one.position(index) for index in range(one.chunks)] == [sum(map(len, written[:index])) for index in range(one.chunks)]
    assert all(data.decode() for data in written)
    for _ in range(one.chunks):
        one.write()
    assert one.digest() == hashlib.sha256(b"".join(written)).hexdigest()[:16]


@pytest.mark.parametrize("objects", [0, 1, 200])
def test_json_has_its_objects(objects):
    for kind in ("json", "json_array"):
        made = content(kind, 1, size=0, objects=objects, chunk_bytes=1000)
        parsed = json.loads(made.between(0, made.size))
        listed = parsed if kind == "json_array" else parsed["objects"]
        assert [one["sequence"] for one in listed] == list(range(objects))
    lines = stream(kind="json_lines", objects=objects, chunk_bytes=300)
    assert [json.loads(lines.data(index))["sequence"] for index in range(lines.chunks)] == list(range(objects))


def test_what_is_kept_is_counted_and_what_is_forgotten_can_be_made_again():
    one = stream()
    for _ in range(4):
        one.write()
    first = one.data(0)
    one.forget_first()
    one.lose(1)
    one.lose(2)
    one.lose(7)
    assert (one.first, one.kept_bytes, one.written) == (1, sum(len(one.data(index)) for index in (1, 2, 3)), 4)
    assert one.data(0) == first
    assert one.lost == [(1, 2), (7, 7)]
    assert [one.lost_at(index) for index in (0, 1, 2, 3, 7)] == [None, 2, 2, None, 7]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": "film"}, "kind must be one of text, json, json_array, json_lines, multipart"),
        ({"bytes": 0}, "bytes must be a whole number from 1 to 16777216"),
        ({"kind": "multipart", "bytes": 2_000_000}, "bytes must be a whole number from 1 to 1048576"),
        ({"objects": -1}, "objects must be a whole number from 0 to 65536"),
        ({"chunk_bytes": 15}, "chunk_bytes must be a whole number from 16 (of json_lines 192) to 262144"),
        ({"kind": "json_lines", "chunk_bytes": 100}, "chunk_bytes must be a whole number from 16 (of json_lines 192) to 262144"),
        ({"chunks_per_second": 0}, "chunks_per_second must be a number above 0, at most 100000"),
        ({"chunks_per_second": "5"}, "chunks_per_second must be a number above 0, at most 100000"),
        ({"seed": True}, "seed must be a whole number from 0"),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused_with_a_sentence(fields, said):
    answer = stream_start({"kind": "text", **fields}, "q1")
    assert isinstance(answer, Invalid)
    assert answer == Invalid("invalid_message", said, request_id="q1")


def test_a_wish_without_sizes_has_those_of_the_kind():
    assert stream_start({"kind": "text"}, "q1").description == ("text", 51_200, 200, 1024, None, 0)
    assert stream_start({"kind": "multipart", "chunks_per_second": 5}, "q1").description == ("multipart", 10_000, 200, 1024, 5, 0)


def test_a_resume_names_a_stream_and_a_whole_number():
    def is_name(value):
        return isinstance(value, str) and bool(value)

    assert stream_resume({"stream_id": "s", "index": -1}, "q1", is_name) == ("q1", "s", -1)
    assert stream_resume({"stream_id": "", "index": 1}, "q1", is_name).reason.startswith("stream_id must be the name of a stream")
    assert stream_resume({"stream_id": "s", "index": "1"}, "q1", is_name).reason == "index must be a whole number"
    assert stream_resume({"stream_id": "s"}, "q1", is_name).code == "invalid_message"
