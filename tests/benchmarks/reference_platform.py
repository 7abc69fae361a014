"""How fast the reference platform processes and commits ``user_message``: figures, no verdict.

    PYTHONPATH=libraries python tests/benchmarks/reference_platform.py [--connections 100] [--in-flight 16] [--seconds 4] [--rounds 3]

The platform runs on one core, this client on another where the machine allows it. Every reply is matched with its message; the
rate is that of committed and answered messages. CPU is the platform process's own, over all its threads, so that it stands even
where neighbours disturb the rate. What limits the rate is the CPU of that one core, not the disk: compare microseconds, and two versions
in turns. ``--profile FILE`` writes where the platform spends its time (cProfile; slower while it does).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import orjson
import psutil
from websockets.client import ClientProtocol
from websockets.speedups import apply_mask
from websockets.uri import parse_uri

LIBRARIES = Path(__file__).resolve().parents[2] / "libraries"
TEXT = 0x81
MASK = b"\x01\x02\x03\x04"
CONTENT = "What were the sales of the second quarter in the north region?"


class Load(asyncio.Protocol):
    """One connection with a fixed number of messages in flight; each reply is matched and replaced by a new message."""

    def __init__(self, prefix: str, in_flight: int, url: str, done: asyncio.Future[None]) -> None:
        self.prefix, self.in_flight, self.done = prefix, in_flight, done
        self.sent = self.answered = self.refused = self.stray = 0
        self.running = True
        self.protocol = ClientProtocol(parse_uri(url))
        self.buffer = b""
        self.open: set[str] = set()
        self.greeted = False

    def connection_made(self, transport):
        self.transport = transport
        self.protocol.send_request(self.protocol.connect())
        transport.write(b"".join(self.protocol.data_to_send()))

    def data_received(self, data):
        if not self.greeted:
            head, found, data = (self.buffer + data).partition(b"\r\n\r\n")
            if not found:
                self.buffer = head
                return
            if b" 101 " not in head:
                raise RuntimeError(head.decode())
            self.greeted, self.buffer = True, b""
            self.transport.write(b"".join(self.message() for _ in range(self.in_flight)))
        data = self.buffer + data
        position, end, out = 0, len(data), []
        while end - position >= 4:
            size, start = data[position + 1], position + 2
            if size == 126:
                size, start = int.from_bytes(data[position + 2 : position + 4], "big"), position + 4
            if start + size > end:
                break
            if data[position] == TEXT:  # a ping comes every 30 s and may stay unanswered for 60
                self.take(orjson.loads(data[start : start + size]), out)
            position = start + size
        self.buffer = data[position:]
        if out:
            self.transport.write(b"".join(out))

    def take(self, reply, out):
        if reply["type"] == "ai_response":
            if reply["message_id"] in self.open:
                self.open.discard(reply["message_id"])
                self.answered += 1
            else:
                self.stray += 1
            if self.running:
                out.append(self.message())
            elif not self.open:
                self.done.set_result(None)
        elif reply["type"] == "error":
            self.refused += 1

    def message(self):
        message_id = f"{self.prefix}-{self.sent}"
        payload = orjson.dumps({"type": "user_message", "message_id": message_id, "content": CONTENT, "sequence_id": self.sent})
        self.sent += 1
        self.open.add(message_id)
        size = len(payload)
        head = bytes((0x81, 0x80 | size)) if size < 126 else bytes((0x81, 0xFE, size >> 8, size & 255))
        return head + MASK + apply_mask(payload, MASK)


def post(url, body):
    return json.load(urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode())))


async def drive(ready, arguments, server):
    """Runs one round; returns (messages per second, CPU us per message, share of a core)."""
    loop = asyncio.get_running_loop()
    loads = []
    host, port = ready["websocket_url"][5:].split("/")[0].split(":")
    for number in range(arguments.connections):
        auth = ready["auth_url"]
        token = post(auth + "/auth/test-user", {"email": f"load-{number}@example.test"})["token"] if auth else ""
        load = Load(f"{os.urandom(6).hex()}-{number}", arguments.in_flight, f"{ready['websocket_url']}?token={token}", loop.create_future())
        await loop.create_connection(lambda load=load: load, host, int(port))
        loads.append(load)
    await asyncio.sleep(0.5)
    cpu, start, before = server.cpu_times(), time.perf_counter(), sum(load.answered for load in loads)
    await asyncio.sleep(arguments.seconds)
    after, seconds, now = sum(load.answered for load in loads), time.perf_counter() - start, server.cpu_times()
    used = now.user + now.system - cpu.user - cpu.system
    for load in loads:
        load.running = False
    await asyncio.wait_for(asyncio.gather(*(load.done for load in loads)), 60)
    stray, refused = sum(load.stray for load in loads), sum(load.refused for load in loads)
    if stray or refused:
        raise RuntimeError(f"{stray} answers to no message, {refused} refused")
    for load in loads:
        load.transport.abort()
    return (after - before) / seconds, used / (after - before) * 1e6, used / seconds


def pin(process, core):
    """Puts a process on one core where the machine has several and allows it."""
    if hasattr(os, "sched_setaffinity") and len(os.sched_getaffinity(0)) > 1:
        os.sched_setaffinity(process, {sorted(os.sched_getaffinity(0))[core]})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, default=100)
    parser.add_argument("--in-flight", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--server", metavar="COMMAND", help="another server with a ready line, such as server_stacks.py")
    parser.add_argument("--profile", metavar="FILE")
    arguments = parser.parse_args()
    command = arguments.server.split() if arguments.server else [sys.executable, *(["-m", "cProfile", "-o", arguments.profile] if arguments.profile else []), "-m", "reference_platform", "serve"]
    platform = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(LIBRARIES)}
    )
    try:
        ready = json.loads(platform.stdout.readline())
        pin(platform.pid, -1)
        pin(0, 0)
        server = psutil.Process(platform.pid)
        memory = server.memory_info().rss
        try:
            import uvloop

            factory = uvloop.new_event_loop
        except ImportError:
            factory = None
        rates = []
        for number in range(arguments.rounds):
            with asyncio.Runner(loop_factory=factory) as runner:
                rate, cpu, share = runner.run(drive(ready, arguments, server))
            rates.append(rate)
            print(f"round {number + 1}: {rate:9,.0f} messages/s  {cpu:6.1f} us server CPU per message  {share:4.0%} of one core", flush=True)
        grown = (server.memory_info().rss - memory) / 1e6
        print(f"median: {statistics.median(rates):9,.0f} messages/s, {arguments.connections} connections x {arguments.in_flight} in flight; "
              f"memory grew by {grown:.1f} MB")
    finally:
        platform.stdin.close()
        platform.wait(15)


if __name__ == "__main__":
    main()
