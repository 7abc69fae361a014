"""A ticket desk in Node, and Jupyter's packages: servers of other stacks, for real."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from integration.Lockstep.conftest import Robot

DESK = Path(__file__).parent / "ticket_desk"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lockstep" / "ticket_desk"
TOKEN = "desk-token"


@pytest.fixture
def robot(tmp_path):
    return Robot(tmp_path)


@pytest.fixture(scope="session")
def node_modules():
    """Where the desk's one package is: installed once into a cache beside the browser tests' own."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            pytest.skip(f"no {program} found: install the Debian package npm")
    CACHE.mkdir(parents=True, exist_ok=True)
    if not (CACHE / "node_modules" / "ws" / "package.json").is_file():
        shutil.copy(DESK / "package.json", CACHE)
        done = subprocess.run(
            ["npm", "install", "--prefix", CACHE, "--no-audit", "--no-fund", "--loglevel=error"], capture_output=True, text=True, check=False,
        )
        if done.returncode:
            pytest.skip(f"npm could not install ws into {CACHE}: {done.stderr.strip().splitlines()[-1:]}")
    return CACHE / "node_modules"


@pytest.fixture
def desk(node_modules):
    """The ticket desk as its own process, on a port of its choice."""
    process = subprocess.Popen(
        ["node", DESK / "server.js"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "NODE_PATH": str(node_modules), "DESK_TOKEN": TOKEN},
    )
    with process:
        port = json.loads(process.stdout.readline())["port"]
        yield SimpleNamespace(file=DESK / "ticket-desk.yaml", environment={"DESK_URL": f"ws://127.0.0.1:{port}/desk", "DESK_TOKEN": TOKEN})
        process.stdin.close()
        assert process.wait(10) == 0


@pytest.fixture(scope="session")
def jupyter():
    """Skips where the packages of the target jupyter are not installed."""
    missing = [module for module in ("jupyter_server", "ipykernel") if importlib.util.find_spec(module) is None]
    if missing:
        pytest.skip(f"no {' and '.join(missing)} found: python -m pip install -r requirements-jupyter.txt")
