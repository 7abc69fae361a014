"""Streams on the wire: chunks, their end, going on with them, what is kept, and each defect and quirk as its name says."""

from __future__ import annotations

import hashlib
import itertools
import urllib.request

import psutil
import pytest

from patience import GUARD, until

NUMBERS = itertools.count()


def start(client, **wish):
    """Begins a stream and returns what the platform says of it."""
    client.send_json({"type": "start_stream", "request_id": f"begin{next(NUMBERS)}", "kind": "text", "bytes": 10_000, "chunk_bytes": 1000, "seed": 5, **wish})
    return client.receive()


def go_on(client, stream, index):
    """Asks for a chunk of a stream and returns the answer."""
    client.send_json({"type": "resume_stream", "request_id": "go on", "stream_id": stream, "index": index})
    return client.receive()


def to_the_end(client):
    """Chunks by number, losses, and the end of the only stream that flows."""
    frames = client.receive_until(lambda frame: frame["type"] == "stream_end")
    chunks = [frame for frame in frames if frame["type"] == "stream_chunk"]
    return chunks, [frame for frame in frames if frame["type"] == "stream_lost"], frames[-1]


def kept(platform, user=""):
    return platform.control(f"streams?user={user}")["streams"]


def is_away(platform):
    until(lambda: not platform.control("status")["connections"])


def summed(chunks):
    return hashlib.sha256("".join(chunk["data"] for chunk in chunks).encode()).hexdigest()[:16]


def test_a_stream_has_its_chunks_and_one_end_beside_the_numbered_frames(lent, alice):
    client = lent.resumable(alice)
    started = start(client)
    chunks, lost, end = to_the_end(client)
    assert (started["chunks"], started["bytes"], started["digest"], started["offset"]) == (10, 10_000, None, 1)
    assert ([chunk["index"] for chunk in chunks], lost) == (list(range(10)), [])
    assert all("offset" not in frame and frame["session_id"] == client.greeting["session_id"] for frame in (*chunks, end))
    assert (end["chunks"], end["bytes"], end["digest"]) == (10, 10_000, summed(chunks))
    assert client.fence() == []


def test_what_was_cut_goes_on_from_the_chunk_that_is_asked_for_and_not_before(lent, alice):
    client = lent.resumable(alice)
    stream = start(client, chunks_per_second=200)["stream_id"]
    first = client.receive()
    client.cut()
    until(lambda: kept(lent, client.greeting["user_id"])[0]["agent"] == "done")
    back = lent.resume(client, alice)
    assert back.fence() == [], "nobody has said which chunk is wanted"
    assert go_on(back, stream, 1)["index"] == 1
    chunks, _, end = to_the_end(back)
    assert [chunk["index"] for chunk in chunks] == list(range(1, 10))
    assert end["digest"] == summed([first, *chunks])


def test_an_end_that_was_lost_can_be_asked_for_again_for_a_while(serve):
    platform = serve()
    client = platform.resumable()
    stream = start(client)["stream_id"]
    end = to_the_end(client)[-1]
    assert go_on(client, stream, 10)["chunks"] == 10
    assert to_the_end(client) == ([], [], end)
    platform.control("clock", {"advance": 301})
    assert go_on(client, stream, 10)["code"] == "stream_expired"
    assert go_on(client, stream, 10)["code"] == "unknown_stream"


@pytest.mark.parametrize(("index", "code"), [(-1, "invalid_position"), (11, "invalid_position"), ("1", "invalid_message"), (None, "invalid_message")])
def test_a_place_that_is_none_is_refused_and_the_stream_is_unharmed(lent, alice, index, code):
    client = lent.resumable(alice)
    stream = start(client)["stream_id"]
    chunks = to_the_end(client)[0]
    assert go_on(client, stream, index)["code"] == code
    go_on(client, stream, 0)
    assert to_the_end(client)[0] == chunks


def test_nobody_learns_of_the_stream_of_another_user_or_session(lent, alice):
    client, other, second = lent.resumable(alice), lent.resumable(f"{alice}-too"), lent.resumable(alice)
    stream = start(client)["stream_id"]
    to_the_end(client)
    told = [go_on(one, name, 0) for one, name in ((other, stream), (second, stream), (client, "stream-0"))]
    assert [(one["code"], one["message"]) for one in told] == [("unknown_stream", "this session has no such stream")] * 3


def test_streams_of_a_session_that_cannot_come_back_end_with_it(lent, alice):
    client = lent.connect(alice)
    user = client.greeting["user_id"]
    start(client, chunks_per_second=1)
    client.close()
    until(lambda: not kept(lent, user))


def test_streams_of_a_session_that_is_over_are_gone_from_memory_and_store(serve, tmp_path):
    platform = serve("--store", str(tmp_path / "store"))
    client = platform.resumable()
    start(client, chunks_per_second=1)
    client.cut()
    is_away(platform)
    platform.control("clock", {"advance": 301})
    until(lambda: not platform.control("status")["sessions"])
    assert kept(platform) == []
    platform.kill()
    assert kept(serve("--store", str(tmp_path / "store"))) == []


@pytest.mark.parametrize("gracefully", [True, False])
@pytest.mark.parametrize("kind", ["text", "json", "multipart"])
def test_a_new_process_goes_on_with_the_same_answer(serve, tmp_path, gracefully, kind):
    before = serve("--store", str(tmp_path / "store"))
    client = before.resumable()
    started = start(client, kind=kind, chunks_per_second=500)
    first = [client.receive() for _ in range(3)]
    before.end() if gracefully else before.kill()
    after = serve("--store", str(tmp_path / "store"))
    back = after.resume(client)
    assert go_on(back, started["stream_id"], 3)["chunks"] == started["chunks"]
    chunks, lost, end = to_the_end(back)
    assert ([chunk["index"] for chunk in first + chunks], lost) == (list(range(started["chunks"])), [])
    assert end["digest"] == summed(first + chunks)


def test_a_stream_that_had_ended_can_be_asked_for_after_a_restart(serve, tmp_path):
    before = serve("--store", str(tmp_path / "store"))
    client = before.resumable()
    stream = start(client)["stream_id"]
    chunks, _, end = to_the_end(client)
    before.kill()
    after = serve("--store", str(tmp_path / "store"))
    back = after.resume(client)
    assert [item["agent"] for item in kept(after)] == ["done"]
    go_on(back, stream, 8)
    again, _, same = to_the_end(back)
    assert ([chunk["data"] for chunk in again], same["digest"]) == ([chunk["data"] for chunk in chunks[8:]], end["digest"])


def test_where_no_more_may_be_kept_the_agent_waits_and_nothing_is_lost(lent, alice):
    client = lent.resumable(alice)
    user = client.greeting["user_id"]
    lent.control("stream_limits", {"user": user, "bytes": 5000})
    stream = start(client, bytes=20_000, chunks_per_second=1000)["stream_id"]
    client.receive()
    client.cut()
    waiting = until(lambda: (found := kept(lent, user)[0])["agent"] == "waits" and found)
    assert (waiting["state"], waiting["bytes_retained"] <= 5000, waiting["lost"]) == ("waiting", True, 0)
    back = lent.resume(client, alice)
    go_on(back, stream, 1)
    chunks, lost, _ = to_the_end(back)
    assert ([chunk["index"] for chunk in chunks], lost) == (list(range(1, 20)), [])


def test_what_is_lost_is_told_in_its_place_also_by_the_next_process(serve, tmp_path):
    platform = serve("--store", str(tmp_path / "store"), "--set", "stream_bytes=5000", "--set", "stream_overflow=drop_oldest")
    client = platform.resumable()
    started = start(client, bytes=20_000, chunks_per_second=1000)
    client.receive()
    client.cut()
    done = until(lambda: (found := kept(platform)[0])["agent"] == "done" and found)
    assert (done["bytes_retained"] <= 5000, done["lost"] >= 10) == (True, True)
    back = platform.resume(client)
    go_on(back, started["stream_id"], 1)
    chunks, [lost], end = to_the_end(back)
    assert lost["to"] - lost["from"] + 1 == done["lost"]
    assert [chunk["index"] for chunk in chunks] == [*range(1, lost["from"]), *range(lost["to"] + 1, 20)]
    platform.kill()
    again = serve("--store", str(tmp_path / "store")).resume(back)
    go_on(again, started["stream_id"], 1)
    assert to_the_end(again)[1:] == ([lost | {"epoch": 2}], end | {"epoch": 2})


def test_a_client_that_does_not_read_holds_its_agent_up(serve):
    platform = serve("--set", "stream_bytes=100000")
    with platform.stalled() as stalled:
        stalled.pour([{"type": "start_stream", "request_id": "q" * 60, "kind": "text", "bytes": 16_000_000, "chunk_bytes": 16_384, "seed": 1}])
        waiting = until(lambda: (found := kept(platform)) and found[0]["agent"] == "waits" and found[0])
        assert waiting["written"] < waiting["chunks"]
        assert waiting["bytes_retained"] <= 100_000


def test_metrics_tell_of_streams(serve):
    platform = serve("--set", "stream_bytes=5000", "--set", "stream_overflow=drop_oldest")
    client = platform.resumable()
    start(client, bytes=20_000, chunks_per_second=1000)
    client.cut()
    until(lambda: kept(platform)[0]["agent"] == "done")
    with urllib.request.urlopen(f"{platform.ready['backend_url']}/metrics", timeout=GUARD) as answer:
        told = dict(line.decode().rsplit(" ", 1) for line in answer if not line.startswith(b"#"))
    assert float(told["reference_platform_streams_open"]) == 1
    assert 0 < float(told["reference_platform_stream_bytes_retained"]) <= 5000
    assert float(told["reference_platform_stream_chunks_lost_total"]) == kept(platform)[0]["lost"] > 0


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"bytes": 0}, "bytes must be a whole number from 1, not 0"), ({"slots": "8"}, "slots must be a whole number from 1, not '8'"),
        ({"overflow": "drop"}, "overflow must be stop or drop_oldest"), ({"user": 5}, "user must be a user id"),
    ],
)  # fmt: skip
def test_limits_that_make_no_sense_are_refused(lent, body, said):
    assert lent.control("stream_limits", body) == (400, {"error": said})


# Defects and the quirk


def interrupted(serve, name):
    """Chunks and ends behind the asking for chunk 2, of a stream of ten."""
    platform = serve("--defect", name)
    client = platform.resumable()
    stream = start(client, chunks_per_second=100)["stream_id"]
    client.receive()
    client.cut()
    until(lambda: kept(platform)[0]["agent"] == "done")
    back = platform.resume(client)
    assert go_on(back, stream, 2)["index"] == 2
    until(lambda: kept(platform)[0]["state"] == "ended")
    frames = back.fence()
    return [frame["index"] for frame in frames if frame["type"] == "stream_chunk"], sum(frame["type"] == "stream_end" for frame in frames)


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("x2_restart_stream", (list(range(10)), 1)), ("x2_gap", ([], 1)), ("x2_terminal_twice", (list(range(2, 10)), 2)),
        ("x2_no_terminal", (list(range(2, 10)), 0)),
    ],
)  # fmt: skip
def test_a_defect_does_what_its_name_says(serve, name, seen):
    assert interrupted(serve, name) == seen


def test_a_defect_lets_agents_write_on_where_no_more_may_be_kept(serve):
    platform = serve("--defect", "x2_no_bound", "--set", "stream_bytes=5000")
    client = platform.resumable()
    start(client, bytes=20_000)
    client.cut()
    assert until(lambda: (found := kept(platform)[0])["agent"] == "done" and found)["written"] == 20


def test_a_defect_keeps_in_memory_what_is_lost(serve):
    """Of its own process, since control says that it is gone."""
    grown = {}
    for name in ("x2_lost_but_kept", "x2_no_terminal"):
        platform = serve("--defect", name, "--set", "stream_bytes=100000", "--set", "stream_overflow=drop_oldest")
        process = psutil.Process(platform.ready["pid"])
        client = platform.resumable()
        before = process.memory_info().rss
        start(client, bytes=16_000_000, chunk_bytes=16_384)
        client.cut()
        until(lambda platform=platform: kept(platform)[0]["agent"] == "done")
        assert kept(platform)[0]["bytes_retained"] <= 100_000
        grown[name] = process.memory_info().rss - before
    assert grown["x2_lost_but_kept"] > grown["x2_no_terminal"] + 10_000_000, grown


def test_interleaved_streams_stay_in_order_for_themselves(serve):
    client = serve("--quirk", "n13_streams_interleaved").resumable()
    for number in range(3):
        client.send_json({"type": "start_stream", "request_id": f"q{number}", "kind": "text", "bytes": 20_000, "chunk_bytes": 1000})
    frames, ended = [], 0
    while ended < 3:
        frames.append(client.receive())
        ended += frames[-1]["type"] == "stream_end"
    chunks = [(frame["stream_id"], frame["index"]) for frame in frames if frame["type"] == "stream_chunk"]
    names = [name for name, _ in chunks]
    assert sum(one != other for one, other in itertools.pairwise(names)) > 10, "taken in turns they would change twice"
    for name in set(names):
        assert [index for stream, index in chunks if stream == name] == list(range(20))
