"""What this machine's loopback carries when nobody looks at the bytes: pieces of 163 bytes, as big as a message of the reference dialect.

    raw_tcp.py serve | raw_tcp.py load URL CONNECTIONS WINDOW

A segment that comes back leaves again at once, in one write. The server counts whole pieces.
"""

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from benchmarks.echo_server import run, serve

PIECE = 163


class Echo(asyncio.Protocol):
    opened = carried = 0

    def connection_made(self, transport):
        Echo.opened += 1
        self.transport = transport

    def data_received(self, data):
        Echo.carried += len(data)
        self.transport.write(data)

    @classmethod
    def counts(cls):
        return {"open": cls.opened, "answered": cls.carried // PIECE}


class Load(asyncio.Protocol):
    def __init__(self, window):
        self.window = window

    def connection_made(self, transport):
        self.transport = transport
        transport.write(b"x" * PIECE * self.window)

    def data_received(self, data):
        self.transport.write(data)


async def load(url, connections, window):
    host, port = url.removeprefix("ws://").split("/")[0].split(":")
    for _ in range(connections):
        await asyncio.get_running_loop().create_connection(lambda: Load(window), host, int(port))
    await asyncio.Event().wait()


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(Echo)
    else:
        run(load(sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
