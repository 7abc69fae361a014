"""A server that answers every message of the reference dialect at once and keeps nothing: the other end of load benchmarks.

    python tests/benchmarks/echo_server.py

Says its address in a ready line, its counts whenever a line comes on standard input, and ends when that closes. It is as quick as
Python allows, so that the generator is measured and not its peer: plain frames only, ids that need no escaping, no checks, and replies
of one read leave in one write. Whatever is no message is taken for the question whether it has anything to do.
"""

import asyncio
import json
import os
import signal
import sys
import threading
import time
from hashlib import sha256

import msgspec
import orjson
from websockets.speedups import apply_mask
from websockets.utils import accept_key


class Message(msgspec.Struct, gc=False):
    message_id: str
    sequence_id: int
    content: str
    attempt: int = 1


decode = msgspec.json.Decoder(Message).decode
HELLO = {"type": "connection_established", "session_id": "echo", "epoch": 1, "offset": 0, "recovered": False}


def frame(payload):
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    return (bytes((0x81, 126)) + size.to_bytes(2, "big") if size < 65_536 else bytes((0x81, 127)) + size.to_bytes(8, "big")) + payload


class Echo(asyncio.Protocol):
    digests = {}
    opened = answered = 0

    @classmethod
    def counts(cls):
        return {"open": cls.opened, "answered": cls.answered}

    def connection_made(self, transport):
        self.transport, self.buffer, self.open, self.offset = transport, b"", False, 0

    def connection_lost(self, exc):
        Echo.opened -= self.open

    def data_received(self, data):
        data = self.buffer + data if self.buffer else data
        if not self.open:
            head, found, data = data.partition(b"\r\n\r\n")
            if not found:
                self.buffer = head
                return
            self.greet(head)
        position, end, out = 0, len(data), []
        while end - position >= 8:
            size, start = data[position + 1] & 0x7F, position + 6
            if size > 125:
                start = position + (8 if size == 126 else 14)
                size = int.from_bytes(data[position + 2 : start - 4], "big")
            stop = start + size
            if stop > end:
                break
            if data[position] == 0x88:
                self.transport.write(b"\x88\x02\x03\xe8")
                self.transport.close()
                return
            payload = apply_mask(data[start:stop], data[start - 4 : start])
            try:
                out.append(self.reply(decode(payload)))
            except msgspec.ValidationError:
                self.transport.write(b"".join([*out, self.idle(payload)]))
                Echo.answered += len(out)
                out = []
            position = stop
        self.buffer = data[position:]
        if out:
            Echo.answered += len(out)
            self.transport.write(b"".join(out))

    def greet(self, head):
        key = next(line.split(b":")[1].strip() for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key"))
        self.transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
            + accept_key(key.decode()).encode() + b"\r\n\r\n" + frame(orjson.dumps(HELLO))
        )
        self.open = True
        Echo.opened += 1

    def reply(self, message):
        content = message.content
        digest = self.digests.get(content)
        if digest is None:
            digest = self.digests[content] = sha256(content.encode()).hexdigest()[:16]
        self.offset += 1
        return frame((
            f'{{"type":"ai_response","session_id":"echo","epoch":1,"offset":{self.offset},"message_id":"{message.message_id}",'
            f'"attempt":{message.attempt},"sequence_id":{message.sequence_id},"content":"ok","digest":"{digest}"}}'
        ).encode())

    def idle(self, payload):
        """A generator that hears nothing for long asks whether there is anything to be done: never, here."""
        self.offset += 1
        return frame(orjson.dumps({"type": "agent_state", "request_id": orjson.loads(payload)["request_id"], "offset": self.offset, "pending": 0}))


def serve(protocol):
    """Runs a server of this protocol until standard input closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=tell, args=(protocol.counts,), daemon=True).start()
    run(listen(protocol))


def tell(counts):
    """A line for each line that comes; what a thread reads of plain numbers is true enough for a rate over seconds."""
    for _ in sys.stdin.buffer:
        print(json.dumps({"time": time.monotonic(), "processor": time.process_time(), **counts()}), flush=True)
    os._exit(0)


async def listen(protocol):
    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0, backlog=1024)
    port = server.sockets[0].getsockname()[1]
    print(json.dumps({"event": "ready", "websocket_url": f"ws://127.0.0.1:{port}/ws", "auth_url": "", "pid": os.getpid()}), flush=True)
    await asyncio.Event().wait()


def run(main):
    """On the quickest loop that there is."""
    try:
        import uvloop

        uvloop.run(main)
    except ImportError:
        asyncio.run(main)


if __name__ == "__main__":
    serve(Echo)
