"""Servers that differ in nothing but the WebSocket stack, to choose one by measurement.

    python tests/benchmarks/server_stacks.py websockets|sans_io|fast_lane

Each parses the message, makes a reply of the same size as the platform's, and sends it: no queue, no store. Counts as the echo server does.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import orjson

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "libraries"))

import uvloop
from echo_server import HELLO, tell
from websockets.asyncio.server import serve
from websockets.server import ServerProtocol

from reference_platform.connections.receiver import Receiver
from reference_platform.policies import Wire


class Desk:
    """The agent's answers on one connection, as big as the platform's; counts those of all."""

    opened = answered = 0
    digests = {}

    def __init__(self):
        Desk.opened += 1
        self.offset = 0

    @classmethod
    def counts(cls):
        return {"open": cls.opened, "answered": cls.answered}

    def reply(self, payload):
        message = orjson.loads(payload)
        content = message["content"]
        digest = self.digests.get(content)
        if digest is None:
            digest = self.digests[content] = sha256(content.encode()).hexdigest()[:16]
        self.offset += 1
        Desk.answered += 1
        return orjson.dumps({
            "type": "ai_response", "message_id": message["message_id"], "attempt": 1, "sequence_id": message["sequence_id"],
            "content": "Message 1234 noted, 64 characters.", "digest": digest, "agent": "assistant", "version": 1234,
            "timestamp": 1795226326.5, "processing_time": 0.0001, "session_id": "session-0123456789abcdef0123456789abcdef", "epoch": 1,
            "offset": self.offset,
        })  # fmt: skip


class Stack(asyncio.Protocol):
    """Sans-I/O protocol object, with or without the short loop for plain frames; one write per segment."""

    fast_lane = True

    def connection_made(self, transport):
        self.transport, self.desk = transport, None
        self.protocol = ServerProtocol()
        self.wire = Wire(SimpleNamespace(config=SimpleNamespace(max_message_size=1 << 20)))
        self.wire.fast_lane = self.fast_lane
        self.receiver = Receiver(self.wire, self.protocol)

    def data_received(self, data):
        if self.desk is None:
            self.desk = Desk()
            self.protocol.receive_data(data)
            self.protocol.send_response(self.protocol.accept(self.protocol.events_received()[0]))
            self.protocol.send_text(orjson.dumps(HELLO))
        else:
            self.receiver.feed(data)
            messages, self.receiver.messages = self.receiver.messages, []
            self.transport.write(b"".join(self.wire.frame(self.desk.reply(payload)) for payload in messages))
        for piece in self.protocol.data_to_send():
            self.transport.write(piece) if piece else self.transport.close()


class Slow(Stack):
    fast_lane = False


async def handler(connection):
    """The plain way with the library's own server."""
    desk = Desk()
    await connection.send(orjson.dumps(HELLO), text=True)
    async for payload in connection:
        await connection.send(desk.reply(payload), text=True)


async def main(stack):
    if stack == "websockets":
        server = await serve(handler, "127.0.0.1", 0, compression=None, ping_interval=None)
    else:
        server = await asyncio.get_running_loop().create_server({"sans_io": Slow, "fast_lane": Stack}[stack], "127.0.0.1", 0)
    port = next(iter(server.sockets)).getsockname()[1]
    print(json.dumps({"websocket_url": f"ws://127.0.0.1:{port}/ws", "auth_url": None, "pid": os.getpid()}), flush=True)
    await asyncio.to_thread(tell, Desk.counts)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(main(sys.argv[1]))
