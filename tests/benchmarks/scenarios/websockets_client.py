"""The high-level client of ``websockets`` under load, with the same checks of every reply as the lane: id, order, answered twice, offset, sequence, digest.

    websockets_client.py URL CONNECTIONS WINDOW SECONDS
"""

import asyncio
import os
import sys
import time
from pathlib import Path

import orjson
from websockets.asyncio.client import connect

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "libraries"))
from Lockstep.engine.load.codec import Contents
from Lockstep.engine.loop_thread import new_loop

CONTENTS = Contents(None, 1)


class Connection:
    def __init__(self, number):
        self.prefix = f"{os.urandom(4).hex()}.{number}."
        self.waiting, self.sent, self.newest, self.offset = {}, 0, -1, 0
        self.times = []

    async def open(self, url):
        self.socket = await connect(url, compression=None, max_queue=None, ping_interval=None)
        await self.socket.recv(decode=False)

    async def run(self, window, until):
        for _ in range(window):
            await self.send(self.socket)
        while self.waiting:
            self.take(orjson.loads(await self.socket.recv(decode=False)))
            if time.monotonic() < until:
                await self.send(self.socket)
        await self.socket.close()

    async def send(self, socket):
        number, texts = self.sent, CONTENTS.texts
        message_id = f"{self.prefix}{number}"
        self.sent += 1
        self.waiting[message_id] = (number, time.monotonic())
        await socket.send(orjson.dumps({"type": "user_message", "message_id": message_id, "sequence_id": number,
                                        "content": texts[number % len(texts)], "timestamp": time.time(), "attempt": 1}), text=True)

    def take(self, reply):
        number, left = self.waiting.pop(reply["message_id"])
        self.offset += 1
        wrong = (reply["type"] != "ai_response" or number <= self.newest or reply["offset"] != self.offset or reply["sequence_id"] != number
                 or reply["digest"] != CONTENTS.digests[number % len(CONTENTS.digests)])
        if wrong:
            raise RuntimeError(reply)
        self.newest = number
        self.times.append(int((time.monotonic() - left) * 1e6))
        if len(self.times) == 10_000:
            self.times.clear()  # a real client would fold them


async def main(url, connections, window, seconds):
    everyone = [Connection(number) for number in range(connections)]
    await asyncio.gather(*(each.open(url) for each in everyone))
    until = time.monotonic() + seconds
    await asyncio.gather(*(each.run(window, until) for each in everyone))


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
