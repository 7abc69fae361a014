"""What a soak keeps and goes on with; and a schedule for real: on the correct platform, and on one that confirms too early."""

from __future__ import annotations

import json
from collections import Counter
from types import SimpleNamespace

import pytest

from kill_matrix import matrix, soak
from kill_matrix.matrix import Outcome
from kill_matrix.soak import ROW, Soak, go_on, told
from runner.project import Project

HERE = Project.here()
GOOD = Outcome(ROW)
LOST = Outcome(ROW, {"A test": ("lost",)})
BROKEN = Outcome(ROW, problem="the schedule did not end within 120 s")
STRUCK = Counter(reset=2, blackhole=1)
FIRST = matrix.FIRST_SEED
WITH_A_KILL = 4716


@pytest.fixture
def project(tmp_path):
    for name in ("suites", "results"):
        (tmp_path / name).mkdir()
    return Project(tmp_path, tmp_path / "suites", HERE.resources, tmp_path / "results")


@pytest.fixture
def few(monkeypatch):
    """Three schedules are wanted, and none is really run."""
    monkeypatch.setattr(soak, "WANTED", 3)
    outcomes = {}
    monkeypatch.setattr(soak, "run", lambda seed: (outcomes.get(seed, GOOD), STRUCK))
    return outcomes


def test_it_goes_on_where_it_stopped_until_all_are_done(project, few):
    first = Soak(project)
    first.add(FIRST, GOOD, STRUCK)
    assert list(Soak(project).left()) == [FIRST + 1, FIRST + 2]
    go_on(Soak(project), minutes=1)
    after = Soak(project)
    assert sorted(after.runs) == [FIRST, FIRST + 1, FIRST + 2]
    assert list(after.left()) == []
    assert after.is_clean


def test_no_schedule_begins_when_the_time_is_over(project, few):
    go_on(Soak(project), minutes=0)
    assert Soak(project).runs == {}


def test_what_broke_off_comes_again_and_a_violation_stays(project, few, capsys):
    few |= {FIRST: BROKEN, FIRST + 1: LOST}
    go_on(Soak(project), minutes=1)
    said = capsys.readouterr().out
    assert f"BAD  schedule {FIRST}: the schedule did not end within 120 s; 3 faults (reset 2, blackhole 1)." in said
    assert f"BAD  schedule {FIRST + 1}: lost; 3 faults (reset 2, blackhole 1). To repeat it: python run.py prove --replay {FIRST + 1}" in said
    assert FIRST in list(Soak(project).left())
    assert not Soak(project).is_clean
    del few[FIRST]
    go_on(Soak(project), minutes=1)
    assert {seed: run["agreed"] for seed, run in Soak(project).runs.items()} == {FIRST: True, FIRST + 1: False, FIRST + 2: True}


@pytest.mark.parametrize("change", [
    lambda project, _: (project.suites / "one.robot").write_text("another test"),
    lambda _, monkeypatch: monkeypatch.setattr(soak, "WANTED", 4),
    lambda project, _: (project.results / "soak.json").write_text("[{"),
    lambda project, _: (project.results / "soak.json").write_text("[]"),
])
def test_what_was_found_with_another_kit_does_not_count(project, few, monkeypatch, change):
    Soak(project).add(FIRST, GOOD, STRUCK)
    assert Soak(project).runs
    change(project, monkeypatch)
    assert not Soak(project).runs


def test_the_file_says_what_was_run(project, few):
    Soak(project).add(FIRST, LOST, STRUCK)
    content = json.loads((project.results / "soak.json").read_text())
    assert {**content, "version": "", "suite": ""} == {"schema": 1, "wanted": 3, "version": "", "suite": "", "runs": [
        {"seed": FIRST, "agreed": False, "faults": {"reset": 2, "blackhole": 1}, "observed": ["lost"], "problem": ""}]}


def test_a_fault_that_met_nothing_is_no_result(monkeypatch):
    for codes, killed in ((("fault_not_confirmed",), None), (("fault_not_confirmed", "lost"), True), ((), False)):
        monkeypatch.setattr(soak, "read_outcome", lambda *_, codes=codes: Outcome(ROW, {"A test": codes} if codes else {}))
        monkeypatch.setattr(soak.subprocess, "run", lambda *_, **__: SimpleNamespace(stderr=""))
        outcome, _ = soak.run(1)
        assert outcome.killed is killed


def test_a_good_schedule_needs_no_command():
    assert told(1, GOOD, STRUCK) == "ok   schedule 1: 3 faults (reset 2, blackhole 1)"


@pytest.mark.parametrize(("platform", "agrees"), [((), True), (("--defect", "t3_ack_before_durable"), False)])
def test_a_schedule_with_a_kill_shows_who_keeps_what_was_confirmed(platform, agrees):
    for _ in range(matrix.TRIES):  # a schedule that broke off comes again, as in a soak
        outcome, faults = soak.run(WITH_A_KILL, platform=platform)
        if outcome.killed is not None:
            break
    assert outcome.as_wanted is agrees, told(WITH_A_KILL, outcome, faults)
    assert outcome.violations or agrees, outcome.problem
    assert {"kill", "half_open"} <= set(faults)
