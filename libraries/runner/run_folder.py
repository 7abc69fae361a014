"""The folder of one run, ``results/latest``, and ``run.json``: what was asked for, by which versions, on which machine."""

# ruff: noqa: PLC0415 - what is slow to import is imported late: the first line on the screen must not wait for it

import contextlib
import json
import os
import platform
import secrets
import sys
from collections.abc import Mapping
from datetime import datetime
from importlib import metadata
from pathlib import Path

from runner.errors import StartError, disk_sentence

PACKAGES = ("robotframework", "robotframework-pabot", "websockets", "psutil", "pyyaml", "aiohttp", "pydantic")


def create(results: Path) -> Path:
    """A folder that no other run has, with the folders that its processes write into."""
    run = results / f"{datetime.now().astimezone():%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    try:
        for part in ("records", "journals", "progress"):
            (run / part).mkdir(parents=True)
    except OSError as error:
        raise StartError(disk_sentence(error, "write results")) from error
    return run


def point_latest(results: Path, run: Path) -> None:
    """``results/latest`` names the run that started last: a link, or a text file where links cannot be had."""
    beside = results / f".latest-{run.name}"
    try:
        beside.symlink_to(run.name, target_is_directory=True)
    except (OSError, NotImplementedError):
        beside.write_text(run.name + "\n", encoding="utf-8")
    try:
        beside.replace(results / "latest")
    except OSError:
        # A folder of that name, made by hand: the run itself does not need the pointer.
        with contextlib.suppress(OSError):
            beside.unlink()


def latest(results: Path) -> Path:
    """The run that ``results/latest`` names."""
    pointer = results / "latest"
    if pointer.is_file():
        return results / pointer.read_text(encoding="utf-8").strip()
    return pointer.resolve()


def find(results: Path, given: str | None) -> Path:
    """The folder of an earlier run: a path, a run id, or the latest."""
    candidates = [Path(given), results / given] if given else [latest(results)]
    for folder in candidates:
        if (folder / "run.json").is_file():
            return folder.resolve()
    why = f"{given!r} is no run folder: it must hold a run.json." if given else f"There is no run yet in {results}."
    raise StartError(f"{why} Start a run with: python run.py")


def write_facts(run: Path, facts: Mapping[str, object]) -> None:
    """Replaces ``run.json`` in one step, so that a reader never sees half of it."""
    beside = run / ".run.json"
    beside.write_text(json.dumps({"schema": 1, **facts}, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    beside.replace(run / "run.json")


def this_process() -> dict[str, object]:
    """Who makes this run, so that others can tell whether it still goes on: a process id alone may belong to somebody else by then."""
    import psutil

    process = psutil.Process()
    return {"pid": process.pid, "created": process.create_time()}


def versions(kit: str) -> dict[str, str]:
    """Versions of what has a say in the figures, the kit's own first."""
    found = {"lockstep": kit, "python": platform.python_version()}
    for package in PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[package] = metadata.version(package)
    return found


def machine() -> dict[str, object]:
    """The machine that the figures belong to, without its name."""
    import psutil

    return {
        "system": f"{platform.system()} {platform.release()}",
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "memory_mb": psutil.virtual_memory().total // 2**20,
        "python_build": sys.implementation.name,
    }
