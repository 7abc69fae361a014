"""An echo server on ``websockets``, as its documentation shows it. Prints {"port": N}, ends when its input closes."""

import asyncio
import json
import sys

from websockets import __version__
from websockets.asyncio.server import ServerConnection, serve


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


async def main() -> None:
    async with serve(echo, "127.0.0.1", 0) as server:
        print(json.dumps({"port": server.sockets[0].getsockname()[1], "version": __version__}), flush=True)
        await asyncio.to_thread(sys.stdin.read)


asyncio.run(main())
