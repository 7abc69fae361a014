"""Tools that our load is compared with: brought on demand from PyPI, Debian's packages and npm into a cache of the project.

Nothing is installed into the system, and no rights are needed that the user does not have. What cannot be had is *missing*, with a reason.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "benchmarks"
PATIENCE = 600
"""s that one step of an installation may take."""


class Missing(Exception):  # noqa: N818 - no error: it is a finding
    """A peer cannot be had on this machine; the sentence says why."""


def locust() -> Sequence[str]:
    """The command of Locust, in a virtual environment of its own; it has no WebSocket user, so websocket-client comes with it."""
    place = CACHE / "locust"
    python = place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    def bring() -> None:
        _call([sys.executable, "-m", "venv", str(place)])
        _call([str(python), "-m", "pip", "install", "--quiet", "--no-input", "locust>=2.30,<3", "websocket-client>=1.8,<2"])

    _once(place, bring)
    return [str(python), "-m", "locust"]


def artillery() -> Sequence[str]:
    """The command of Artillery, from npm into a prefix of its own."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        raise Missing("npm and node are needed to install Artillery")
    place = CACHE / "artillery"

    def bring() -> None:
        _call(["npm", "install", "--prefix", str(place), "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", "artillery@2.0.21"])

    _once(place, bring)
    return ["node", str(place / "node_modules" / "artillery" / "bin" / "run")]


def tsung() -> Path:
    """The folder with Tsung and Erlang below it: the system's where it is installed, else Debian's packages, unpacked."""
    if shutil.which("tsung") and shutil.which("erl"):
        return Path("/")
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise Missing("Tsung is not installed, and there is no apt-get to bring it")
    place = CACHE / "tsung"

    def bring() -> None:
        planned = _call(["apt-get", "install", "--simulate", "--no-install-recommends", "tsung"]).splitlines()
        wanted = [line.split()[1] for line in planned if line.startswith("Inst ")]
        packages = [name for name in wanted if name == "tsung" or name.startswith("erlang-")]  # what it needs for plots is left out
        place.mkdir(parents=True)
        _call(["apt-get", "download", *packages], place)
        for package in sorted(place.glob("*.deb")):
            _call(["dpkg-deb", "--extract", str(package), str(place)])
            package.unlink()

    _once(place, bring)
    return place


def _once(place: Path, bring: Callable[[], None]) -> None:
    """Brings a tool unless it is there whole; what an interrupted start left behind is thrown away."""
    whole = place / ".whole"
    if whole.is_file():
        return
    print(f"Installing {place.name} into {place} ...", file=sys.stderr, flush=True)
    try:
        shutil.rmtree(place, ignore_errors=True)
        place.parent.mkdir(parents=True, exist_ok=True)
        bring()
        whole.touch()
    except OSError as error:
        raise Missing(f"it could not be installed ({error.strerror or error})") from error


def _call(command: Sequence[str], folder: Path | None = None) -> str:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        raise Missing(f"'{' '.join(command[:4])} ...' did not end within {PATIENCE} s") from None
    if done.returncode:
        lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        errors = [line for line in lines if line.lower().startswith(("error", "e:", "npm error"))] or lines or ["no message"]
        raise Missing(f"'{' '.join(command[:4])} ...' failed: {errors[-1][:200]}")
    return done.stdout
