"""``run.py watch``: a run seen from a second terminal. It only reads files of the run's folder, and the run knows nothing of it."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

import psutil

import phase_progress
from runner import display, outcome, run_folder
from runner.errors import Exit, StartError
from runner.following import Follower
from runner.selection import title_of

EVERY = 0.5
AFTER = 5.0
"""s without a living process after which plain robot or pabot has ended: one process may follow another."""


def watch(results: Path, given: str | None, stream: TextIO = sys.stdout) -> int:
    """Follows a run until it ends; none of them running is said."""
    run = _chosen(results, given)
    if not goes_on(run):
        raise StartError(f"{_ended(run)} Nothing is left to watch there; start a run with: python run.py")
    painter = display.Painter(stream, os.environ)
    painter.line(f"Watching {outcome.shorter(run, Path.cwd())}", display.BOLD)
    facts = _facts(run)
    (_follow_run if facts else _follow_processes)(run, facts, stream)
    painter.line("")
    painter.line(_ended(run), display.BOLD)
    for label, path in outcome.paths(run, Path.cwd()):
        painter.line(f"  {label:<12}  {path}")
    return Exit.READY


def goes_on(run: Path) -> bool:
    """Whether a process still works on this run: the runner, or one that has written there (plain robot and pabot)."""
    made_by = _facts(run).get("process")
    if made_by:
        created = _created(int(made_by["pid"]))
        return created is not None and abs(created - float(made_by["created"])) < 1
    written = [*run.glob(f"{phase_progress.FOLDER}/*.json"), *run.glob("records/*.jsonl")]
    return any(_is_writer(file) for file in written if file.stem.isdecimal())


def _chosen(results: Path, given: str | None) -> Path:
    """The run that is named, or the newest that goes on, or the latest."""
    if given and any((Path(given) / folder).is_dir() for folder in (phase_progress.FOLDER, "records")):
        return Path(given)
    if given is None:
        runs = sorted((file.parent for file in results.glob("*/run.json") if file.parent.name != "latest"), reverse=True)
        for run in runs:
            if goes_on(run):
                return run
    return run_folder.find(results, given)


def _follow_run(run: Path, facts: dict[str, Any], stream: TextIO) -> None:
    """What the runner's own terminal shows, from ``pabot.log``."""
    tests: dict[str, int] = facts.get("tests") or {}
    shown = display.display(stream, max(map(len, map(title_of, tests)), default=0))
    follower = Follower(run, tests, shown)
    try:
        for lines in _growing(run / "pabot.log", lambda: goes_on(run)):
            for line in lines:
                follower.line(line)
            follower.draw()
    finally:
        shown.close()


def _follow_processes(run: Path, _facts: dict[str, Any], stream: TextIO) -> None:
    """Without the runner nobody says which suites there are: what is known are the phases that processes tell of."""
    shown = display.display(stream, 0)
    board, newest = display.Board(0), dict[int, phase_progress.Progress]()
    alive = time.monotonic()
    try:
        while time.monotonic() - alive < AFTER:
            alive = time.monotonic() if goes_on(run) else alive
            newest = phase_progress.read(run, newest)
            board.running = {
                pid: display.Running(f"{title_of(word.suite)} / {word.test}", 0, _since(word, board.running.get(pid)), pid, word)
                for pid, word in sorted(newest.items())
            }
            shown.tick(board)
            time.sleep(EVERY)
    finally:
        shown.close()


def _since(word: phase_progress.Progress, before: display.Running | None) -> float:
    """When the phase began, for a clock that shows how long it lasts."""
    if before is not None and before.progress is not None and before.progress.phase == word.phase:
        return before.since
    return time.monotonic() - max(0.0, time.time() - (word.begun or word.updated))


def _growing(file: Path, more: Callable[[], bool]) -> Iterator[list[str]]:
    """The lines of a file as they are written, some at a time, until there will be no more."""
    rest, place = "", 0
    while True:
        last = not more()
        try:
            with file.open(encoding="utf-8", errors="replace", newline="\n") as log:
                log.seek(place)
                rest += log.read()
                place = log.tell()
        except FileNotFoundError:
            pass
        *lines, rest = rest.split("\n")
        yield lines
        if last:
            return
        time.sleep(EVERY)


def _ended(run: Path) -> str:
    """How the run ended, in its own words where it left some."""
    try:
        review = json.loads((run / "final_review.json").read_text(encoding="utf-8"))
        sentence = str(review["sentence"])
    except (OSError, ValueError, TypeError, KeyError):
        sentence = ""
    return f"The run in {outcome.shorter(run, Path.cwd())} has ended.{f' {sentence}' if sentence else ''}"


def _facts(run: Path) -> dict[str, Any]:
    try:
        facts = json.loads((run / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return facts if isinstance(facts, dict) else {}


def _is_writer(file: Path) -> bool:
    """Whether the process that the file is named after still lives; a younger one only has its number."""
    created = _created(int(file.stem))
    try:
        return created is not None and created <= file.stat().st_mtime
    except OSError:
        return False


def _created(pid: int) -> float | None:
    """When a living process was created."""
    try:
        process = psutil.Process(pid)
        return process.create_time() if process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.Error:
        return None
