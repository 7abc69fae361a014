"""What a display is told of pabot's lines, and whether a run still goes on."""

import io
import json
import os
import subprocess
import sys
import time
from datetime import datetime, timedelta

import psutil
import pytest

import phase_progress
from phase_progress import Progress
from runner import watch
from runner.errors import StartError
from runner.following import Follower
from runner.project import Project


class Shown:
    def __init__(self):
        self.begun, self.over, self.boards = [], [], []

    def started(self, suite):
        self.begun.append(suite)

    def ended(self, suite):
        self.over.append(suite)

    def tick(self, board):
        self.boards.append([(suite.title, suite.progress) for suite in board.running.values()])


def said(seconds_ago, pid, item, what):
    return f"{datetime.now() - timedelta(seconds=seconds_ago):%Y-%m-%d %H:%M:%S.%f} [PID:{pid}] [0] [ID:{item}] {what}"  # noqa: DTZ005 - as pabot writes it


def test_a_suite_that_began_long_before_somebody_looked_shows_its_whole_time(tmp_path):
    shown = Shown()
    follower = Follower(tmp_path, {"Suites.A.Long": 3, "Suites.B": 1}, shown)
    follower.line("Initialized logging")
    follower.line(said(100, 4711, 0, "EXECUTING Suites.A.Long"))
    follower.line("nonsense")
    (running,) = shown.begun
    assert (running.title, running.tests, running.pid) == ("A / Long", 3, 4711)
    assert 99 < time.monotonic() - running.since < 130
    assert (follower.said, follower.started) == (["Initialized logging"], 1)
    follower.line(said(60, 4711, 0, "PASSED Suites.A.Long in 40 seconds"))
    assert [(suite.title, round(suite.seconds)) for suite in shown.over] == [("A / Long", 40)]
    assert shown.over[0].complaint


def test_each_suite_shows_the_word_of_its_process_or_else_of_its_name(tmp_path):
    shown = Shown()
    follower = Follower(tmp_path, {}, shown)
    follower.line(said(1, os.getpid(), 0, "EXECUTING Suites.A"))
    follower.line(said(1, 1, 1, "EXECUTING Suites.B"))
    phase_progress.write(tmp_path, Progress(suite="Suites.B", phase="peak"))
    follower.draw()
    assert [(title, word.phase) for title, word in shown.boards[0]] == [("A", "peak"), ("B", "peak")]


def runs(results, name, **facts):
    folder = results / name
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps({"schema": 1, **facts}))
    return folder


def this_process():
    return {"pid": os.getpid(), "created": psutil.Process().create_time()}


def test_the_newest_run_that_goes_on_is_watched(tmp_path):
    runs(tmp_path, "20260101-1", process=this_process())
    going = runs(tmp_path, "20260102-1", process=this_process())
    runs(tmp_path, "20260103-1", process={"pid": os.getpid(), "created": 5.0})  # the number belongs to somebody else by now
    runs(tmp_path, "20260104-1")
    (tmp_path / "20260105-1").mkdir()
    (tmp_path / "20260105-1" / "run.json").write_text("{half")
    assert watch._chosen(tmp_path, None) == going


def test_that_nothing_runs_is_said_with_what_became_of_the_latest_run(tmp_path):
    run = runs(tmp_path / "results", "20260104-1", process={"pid": os.getpid(), "created": 5.0})
    (run / "final_review.json").write_text('{"sentence": "Ready within profile quick."}')
    (tmp_path / "results" / "latest").symlink_to(run)
    with pytest.raises(StartError, match=r"^The run in .*20260104-1 has ended\. Ready within profile quick\. Nothing is left to watch there; start a run with: "):
        watch.watch(tmp_path / "results", None)
    with pytest.raises(StartError, match=r"^There is no run yet in .*nowhere\. Start a run with: python run\.py$"):
        watch.watch(tmp_path / "nowhere", None)
    with pytest.raises(StartError, match=r"^'odd' is no run folder"):
        watch.watch(tmp_path / "results", "odd")


def test_plain_robot_is_known_by_the_files_of_its_process(tmp_path):
    assert not watch.goes_on(tmp_path)
    phase_progress.write(tmp_path, Progress())
    assert watch.goes_on(tmp_path)
    phase_progress.remove(tmp_path)
    assert not watch.goes_on(tmp_path)
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        record = tmp_path / "records" / f"{child.pid}.jsonl"
        record.parent.mkdir()
        record.touch()
        assert watch.goes_on(tmp_path)
        os.utime(record, (5.0, 5.0))
        assert not watch.goes_on(tmp_path), "written before that process was there"
    finally:
        child.communicate()
    record.touch()
    assert not watch.goes_on(tmp_path)


PLAIN = """
import os, sys
from pathlib import Path
import phase_progress
run = Path(sys.argv[1])
(run / "records").mkdir()
(run / "records" / f"{os.getpid()}.jsonl").touch()
phase_progress.write(run, phase_progress.Progress(suite="Suites.A", test="Long", phase="peak", done=5, total=10, updated=4e9))
print("up", flush=True)
sys.stdin.read()
"""


def test_a_run_of_plain_robot_is_watched_until_its_process_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(watch, "AFTER", 1.0)
    robot = subprocess.Popen([sys.executable, "-c", PLAIN, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=Project.here().environment())
    assert robot.stdout.readline() == b"up\n"

    class Terminal(io.StringIO):
        def isatty(self):
            return True

        def write(self, text):
            if "peak  5 of 10" in text:  # seen: now it may end
                robot.communicate()
            return super().write(text)

    shown = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    assert watch.watch(tmp_path, str(tmp_path), shown) == 0
    assert "A / Long" in shown.getvalue()
    assert "has ended." in shown.getvalue().splitlines()[-1]


def test_lines_are_read_as_they_are_written_and_none_is_lost_at_the_end(tmp_path, monkeypatch):
    monkeypatch.setattr(watch, "EVERY", 0.0)
    file, turns = tmp_path / "pabot.log", iter(["", "one\ntw", "o\n", "three\n"])

    def more():
        text = next(turns)
        if text:
            with file.open("a") as log:
                log.write(text)
        return text != "three\n"

    assert list(watch._growing(file, more)) == [[], ["one"], ["two"], ["three"]]
