"""What is read from a finished run: a kill is a failed test of the case with an expected code, and nothing else."""

from __future__ import annotations

import io
import json
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import SimpleNamespace

import pytest
from robot import api

from kill_matrix import matrix
from kill_matrix.matrix import Outcome, Row, read_outcome

DEFECT = Row("r1_x", "defect", "rms-1", ("lost", "phantom"))
QUIRK = Row("n1_x", "quirk", "rms-1")
STATUS = {"PASS": "No Operation", "FAIL": "Fail", "SKIP": "Skip"}
WHY = {"VOID": "invalid: the generator sent late"}


@pytest.fixture
def outcome(tmp_path):
    """The outcome of a run with these tests: (status, tag, codes in its records)."""

    def of(row, *tests):
        root = api.TestSuite(name="Suites")
        (tmp_path / "records").mkdir()
        lines = []
        for number, (status, tag, *codes) in enumerate(tests):
            test = root.tests.create(name=f"Test {number}", tags=[tag])
            test.body.create_keyword(name=STATUS.get(status, "Skip"), args=[] if status == "PASS" else [WHY.get(status, "why it ended\nso")])
            lines.append({"kind": "verdict", "test": f"Suites.Test {number}", "counts": dict.fromkeys(codes, 1)})
            lines.append({"kind": "measurement", "test": f"Suites.Test {number}"})
        (tmp_path / "records" / "1.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        root.run(output=str(tmp_path / "output.xml"), stdout=io.StringIO(), stderr=io.StringIO())
        return read_outcome(row, tmp_path, "at once")

    return of


@pytest.mark.parametrize(
    ("row", "tests", "killed"),
    [
        (DEFECT, [("PASS", "rms-1"), ("FAIL", "rms-1", "phantom")], True),
        (DEFECT, [("FAIL", "rms-1", "reordered")], False),
        (DEFECT, [("PASS", "rms-1", "lost")], False),
        (DEFECT, [("PASS", "rms-1"), ("FAIL", "rms-2", "lost")], False),
        (DEFECT, [("FAIL", "rms-1")], None),
        (DEFECT, [("FAIL", "rms-1"), ("FAIL", "rms-1", "lost")], True),
        (DEFECT, [("SKIP", "rms-1")], None),
        (DEFECT, [("PASS", "rms-2")], None),
        (DEFECT, [("PASS", "rms-1"), ("SKIP", "rms-1")], False),
        (DEFECT, [("PASS", "rms-1"), ("VOID", "rms-1")], None),
        (DEFECT, [("FAIL", "rms-1", "lost"), ("VOID", "rms-1")], True),
        (QUIRK, [("PASS", "rms-1"), ("SKIP", "rms-1")], False),
        (QUIRK, [("PASS", "rms-1"), ("VOID", "rms-1")], False),
        (QUIRK, [("VOID", "rms-1")], None),
        (QUIRK, [("FAIL", "rms-1", "too_slow")], False),
        (QUIRK, [("FAIL", "rms-1", "too_slow", "lost")], True),
        (QUIRK, [("PASS", "rms-1"), ("FAIL", "rms-1")], None),
        (QUIRK, [("SKIP", "rms-1")], None),
    ],
)
def test_what_counts(outcome, row, tests, killed):
    assert outcome(row, *tests).killed is killed


def test_what_broke_off_is_told(outcome):
    assert outcome(QUIRK, ("PASS", "rms-1"), ("FAIL", "rms-1")).told == "BAD  n1_x on rms-1: Test 1: why it ended"


def test_a_run_without_a_result_says_how_it_ended(tmp_path):
    assert read_outcome(QUIRK, tmp_path, "after 3 s: no such file").told == "BAD  n1_x on rms-1: the run left no result, it ended after 3 s: no such file"


@pytest.mark.parametrize(("row", "tests", "invalid"), [
    (DEFECT, [("VOID", "rms-1")], WHY["VOID"]), (DEFECT, [("PASS", "rms-1"), ("VOID", "rms-1")], WHY["VOID"]), (DEFECT, [("SKIP", "rms-1")], ""),
    (DEFECT, [("PASS", "rms-1"), ("VOID", "rms-2")], ""), (DEFECT, [("FAIL", "rms-1", "lost"), ("VOID", "rms-1")], ""),
    (DEFECT, [("FAIL", "rms-1"), ("VOID", "rms-1")], ""), (QUIRK, [("VOID", "rms-1")], WHY["VOID"]),
    (QUIRK, [("FAIL", "rms-1", "lost"), ("VOID", "rms-1")], ""), (QUIRK, [("PASS", "rms-1"), ("VOID", "rms-1")], ""),
])
def test_a_row_without_a_result_says_why_this_machine_could_not_measure(outcome, row, tests, invalid):
    assert outcome(row, *tests).invalid == invalid


def test_a_void_row_is_told_as_such(outcome):
    assert outcome(DEFECT, ("VOID", "rms-1"), ("FAIL", "rms-1", "reordered")).told == "void r1_x on rms-1: invalid: the generator sent late"


VOID = {"problem": "invalid: late", "void": "invalid: late"}


@pytest.fixture
def machine(monkeypatch):
    """What others leave idle of the processors, look by look; nothing waits."""
    idle = []
    monkeypatch.setattr(matrix.psutil, "cpu_times_percent", lambda interval: SimpleNamespace(idle=idle.pop(0) if idle else 100.0))
    return idle


@pytest.mark.parametrize(("outcomes", "runs"), [
    ([{"failed": {"a": ("lost",)}}], 1), ([{"failed": {}}], 1), ([VOID, {"failed": {"a": ("lost",)}}], 2), ([{"void": "invalid: late"}, {"failed": {}}], 2),
    ([{"failed": {"a": ("lost",)}, "void": "invalid: late"}], 1), ([VOID] * 3, 3),
])
def test_a_row_is_run_again_only_where_the_machine_could_not_measure_it(monkeypatch, machine, outcomes, runs):
    left = [Outcome(DEFECT, **facts) for facts in outcomes]
    monkeypatch.setattr(matrix, "_tried", lambda row, seed: left.pop(0))
    assert matrix.run(DEFECT, 1).void == outcomes[-1].get("void", "")
    assert len(outcomes) - len(left) == runs


def test_a_row_that_could_not_be_measured_runs_alone_the_next_time(monkeypatch, machine):
    running, most, tries = set(), {}, Counter()
    together = threading.Barrier(2)

    def tried(row, seed):
        running.add(seed)
        tries[seed] += 1
        if tries[seed] == 1:
            together.wait(30)  # both are in it the first time
        most[seed, tries[seed]] = len(running)
        time.sleep(0.05)
        running.discard(seed)
        return Outcome(row, **VOID)

    monkeypatch.setattr(matrix, "_tried", tried)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(partial(matrix.run, DEFECT), (1, 2)))
    assert {key: count for key, count in most.items() if key[1] > 1} == {(seed, turn): 1 for seed in (1, 2) for turn in (2, 3)}


def test_the_next_try_waits_until_others_are_through(monkeypatch, machine):
    machine += [0.0, 20.0, 90.0, 10.0]
    left = [Outcome(DEFECT, **VOID), Outcome(DEFECT, {"a": ("lost",)})]
    monkeypatch.setattr(matrix, "_tried", lambda row, seed: left.pop(0))
    assert matrix.run(DEFECT, 1).as_wanted
    assert machine == [10.0]


def test_it_does_not_wait_for_ever(monkeypatch, machine):
    machine += [0.0] * 9
    monkeypatch.setattr(matrix, "PATIENCE", 0.0)
    monkeypatch.setattr(matrix, "_tried", lambda row, seed: Outcome(row, **VOID))
    assert matrix.run(DEFECT, 1).invalid
    assert len(machine) == 7
