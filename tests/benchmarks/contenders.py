"""Who puts load on the echo server in a comparison: how each is started, and whether what it found has to be looked at."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

from benchmarks import lane, peers
from benchmarks.stage import ECHO, HERE
from Lockstep.engine.load.plan import Plan

SCENARIOS = HERE / "scenarios"
AT_MOST = 60
"""s after which a peer would end by itself, were it not ended."""


@dataclass(frozen=True)
class Shape:
    """So many connections, each with so many unanswered messages."""

    name: str
    connections: int
    window: int


@dataclass(frozen=True)
class Launch:
    """What starts a contender."""

    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    given: bytes = b""


class Contender:
    """A program that sends, reads replies and goes on until it is ended."""

    server = ECHO
    """The server that it is put on."""
    ends = False
    """It ends by itself after ``lasts`` seconds, and what it said must be judged."""

    def launch(self, url: str, shape: Shape, lasts: float, folder: Path) -> Launch:
        """How to start it against this address; ``folder`` is empty and its own."""
        raise NotImplementedError

    def judge(self, said: str) -> None:
        """Raises Failed unless every reply was as it should be."""


class Ours(Contender):
    """The load lane: every reply checked for loss, order, second answers, strangers, digest, sequence and offset."""

    ends = True

    def launch(self, url: str, shape: Shape, lasts: float, folder: Path) -> Launch:
        self._plan = Plan(connections=shape.connections, window=shape.window, seconds=lasts)
        return Launch(lane.SHARD, given=lane.command_for(url, self._plan).model_dump_json(by_alias=True).encode() + b"\n")

    def judge(self, said: str) -> None:
        lane.checked(self._plan, said)


class Websockets(Contender):
    """The high-level client of ``websockets`` with uvloop and orjson, and the same checks of every reply."""

    ends = True

    def launch(self, url: str, shape: Shape, lasts: float, folder: Path) -> Launch:
        return Launch([sys.executable, str(SCENARIOS / "websockets_client.py"), url, str(shape.connections), str(shape.window), str(lasts)])


class RawTcp(Contender):
    """No WebSocket and no JSON: pieces of 163 bytes go to and fro, neither side looks at them."""

    server = [sys.executable, str(HERE / "raw_tcp.py"), "serve"]

    def launch(self, url: str, shape: Shape, lasts: float, folder: Path) -> Launch:
        return Launch([sys.executable, str(HERE / "raw_tcp.py"), "load", url, str(shape.connections), str(shape.window)])


class Locust(Contender):
    """A user for each connection, which sends ``window`` messages and reads as many replies; JSON and order checked in its own code."""

    def launch(self, url: str, shape: Shape, lasts: float, folder: Path) -> Launch:
        words = [*peers.locust(), "--headless", "--only-summary", "--locustfile", str(SCENARIOS / "locustfile.py"), "--users", str(shape.connections),
                 "--spawn-rate", str(shape.connections), "--run-time", f"{lasts + AT_MOST:.0f}s", "--host", url]
        return Launch(words, {"BENCH_WINDOW": str(shape.window)})


class Tsung(Contender):
    """A user for each connection, which sends a message and takes any frame for its answer: it cannot keep several unanswered and read each."""

    def launch(self, url: str, shape: Shape, lasts: float, folder: Path) -> Launch:
        place, plan = peers.tsung(), folder / "tsung.xml"
        host, port = url.removeprefix("ws://").split("/")[0].split(":")
        plan.write_text(Template((SCENARIOS / "tsung.xml").read_text("utf-8")).substitute(
            dtd=place / "usr/share/tsung/tsung-1.0.dtd", host=host, port=port, users=shape.connections,
            interval=f"{0.5 / shape.connections:.4f}", seconds=f"{lasts + AT_MOST:.0f}"), "utf-8")
        return Launch([sys.executable, str(SCENARIOS / "tsung.py"), str(place), str(plan)])


class Artillery(Contender):
    """A virtual user for each connection, which sends a message and waits for the reply that matches: one unanswered at a time."""

    def launch(self, url: str, shape: Shape, lasts: float, folder: Path) -> Launch:
        plan = json.loads((SCENARIOS / "artillery.json").read_text("utf-8"))
        plan["config"] = {"target": url, "phases": [{"duration": 1, "arrivalCount": shape.connections}]}
        (folder / "plan.json").write_text(json.dumps(plan), "utf-8")
        return Launch([*peers.artillery(), "run", "--quiet", str(folder / "plan.json")], {"ARTILLERY_DISABLE_TELEMETRY": "true", "HOME": str(folder)})


CONTENDERS: dict[str, type[Contender]] = {
    "websockets": Websockets, "locust": Locust, "tsung": Tsung, "artillery": Artillery, "raw TCP": RawTcp,
}
