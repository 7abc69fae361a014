"""The word of a process about its phase: written in one step, read by anybody, put into words."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

import phase_progress
from phase_progress import Progress, number, read, write
from phase_progress.progress import duration

FULL = Progress(phase="peak", done=450, total=12_000, rate=98.25, p99=0.0123, violations=2, begun=1000.0, planned=60.0, updated=1010.0)


def test_everything_that_is_known_is_told():
    assert FULL.text(1010.4) == "peak  450 of 12 000, 98/s, p99 12.3 ms, 2 violations, 50 s left"


@pytest.mark.parametrize(("word", "now", "text"), [
    (Progress(phase="peak", stage="opening 100 connections", updated=5.0), 5.0, "peak  opening 100 connections"),
    (Progress(phase="flood", done=450, violations=1, updated=5.0), 5.0, "flood  450, 1 violation"),
    (Progress(phase="peak", begun=0.0, planned=60.0, updated=60.1), 60.5, "peak  waiting for the last answers"),
    (Progress(test="Long One", updated=5.0), 5.0, "Long One"),
])
def test_what_is_not_known_is_not_told(word, now, text):
    assert word.text(now) == text


def test_an_old_word_promises_no_end():
    assert FULL.text(1015.1) == "peak  450 of 12 000, 98/s, p99 12.3 ms, 2 violations, no news for 5 s"
    assert "left" in FULL.text(1014.9)


def test_what_is_written_is_read_and_gone_when_the_phase_is_over(tmp_path):
    write(tmp_path, FULL)
    assert read(tmp_path) == {os.getpid(): FULL}
    phase_progress.remove(tmp_path)
    assert read(tmp_path) == {}
    assert list((tmp_path / "progress").iterdir()) == []


def test_a_file_that_cannot_be_replaced_keeps_the_word_before(tmp_path, monkeypatch):
    """Windows refuses to replace a file that somebody has open."""
    write(tmp_path, FULL)

    def refused(self, target):
        raise PermissionError(13, "used by another process")

    monkeypatch.setattr(Path, "replace", refused)
    write(tmp_path, Progress(phase="later"))
    assert read(tmp_path) == {os.getpid(): FULL}
    monkeypatch.undo()
    write(tmp_path, Progress(phase="later"))
    assert read(tmp_path)[os.getpid()].phase == "later"


def test_a_folder_that_cannot_be_written_disturbs_nothing(tmp_path):
    (tmp_path / "progress").write_text("in the way")
    write(tmp_path, FULL)
    phase_progress.remove(tmp_path)
    assert (tmp_path / "progress").read_text() == "in the way"


def test_files_that_are_damaged_are_what_they_were_before(tmp_path):
    folder = tmp_path / "progress"
    folder.mkdir()
    (folder / "12.json").write_text('{"suite": "A", "done": 3, "updated": 5, "later": [1], "phase": null}')
    (folder / "13.json").write_text('{"suite": "A", "do')
    (folder / "14.json").write_text("[]")
    (folder / "15.json").write_text('{"done": "many"}')
    (folder / "x.json").write_text("{}")
    (folder / "12.new").write_text("half a wo")
    assert read(tmp_path) == {12: Progress(suite="A", done=3, updated=5), 15: Progress()}
    assert read(tmp_path, {13: FULL, 99: FULL})[13] == FULL
    assert 99 not in read(tmp_path, {99: FULL}), "its phase is over"


def test_a_file_that_goes_while_it_is_looked_for_is_a_phase_that_is_over(tmp_path, monkeypatch):
    write(tmp_path, FULL)

    def gone(self, **how):
        raise FileNotFoundError(2, "no such file")

    monkeypatch.setattr(Path, "read_text", gone)
    assert read(tmp_path, {os.getpid(): FULL}) == {}


@pytest.mark.parametrize(("value", "text"), [(0, "0"), (7, "7"), (0.53, "0.53"), (98.4, "98"), (1234567, "1 234 567")])
def test_numbers_are_short(value, text):
    assert number(value) == text


@pytest.mark.parametrize(("seconds", "text"), [(-1, "0 s"), (0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (125, "2 min 05 s"), (4200, "1 h 10 min")])
def test_durations_are_short(seconds, text):
    assert duration(seconds) == text


def test_a_latency_of_seconds_is_said_in_seconds():
    assert ", p99 40.5 s, " in replace(FULL, p99=40.52).text(1010.4)
