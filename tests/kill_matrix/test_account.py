"""What a proof keeps, what it forgets, and what it makes of several runs. Nothing is run here."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from types import SimpleNamespace

import pytest

from kill_matrix import matrix, prove, soak
from kill_matrix.account import Account
from kill_matrix.matrix import Outcome, Row
from runner.project import Project

DEFECT = Row("r1_dup_reply", "defect", "rms-1", ("duplicated",), ("Twenty*",))
QUIRK = Row("n7_jitter", "quirk", "rms-1")
HERE = Project.here()


@pytest.fixture
def project(tmp_path):
    (tmp_path / "suites").mkdir()
    (tmp_path / "suites" / "one.robot").touch()
    (tmp_path / "results").mkdir()
    return Project(tmp_path, tmp_path / "suites", HERE.resources, tmp_path / "results")


def found(row, *codes, problem=""):
    return Outcome(row, {"A test": codes} if codes else {}, problem=problem)


def entries(project):
    return {entry.get("defect") or entry["quirk"]: entry for entry in json.loads((project.results / "kill_matrix.json").read_text())}


def test_each_row_of_the_plan_has_the_agreed_keys_run_or_not(project):
    account = Account([DEFECT, QUIRK], project)
    account.add(found(DEFECT, "lost", "duplicated"), 1)
    agreed = ("case", "expected", "observed", "killed")
    assert {key: entries(project)["r1_dup_reply"][key] for key in agreed} == {
        "case": "rms-1", "expected": ["duplicated"], "observed": ["lost", "duplicated"], "killed": True,
    }
    assert {key: entries(project)["n7_jitter"][key] for key in agreed} == {"case": "rms-1", "expected": [], "observed": None, "killed": None}
    assert entries(project)["r1_dup_reply"]["description"] == "One answer in 300 is sent twice."


@pytest.mark.parametrize(
    ("row", "outcomes", "killed"),
    [
        (DEFECT, [found(DEFECT, "duplicated")], True),
        (DEFECT, [found(DEFECT, "lost")], False),
        (DEFECT, [found(DEFECT)], False),
        (DEFECT, [found(DEFECT, "duplicated"), found(DEFECT)], False),
        (DEFECT, [found(DEFECT, "duplicated"), found(DEFECT, problem="it did not end")], None),
        (DEFECT, [found(DEFECT, "duplicated", problem="another test ended without a verdict")], True),
        (QUIRK, [found(QUIRK)], False),
        (QUIRK, [found(QUIRK, "too_slow", "unfair")], False),
        (QUIRK, [found(QUIRK, "lost", "too_slow")], True),
        (QUIRK, [found(QUIRK), found(QUIRK, "lost")], True),
        (QUIRK, [found(QUIRK, problem="it did not end")], None),
    ],
)
def test_what_several_runs_come_to(project, row, outcomes, killed):
    account = Account([row], project)
    for seed, outcome in enumerate(outcomes):
        account.add(outcome, seed)
    assert entries(project)[row.name]["killed"] is killed
    assert account.as_wanted(row) is (killed is (row is DEFECT))


def test_what_is_done_is_known_by_tests_and_seed(project):
    Account([DEFECT], project).add(found(DEFECT, "duplicated"), 1)
    account = Account([DEFECT], project)
    assert account.known(DEFECT, 1)
    assert not account.known(DEFECT, 2)
    assert not account.known(dataclasses.replace(DEFECT, tests=()), 1)


def test_what_came_with_the_kit_counts_until_something_newer_is_found(project):
    Account([DEFECT, QUIRK], project).add(found(DEFECT), 1)
    (project.root / "docs").mkdir()
    (project.results / "kill_matrix.json").rename(project.root / "docs" / "kill_matrix.json")
    account = Account([DEFECT, QUIRK], project)
    assert account.known(DEFECT, 1)
    account.add(found(DEFECT, "duplicated"), 1)
    assert Account([DEFECT, QUIRK], project).as_wanted(DEFECT)


def test_what_broke_off_is_not_known_and_replaced_by_a_result(project):
    account = Account([DEFECT], project)
    account.add(found(DEFECT, problem="it did not end"), 1)
    assert not account.known(DEFECT, 1)
    account.add(found(DEFECT, "duplicated"), 1)
    assert [run["problem"] for run in entries(project)["r1_dup_reply"]["runs"]] == [""]


@pytest.mark.parametrize("change", [
    lambda project, row: row if (project.suites / "one.robot").write_text("another test") else None,
    lambda project, row: dataclasses.replace(row, expected=("lost",)),
    lambda project, row: dataclasses.replace(row, variables={"LOADED_MESSAGES": 9}),
])
def test_what_was_found_with_another_kit_or_row_does_not_count(project, change):
    Account([DEFECT], project).add(found(DEFECT, "duplicated"), 1)
    row = change(project, DEFECT)
    assert not Account([row], project).known(row, 1)


@pytest.mark.parametrize("text", ["", "[", "{}", "[1]"])
def test_a_torn_file_begins_anew(project, text):
    (project.results / "kill_matrix.json").write_text(text)
    assert not Account([DEFECT], project).known(DEFECT, 1)


@pytest.fixture
def proving(project, monkeypatch):
    """``prove`` over two rows, whose runs are told by a table."""
    tests = SimpleNamespace(codes={"r1_dup_reply": ("duplicated",), "n7_jitter": ()}, runs=[], schedule=Outcome(soak.ROW))

    def run(row, seed):
        tests.runs.append((row.name, seed))
        return found(row, *tests.codes[row.name])

    monkeypatch.setattr(prove, "rows", lambda thorough: iter([DEFECT, QUIRK]))
    monkeypatch.setattr(prove, "run", run)
    monkeypatch.setattr(prove, "Account", lambda plan: Account(plan, project))
    tests.soaked = soak.Soak(project)
    monkeypatch.setattr(soak, "Soak", lambda: tests.soaked)
    monkeypatch.setattr(soak, "run", lambda seed, **_: (tests.schedule, Counter(reset=1)))
    monkeypatch.setattr(soak, "WANTED", 2)
    return tests


def test_a_proof_goes_on_where_it_stopped_and_ends_with_one_sentence(proving, capsys):
    assert prove.main(["--only", "r1*"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("1 of 1 built-in fault caught; 0 of 1 trial with odd but legal behaviour")
    assert prove.main([]) == 0
    assert sorted(proving.runs) == [("n7_jitter", matrix.FIRST_SEED), ("r1_dup_reply", matrix.FIRST_SEED)]
    assert prove.main(["--seeds", "2", "--only", "rms-1"]) == 0
    assert len(proving.runs) == 4
    assert prove.main(["--again"]) == 0
    assert len(proving.runs) == 6


def test_what_is_not_as_wanted_makes_it_red(proving, capsys):
    proving.codes["n7_jitter"] = ("lost",)
    assert prove.main([]) == 1
    assert "BAD  n7_jitter on rms-1: lost" in capsys.readouterr().out
    assert prove.main(["--only", "r1_dup_reply"]) == 0, "only what was asked for is judged"


def test_random_faults_come_last_and_count(proving, capsys):
    assert prove.main(["--only", "r1*"]) == 0
    assert not proving.soaked.runs
    assert prove.main(["--only", "soak", "--soak-for", "0"]) == 0
    assert not proving.soaked.runs
    assert prove.main([]) == 0
    assert len(proving.soaked.runs) == 2
    assert capsys.readouterr().out.splitlines()[-1].endswith("; server and clients agreed about every message in 2 of 2 random fault schedules.")


def test_a_schedule_that_ends_badly_makes_it_red_and_can_be_repeated(proving, capsys):
    proving.schedule = found(soak.ROW, "lost")
    assert prove.main(["--only", "soak"]) == 1
    assert f"python run.py prove --replay {matrix.FIRST_SEED}" in capsys.readouterr().out
    assert prove.main(["--replay", "77"]) == 1
    assert capsys.readouterr().out.startswith("BAD  schedule 77: lost; 1 faults (reset 1).")
    proving.schedule = found(soak.ROW)
    assert prove.main(["--replay", "77"]) == 0


@pytest.mark.parametrize("words", [["--only", "r9*"], ["--seeds", "0"], ["--soak-for", "-1"]])
def test_bad_input_is_a_sentence_and_code_3(proving, words, capsys):
    assert prove.main(words) == 3
    assert "See: python run.py prove --help" in capsys.readouterr().err
    assert proving.runs == []
