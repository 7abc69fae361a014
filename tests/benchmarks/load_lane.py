"""How much load one core of this machine generates while every reply is checked: figures, no verdict.

    PYTHONPATH=libraries python tests/benchmarks/load_lane.py [--seconds 4] [--rounds 3] [--json FILE] [ROW ...]

Rows: c100x16, ping, paced-10k, paced-50k, open-500, platform. The generator runs on one core, the server on the other. The rows
c100x16 and ping run in turn with the high-level client of ``websockets`` (uvloop, orjson), which makes the same checks on every reply.
``platform`` puts 100 x 16 on the reference platform instead of the echo server. Use an idle machine, or look at the ratios only.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import orjson
import psutil
import uvloop
from websockets.asyncio.client import connect

from Lockstep.engine.load import preparing, running
from Lockstep.engine.load.codec import Contents
from Lockstep.engine.load.plan import Command, Door, Plan, Stage
from Lockstep.targets import load_target

HERE = Path(__file__).resolve().parent
ROWS = ("c100x16", "ping", "paced-10k", "paced-50k", "open-500", "platform")


CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def pin(process, core):
    """Puts a process on one core where the machine has several and allows it."""
    if len(CORES) > 1:
        os.sched_setaffinity(process, {CORES[core]})


@contextlib.contextmanager
def serving(command):
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        ready = json.loads(process.stdout.readline())
        pin(process.pid, -1)
        yield ready["websocket_url"]
    finally:
        process.stdin.close()
        process.wait(10)


def command(url, plan):
    """The command for an echo server, which asks for no token."""
    target = load_target("reference")
    mark = os.urandom(4).hex()
    doors = tuple(Door(number=number, user=f"user-{number}", prefix=f"{mark}.{number}.", url=url) for number in range(plan.connections))
    return Command(plan=plan, doors=doors, file=target.file, path=str(target.path))


async def lane(url, plan):
    load = await running.run("benchmark", command(url, plan))
    if load.violations or load.lost or load.answered != load.sent or load.without_digest:
        raise RuntimeError(f"{dict(load.violations)} {load.sentences[:3]}")
    return load


class Peer:
    """One connection of the high-level client with the same checks: id, order, answered twice, offset, sequence, digest."""

    def __init__(self, number, contents):
        self.prefix, self.contents = f"{os.urandom(4).hex()}.{number}.", contents
        self.waiting, self.sent, self.answered, self.newest, self.offset = {}, 0, 0, -1, 0
        self.times = []

    async def run(self, url, window, until):
        async with connect(url, compression=None, max_queue=None, ping_interval=None) as socket:
            await socket.recv(decode=False)
            for _ in range(window):
                await self.send(socket)
            while self.waiting:
                self.take(orjson.loads(await socket.recv(decode=False)))
                if time.monotonic() < until:
                    await self.send(socket)

    async def send(self, socket):
        number, texts = self.sent, self.contents.texts
        message_id = f"{self.prefix}{number}"
        self.sent += 1
        self.waiting[message_id] = (number, time.monotonic())
        await socket.send(orjson.dumps({"type": "user_message", "message_id": message_id, "sequence_id": number,
                                        "content": texts[number % len(texts)], "timestamp": time.time(), "attempt": 1}), text=True)

    def take(self, reply):
        number, left = self.waiting.pop(reply["message_id"])
        self.offset += 1
        wrong = (reply["type"] != "ai_response" or number <= self.newest or reply["offset"] != self.offset or reply["sequence_id"] != number
                 or reply["digest"] != self.contents.digests[number % len(self.contents.digests)])
        if wrong:
            raise RuntimeError(reply)
        self.newest = number
        self.answered += 1
        self.times.append(int((time.monotonic() - left) * 1e6))


async def peers(url, connections, window, seconds):
    contents = Contents(None, 1)
    begun, cpu = time.monotonic(), time.process_time()
    all_of_them = [Peer(number, contents) for number in range(connections)]
    await asyncio.gather(*(peer.run(url, window, begun + seconds) for peer in all_of_them))
    answered = sum(peer.answered for peer in all_of_them)
    return answered / (time.monotonic() - begun), (time.process_time() - cpu) / answered * 1e6


async def saturated(url, name, arguments):
    connections, window = (100, 16) if name == "c100x16" else (1, 1)
    ours, other = [], []
    for number in range(arguments.rounds):
        cpu = time.process_time()
        load = await lane(url, Plan(connections=connections, window=window, seconds=arguments.seconds))
        per_message = (time.process_time() - cpu) / load.answered * 1e6
        rate, other_cpu = await peers(url, connections, window, arguments.seconds)
        ours.append((load.rate, per_message))
        other.append((rate, other_cpu))
        print(f"{name} round {number + 1}: ours {load.rate:9,.0f} msg/s at {per_message:5.1f} us CPU (p99 {load.latency.percentile(99) * 1000:.2f} ms), "
              f"websockets {rate:9,.0f} msg/s at {other_cpu:5.1f} us CPU", flush=True)
    mine, others = (statistics.median(rate for rate, _ in runs) for runs in (ours, other))
    cpu = statistics.median(cpu for _, cpu in other) / statistics.median(cpu for _, cpu in ours)
    print(f"{name}: {mine:,.0f} against {others:,.0f} msg/s, {mine / others:.1f} x; {cpu:.1f} x less CPU a message")
    return {"name": f"{name} vs websockets", "ours": mine, "other": others, "ratio": mine / others, "unit": "msg/s", "rounds": arguments.rounds}


async def paced(url, rate, arguments):
    rows = []
    for _ in range(arguments.rounds):
        load = await lane(url, Plan(connections=10, stages=(Stage(arguments.seconds, rate, rate),)))
        rows.append(load)
        print(f"paced {rate:,}: achieved {load.rate / rate:.2%}, latency p50 {load.latency.percentile(50) * 1000:.2f} p99 {load.latency.percentile(99) * 1000:.2f} ms, "
              f"service p50 {load.service.percentile(50) * 1000:.2f} ms, lag p99 {load.lag.percentile(99) * 1000:.2f} ms, CPU {load.processor:.0%} of a core, "
              f"{load.invalid or 'valid'}", flush=True)
    achieved = statistics.median(load.rate for load in rows)
    return {"name": f"paced {rate}", "ours": achieved, "other": rate, "ratio": achieved / rate, "unit": "msg/s", "rounds": arguments.rounds}


async def opened(url, arguments):
    """Time from the first to the last handshake, and how much larger the process is with all of them open."""
    times, process = [], psutil.Process()
    await lane(url, Plan(connections=1, window=1, count=10))
    for _ in range(arguments.rounds):
        memory, most = process.memory_info().rss, [0]
        whole = command(url, Plan(connections=500, window=1, seconds=0.5))
        load = await running.run("open", whole, tell=lambda _load, most=most: most.append(process.memory_info().rss))
        times.append(load.opening)
        print(f"500 connections open in {load.opening:.2f} s; {(max(most) - memory) / 500 / 1024:.1f} KiB more each", flush=True)
    return {"name": "open 500", "ours": statistics.median(times), "other": 1.0, "ratio": statistics.median(times), "unit": "s", "rounds": arguments.rounds}


async def platform(arguments):
    target = load_target("reference")
    target.open()
    try:
        pin(target.server.pid, -1)
        rates = []
        for _ in range(arguments.rounds):
            prepared = await preparing.prepared(target, Plan(connections=100, window=16, seconds=arguments.seconds), os.urandom(4).hex())
            load = await running.run("platform", prepared.command)
            rates.append(load.rate)
            print(f"reference platform, 100 x 16: {load.rate:,.0f} msg/s, p99 {load.latency.percentile(99) * 1000:.1f} ms, generator {load.processor:.0%} of a core, "
                  f"violations {dict(load.violations)}", flush=True)
        return {"name": "platform c100x16", "ours": statistics.median(rates), "other": 40_000, "ratio": statistics.median(rates) / 40_000, "unit": "msg/s",
                "rounds": arguments.rounds}
    finally:
        await target.http.close()
        target.close()


async def measure(arguments):
    rows = []
    pin(0, 0)
    with serving([sys.executable, str(HERE / "echo_server.py")]) as url:
        for name in arguments.rows:
            if name in {"c100x16", "ping"}:
                rows.append(await saturated(url, name, arguments))
            elif name.startswith("paced"):
                rows.append(await paced(url, 10_000 if name == "paced-10k" else 50_000, arguments))
            elif name == "open-500":
                rows.append(await opened(url, arguments))
            else:
                rows.append(await platform(arguments))
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", default=list(ROWS), choices=[*ROWS, list(ROWS)], metavar="ROW")
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", metavar="FILE")
    arguments = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        rows = runner.run(measure(arguments))
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
