"""Servers that differ in nothing but the WebSocket stack, to choose one by measurement; driven by ``reference_platform.py``.

    python tests/benchmarks/reference_platform.py --server "python tests/benchmarks/server_stacks.py websockets"
    python tests/benchmarks/reference_platform.py --server "python tests/benchmarks/server_stacks.py sans_io"
    python tests/benchmarks/reference_platform.py --server "python tests/benchmarks/server_stacks.py fast_lane"

Each parses the message, makes a reply of the same size as the platform's, and sends it: no queue, no store.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import orjson

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "libraries"))

import uvloop
from websockets.asyncio.server import serve
from websockets.server import ServerProtocol

from reference_platform.policies import Wire
from reference_platform.receiver import Receiver


def reply(payload):
    """The agent's answer, as big as the platform's."""
    message = orjson.loads(payload)
    return orjson.dumps({
        "type": "ai_response", "message_id": message["message_id"], "attempt": 1, "sequence_id": message["sequence_id"],
        "content": "Message 1234 noted, 64 characters.", "digest": "0123456789abcdef", "agent": "assistant", "version": 1234,
        "timestamp": 1795226326.5, "processing_time": 0.0001, "session_id": "session-0123456789abcdef0123456789abcdef", "epoch": 1, "offset": 1234,
    })  # fmt: skip


class Stack(asyncio.Protocol):
    """Sans-I/O protocol object, with or without the short loop for plain frames; one write per segment."""

    fast_lane = True

    def connection_made(self, transport):
        self.transport, self.open = transport, False
        self.protocol = ServerProtocol()
        self.wire = Wire(SimpleNamespace(config=SimpleNamespace(max_message_size=1 << 20)))
        self.wire.fast_lane = self.fast_lane
        self.receiver = Receiver(self.wire, self.protocol)

    def data_received(self, data):
        if not self.open:
            self.open = True
            self.protocol.receive_data(data)
            self.protocol.send_response(self.protocol.accept(self.protocol.events_received()[0]))
        else:
            self.receiver.feed(data)
            messages, self.receiver.messages = self.receiver.messages, []
            self.transport.write(b"".join(self.wire.frame(reply(payload)) for payload in messages))
        self.transport.writelines(self.protocol.data_to_send())


class Slow(Stack):
    fast_lane = False


async def handler(connection):
    """The plain way with the library's own server."""
    async for payload in connection:
        await connection.send(reply(payload), text=True)


async def main(stack):
    if stack == "websockets":
        server = await serve(handler, "127.0.0.1", 0, compression=None, ping_interval=None)
    else:
        server = await asyncio.get_running_loop().create_server({"sans_io": Slow, "fast_lane": Stack}[stack], "127.0.0.1", 0)
    port = next(iter(server.sockets)).getsockname()[1]
    print(json.dumps({"websocket_url": f"ws://127.0.0.1:{port}/ws", "auth_url": None, "pid": os.getpid()}), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    os._exit(0)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(main(sys.argv[1]))
