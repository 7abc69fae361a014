"""Random and mutated messages, frames and handshakes: whatever they are, the platform goes on serving and stays as small as it was.

``LOCKSTEP_FUZZ=100000`` sends so many of them, and others each time; the few thousand of CI are the same in each run.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import socket

import psutil
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integration.reference_platform.test_frames import BINARY, CLOSE, KEY, PING, PONG, TEXT, frame

GIVEN = os.environ.get("LOCKSTEP_FUZZ")
INPUTS = int(GIVEN or 3000)
AT_ONCE = 20
"""Inputs on one connection."""
WARM_UP, GROWTH = 0.3, 25_000_000
"""Behind this share of the examples the platform's memory grows by no more than so many bytes."""
KEPT = 20
"""Every so many-th connection has a session that is kept for five minutes, with what was pushed into it: that is promised, and no growth."""
GUARD = 30.0
ENDS = {1000, 1001, 1002, 1007, 1009}
"""With these codes a connection may end by what was sent on it, or 1000 where that was a good close."""

GOOD = {
    "type": "user_message", "message_id": "m", "content": "hello ümläut \\ \" 😀", "sequence_id": 7, "attempt": 1, "priority": "high", "acknowledge": True,
    "timestamp": 1.5, "conversation": "Plans", "final": False, "target_agents": ["a", "b"], "shared_state_key": "k",
}  # fmt: skip
QUESTIONS = [
    {"type": kind, "request_id": "q"} for kind in
    ("get_agent_state", "get_queue_state", "get_queue_capacity", "get_all_agent_states", "get_performance_stats", "get_conversation_history", "get_agent_context")
] + [
    {"type": "configure_agents", "request_id": "q", "agents": ["a", "b"]},
    {"type": "latency_probe", "request_id": "q", "client_send_time": 1.5},
    {"type": "update_agent_context", "request_id": "q", "preferences": {"a": [1]}, "workflow": {"current_step": 1, "total_steps": 2, "pending_steps": ["b"]}},
    {"type": "start_stream", "request_id": "q", "kind": "json", "bytes": 200, "chunk_bytes": 64, "seed": 1},
    {"type": "resume_stream", "request_id": "q", "stream_id": "s", "index": 3},
    {"type": "token_refresh", "request_id": "q", "new_token": "a.b.c"},
]  # fmt: skip
SAMPLES = [json.dumps(fields, ensure_ascii=False).encode() for fields in (GOOD, *QUESTIONS)]
REQUEST = (
    f"GET /ws?token=TOKEN&resumable=true HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {KEY}\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\nOrigin: https://x.example\r\n\r\n"
).encode()  # fmt: skip

BRIEF = REQUEST.replace(b"&resumable=true", b"")

numbers = st.integers() | st.floats() | st.sampled_from([2**53, 2**63, -(2**63) - 1, 10**40])
values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=8), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
messages = st.builds(
    lambda sample, changes: json.dumps(sample | changes, ensure_ascii=False).encode("utf-8", "surrogatepass"),
    st.sampled_from([GOOD, *QUESTIONS]), st.dictionaries(st.sampled_from(sorted({name for fields in (GOOD, *QUESTIONS) for name in fields})), values, max_size=3),
)  # fmt: skip
tokens = [b"[", b"]", b"{", b"}", b'"', b"\\", b",", b":", b"\\u0022", b"\\ud800", b"1e999", b"NaN", b"null", b"\xff", b"\x00", b"[" * 200, b"9" * 40, b"\r\n", b" "]
edits = st.lists(st.tuples(st.integers(0, 400), st.sampled_from(["put", "set", "cut", "twice"]), st.sampled_from(tokens) | st.binary(max_size=3)), min_size=1, max_size=4)


def edited(data, changes):
    """The bytes with some put in, replaced, cut out or said twice."""
    for place, how, what in changes:
        at = place % (len(data) + 1)
        behind = {"put": at, "set": at + len(what), "cut": at + 1 + place % 7, "twice": max(0, at - 9)}[how]
        data = data[:at] + (b"" if how == "cut" else what) + data[behind:]
    return data


texts = st.one_of(messages, st.builds(edited, st.sampled_from(SAMPLES), edits), st.builds(edited, messages, edits), values.map(lambda value: json.dumps(value).encode()))
payloads = texts | st.binary(max_size=150)


def spoken(payload):
    """In a text frame if it is text, else in a binary one, so that the connection goes on."""
    try:
        payload.decode()
    except UnicodeDecodeError:
        return frame(BINARY, payload)
    return frame(TEXT, payload)


good_frames = st.one_of(
    payloads.map(spoken), payloads.map(spoken), payloads.map(lambda payload: frame(PING, payload[:125])), payloads.map(lambda payload: frame(PONG, payload[:125])),
    st.builds(lambda payload, at: frame(0x02, payload[:at]) + frame(0x80, payload[at:]), payloads, st.integers(0, 150)),
)  # fmt: skip
any_frames = st.one_of(
    st.builds(lambda first, payload, masked: frame(first, payload, masked=masked), st.integers(0, 255), payloads, st.sampled_from([True, True, True, False])),
    st.builds(lambda payload, size: frame(TEXT, payload, width=64, announced=size), payloads, st.integers(0, 2**64 - 1)),
    st.binary(max_size=30),
)  # fmt: skip
conversations = st.lists(good_frames, min_size=AT_ONCE - 2, max_size=AT_ONCE - 2)
requests = st.one_of(st.builds(edited, st.just(REQUEST), edits), st.binary(max_size=200).map(lambda data: data + b"\r\n\r\n"))


class Peer:
    """A connection that says what it is told, and reads until it is answered or ended."""

    def __init__(self, platform, token, request=REQUEST):
        host, port = platform.ready["websocket_url"][5:-3].split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=GUARD)
        self.stream = self.socket.makefile("rb")
        self.say(request.replace(b"TOKEN", token))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stream.close()
        self.socket.close()

    def say(self, data):
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it may have been ended already
            self.socket.sendall(data)

    def status(self):
        """Of the answer to the request; None where there is none."""
        with contextlib.suppress(ConnectionResetError):
            line = self.stream.readline().split(b" ")
            while len(line) > 1 and self.stream.readline().strip():
                pass
            return int(line[1]) if len(line) > 1 else None
        return None

    def frames(self):
        """First byte and payload of each frame that comes."""
        with contextlib.suppress(ConnectionResetError):
            while len(head := self.stream.read(2)) == 2:
                width = {126: 2, 127: 8}.get(head[1], 0)
                yield head[0], self.stream.read(int.from_bytes(self.stream.read(width), "big") if width else head[1])

    def answered_or_ended(self, message_id):
        """What came: the answer to this message, or the code by which the connection was closed (None: by none)."""
        for first, payload in self.frames():
            if first == CLOSE:
                return int.from_bytes(payload[:2], "big") if payload else 1000
            if first == TEXT and message_id in payload and b"ai_response" in payload:
                return "answered"
        return None


def fuzzing(inputs, each):
    """So many inputs, a number of them in each example."""
    return settings(
        max_examples=max(1, inputs // each), deadline=None, database=None, derandomize=GIVEN is None, print_blob=True, suppress_health_check=list(HealthCheck),
    )  # fmt: skip


class Watch:
    """The platform is alive and does not grow, and somebody else is served."""

    def __init__(self, platform, examples):
        self.platform, self.process = platform, psutil.Process(platform.process.pid)
        self.bystander = platform.connect("bystander")
        self.warm, self.seen, self.base, self.most = max(1, int(examples * WARM_UP)), 0, 0, 0

    def look(self):
        self.seen += 1
        assert self.platform.process.poll() is None, "the platform ended"
        if self.seen % 10 == 0:
            assert self.bystander.fence(f"b{self.seen}") == [], "the bystander got what is not its own"
        self.most = max(self.most, self.process.memory_info().rss)
        if self.seen == self.warm:
            self.base = self.most

    def judge(self):
        print(f"{self.seen} connections; memory {self.base / 1e6:.1f} MB behind the warm-up, at most {self.most / 1e6:.1f} MB")
        assert self.most - self.base <= GROWTH


def test_random_messages_and_frames_leave_the_platform_serving(serve):
    platform, serial = serve(), itertools.count()
    tokens = itertools.cycle([platform.account(f"fuzz{number}")["token"].encode() for number in range(20)])
    watch = Watch(platform, INPUTS // AT_ONCE)

    @fuzzing(INPUTS, AT_ONCE)
    @given(conversations, st.lists(any_frames, max_size=2))
    def talk(frames, hostile):
        number = next(serial)
        fence = f"fence-{os.getpid()}-{number}"
        with Peer(platform, next(tokens), BRIEF if number % KEPT else REQUEST) as peer:
            assert peer.status() == 101
            for data in frames + hostile:
                peer.say(data)
            peer.say(frame(TEXT, json.dumps({"type": "user_message", "message_id": fence, "content": "x"}).encode()))
            peer.socket.shutdown(socket.SHUT_WR)
            assert peer.answered_or_ended(fence.encode()) in (ENDS | {"answered", None} if hostile else {"answered"})
        watch.look()

    talk()
    watch.judge()


def test_random_handshakes_leave_the_platform_serving(serve):
    platform, count = serve(), INPUTS // 4
    token = platform.account("fuzz")["token"].encode()
    watch = Watch(platform, count)

    @fuzzing(count, 1)
    @given(requests)
    def knock(request):
        with Peer(platform, token, request) as peer:
            peer.socket.shutdown(socket.SHUT_WR)
            assert peer.status() in {None, 101, 400, 401, 403, 404, 405, 426, 429, 431, 505}
        watch.look()

    knock()
    watch.judge()
