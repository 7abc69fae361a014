"""What nobody should ask about streams: each is answered with a sentence, harms nothing, and tells nobody what somebody else has."""

from __future__ import annotations

import pytest

REST = {"chunk_bytes": 1024, "bytes": 10_000, "seed": 7}


def started(client, **wish):
    """A stream that was received to its end."""
    client.send_json({"type": "start_stream", "request_id": "begin", "kind": "text", **REST, **wish})
    frames = client.receive_until(lambda frame: frame["type"] in {"stream_end", "error"})
    return frames[0]


def asked_for(client, stream, index):
    """The answer to a question for a stream."""
    client.send_json({"type": "resume_stream", "request_id": "again", "stream_id": stream, "index": index})
    return client.receive()


def refused(answer):
    return answer["type"], answer["code"], answer["message"], answer["request_id"]


def test_an_unknown_stream(lent, alice):
    client = lent.connect(alice)
    assert refused(asked_for(client, "stream-000000000000000000000000", 0)) == ("error", "unknown_stream", "this session has no such stream", "again")
    assert client.fence() == []


def test_a_stream_of_another_user_is_as_unknown_as_one_that_never_was(lent, alice):
    owner, thief = lent.resumable(alice), lent.resumable(f"{alice}-thief")
    stream = started(owner)["stream_id"]
    answers = [asked_for(thief, name, index) for name, index in ((stream, 0), (stream, 99), ("stream-0", 0))]
    assert len({refused(answer) for answer in answers}) == 1
    assert refused(answers[0]) == ("error", "unknown_stream", "this session has no such stream", "again")
    assert thief.fence() == []
    answer = asked_for(owner, stream, 0)
    assert (answer["type"], answer["chunks"]) == ("stream_resumed", 10), "its owner still has it"


def test_a_stream_of_another_session_of_the_same_user_is_unknown_too(lent, alice):
    stream = started(lent.resumable(alice))["stream_id"]
    assert refused(asked_for(lent.resumable(alice), stream, 0))[1] == "unknown_stream"


@pytest.mark.parametrize(("index", "code", "said"), [
    (-1, "invalid_position", "index must be from 0 to 10, not -1"), (11, "invalid_position", "index must be from 0 to 10, not 11"),
    (9_007_199_254_740_991, "invalid_position", "index must be from 0 to 10, not 9007199254740991"),
    (1.0, "invalid_message", "index must be a whole number"), ("3", "invalid_message", "index must be a whole number"),
    (True, "invalid_message", "index must be a whole number"), (None, "invalid_message", "index must be a whole number"),
])
def test_a_chunk_that_cannot_be(lent, alice, index, code, said):
    client = lent.connect(alice)
    stream = started(client)["stream_id"]
    assert refused(asked_for(client, stream, index)) == ("error", code, said, "again")
    assert client.fence() == []
    answer = asked_for(client, stream, 10)
    assert answer["type"] == "stream_resumed"
    end = client.receive()
    assert (end["type"], end["chunks"], end["bytes"]) == ("stream_end", 10, 10_000), "behind the last chunk its end can be asked for"


@pytest.mark.parametrize("stream", [None, 7, "", [], {}])
def test_a_stream_without_a_name(lent, alice, stream):
    answer = refused(asked_for(lent.connect(alice), stream, 0))
    assert answer == ("error", "invalid_message", "stream_id must be the name of a stream, as stream_started has told it", "again")


@pytest.mark.parametrize(("wish", "said"), [
    ({"kind": "video"}, "kind must be one of text, json, json_array, json_lines, multipart"), ({"kind": None}, "kind must be one of text, json,"),
    ({"bytes": 0}, "bytes must be a whole number from 1 to 16777216"), ({"bytes": -5}, "bytes must be"), ({"bytes": 1.5}, "bytes must be"),
    ({"bytes": 16_777_217}, "bytes must be"), ({"kind": "multipart", "bytes": 1_048_577}, "bytes must be a whole number from 1 to 1048576"),
    ({"kind": "json", "objects": -1}, "objects must be a whole number from 0 to 65536"), ({"objects": "many"}, "objects must be"),
    ({"chunk_bytes": 15}, "chunk_bytes must be a whole number from 16 (of json_lines 192) to 262144"), ({"chunk_bytes": 262_145}, "chunk_bytes must be"),
    ({"kind": "json_lines", "chunk_bytes": 191}, "chunk_bytes must be"),
    ({"chunks_per_second": 0}, "chunks_per_second must be a number above 0"), ({"chunks_per_second": -1}, "chunks_per_second must be"),
    ({"chunks_per_second": "fast"}, "chunks_per_second must be"), ({"seed": -1}, "seed must be a whole number from 0"), ({"seed": "x"}, "seed must be"),
])
def test_an_answer_that_cannot_be_asked_for(lent, alice, wish, said):
    client = lent.connect(alice)
    answer = started(client, **wish)
    assert (answer["type"], answer["code"], answer["request_id"]) == ("error", "invalid_message", "begin")
    assert answer["message"].startswith(said)
    assert client.fence() == []
    assert lent.control(f"streams?user={client.greeting['user_id']}") == {"streams": []}, "nothing was begun"


@pytest.mark.parametrize(("body", "said"), [
    ({"bytes": 0}, "bytes must be"), ({"slots": -1}, "slots must be"), ({"slots": 1.5}, "slots must be"), ({"overflow": "explode"}, "overflow must be stop or drop_oldest"),
    ({"user": 7}, "user must be"),
])
def test_limits_that_cannot_be(lent, body, said):
    status, answer = lent.control("stream_limits", body)
    assert (status, answer["error"].startswith(said)) == (400, True), answer


def test_no_room_for_one_more_is_said_with_a_hint_and_passes(lent, alice):
    client = lent.resumable(alice)
    user = client.greeting["user_id"]
    lent.control("stream_limits", {"user": user, "slots": 1})
    slow = {"type": "start_stream", "request_id": "slow", "kind": "text", "bytes": 5120, "chunk_bytes": 1024, "chunks_per_second": 20}
    client.send_json(slow)
    client.send_json({**slow, "request_id": "more"})
    frames = client.receive_until(lambda frame: frame["type"] == "stream_end")
    refusal = next(frame for frame in frames if frame["type"] == "error")
    assert (refusal["code"], refusal["request_id"], 0 < refusal["retry_after"] < 10) == ("too_many_streams", "more", True)
    assert started(client)["type"] == "stream_started"


def test_chunks_that_were_sent_make_room_for_one_more_answer(lent, alice):
    client = lent.resumable(alice)
    lent.control("stream_limits", {"user": client.greeting["user_id"], "bytes": 4096})
    client.send_json({"type": "start_stream", "request_id": "slow", "kind": "text", "bytes": 10_240, "chunk_bytes": 1024, "chunks_per_second": 50})
    client.receive_until(lambda frame: frame["type"] == "stream_chunk" and frame["index"] == 6)
    client.send_json({"type": "start_stream", "request_id": "more", "kind": "text", "bytes": 2048, "chunk_bytes": 1024})
    frames = client.receive_until(lambda frame: frame.get("request_id") == "more")
    assert frames[-1]["type"] == "stream_started"
    ends = 2
    while ends:
        ends -= client.receive()["type"] == "stream_end"
