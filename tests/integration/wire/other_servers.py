"""Tries the conformance table at three servers that nobody here wrote, and at the reference platform; prints the table of docs/wire_conformance.md.

``python run.py test`` does the same and compares; by hand:  ``.venv/bin/python tests/integration/wire/other_servers.py``
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[3]
SERVERS = Path(__file__).parent / "servers"
NODE_MODULES = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lockstep" / "ticket_desk" / "node_modules"


class Server(NamedTuple):
    """One that can be started: it prints its port and ends with its input."""

    name: str
    command: list[str]
    path: str


OTHERS = [
    Server("websockets", [sys.executable, str(SERVERS / "with_websockets.py")], "/ws"),
    Server("aiohttp", [sys.executable, str(SERVERS / "with_aiohttp.py")], "/ws"),
    Server("ws", ["node", str(SERVERS / "with_ws.js")], "/ws"),
]


@contextmanager
def running(server: Server) -> Iterator[dict[str, Any]]:
    """What the server said when it was ready."""
    environment = {**os.environ, "NODE_PATH": str(NODE_MODULES)}
    with subprocess.Popen(server.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.stdin.close()
            process.wait(20)


def wire(url: str, *options: str) -> tuple[subprocess.CompletedProcess[str], list[dict[str, Any]]]:
    """``run.py wire`` at an address, and what it saw."""
    with tempfile.TemporaryDirectory() as folder:
        seen = Path(folder) / "seen.json"
        done = subprocess.run(
            [sys.executable, "-m", "Lockstep.wire.command", url, "--json", str(seen), *options], capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT / "libraries")},
        )
        return done, json.loads(seen.read_text(encoding="utf-8")) if seen.exists() else []


def kept(server: Server) -> tuple[str, dict[str, dict[str, Any]]]:
    """The server's version, and by rule: what it did (``way``), and whether that is allowed at each level."""
    with running(server) as ready:
        url = f"ws://127.0.0.1:{ready['port']}{server.path}"
        seen = wire(url)[1]
    return ready["version"], {one["rule"]: one for one in seen}


def markdown(results: dict[str, tuple[str, dict[str, dict[str, Any]]]]) -> str:
    """The rules about which servers differ from the letter, and how many each of them keeps."""
    names = list(results)
    lines = ["| rule (RFC 6455) | " + " | ".join(f"{name} {results[name][0]}" for name in names) + " |", "|---|" + "---|" * len(names)]
    rules = list(next(iter(results.values()))[1].values())
    for level in ("strict", "lenient"):
        counts = [sum(one[level] for one in results[name][1].values()) for name in names]
        lines.append(f"| **kept at the {level} level** | " + " | ".join(f"**{count} of {len(rules)}**" for count in counts) + " |")
    for rule in rules:
        cells = [results[name][1][rule["rule"]] for name in names]
        if not all(cell["strict"] for cell in cells):
            lines.append(f"| {rule['rule']} ({rule['rfc']}) | " + " | ".join(_cell(cell) for cell in cells) + " |")
    return "\n".join(lines)


def _cell(cell: dict[str, Any]) -> str:
    way = cell["why"] or cell["way"]
    return way if cell["strict"] else f"*{way}*" if cell["lenient"] else f"**{way}**"


if __name__ == "__main__":
    print(markdown({server.name: kept(server) for server in OTHERS}))
