"""What `run.py check` says to an analyst."""

from pathlib import Path

import pytest

from runner import check
from runner.project import Project

KIT = Path(__file__).resolve().parents[3]


@pytest.fixture
def project(tmp_path):
    for folder in ("suites", "resources"):
        (tmp_path / folder).mkdir()
    return Project(tmp_path, tmp_path / "suites", tmp_path / "resources", tmp_path / "results")


def write(project, text, name="a.robot"):
    (project.suites / name).write_text(text)


BROKEN = """*** Settings ***
Documentation       Says why.
Resource            nowhere.resource


*** Test Cases ***
Sends Something
    [Documentation]    Says why.
    Sned Burst    20
    Log    two    three    four    five    six    seven    eight    nine
    Log Many    fine
"""


def test_every_step_that_cannot_run_is_told_with_place_reason_and_advice(project):
    write(project, BROKEN)
    found = {(Path(one.file).name, one.line): one for one in check.dry_run(project)}
    assert found[("a.robot", 3)].what == "Resource file 'nowhere.resource' does not exist."
    assert found[("a.robot", 3)].advice == "Correct the path of the import; it counts from the folder of this file."
    assert found[("a.robot", 9)].what == "No keyword with name 'Sned Burst' found."
    assert "docs/keywords.html" in found[("a.robot", 9)].advice
    assert found[("a.robot", 10)].what.startswith("Keyword 'BuiltIn.Log' expected 1 to 6 arguments, got 8")
    assert len(found) == 3


def test_a_mistake_inside_a_keyword_is_told_where_it_is_and_once(project):
    (project.resources / "words.resource").write_text("*** Keywords ***\nDo It\n    Nothing Like This\n")
    for name in ("a.robot", "b.robot"):
        write(project, "*** Settings ***\nResource    ../resources/words.resource\n*** Test Cases ***\nOne\n    Do It\n", name)
    found = check.dry_run(project)
    assert [(Path(one.file).name, one.line, one.what) for one in found] == [
        ("words.resource", 3, "No keyword with name 'Nothing Like This' found.")
    ]


def test_a_test_without_steps_is_told(project):
    write(project, "*** Test Cases ***\nEmpty\n    [Tags]    x\n")
    found = check.dry_run(project)
    assert [(one.line, one.what) for one in found] == [(2, "Test cannot be empty.")]


def test_style_is_told_with_place_rule_and_advice(project):
    write(project, "*** Test Cases ***\nNo Documentation\n    No Operation\n")
    found = {one.what: one for one in check.style(project)}
    missing = found["Missing documentation in 'No Documentation' test case (DOC02)"]
    assert (Path(missing.file).name, missing.line) == ("a.robot", 2)
    assert missing.advice == "Say in one sentence of [Documentation] why it matters."


def test_layout_and_ordering_are_told_and_put_right_by_fix(project, capsys):
    write(project, '*** Settings ***\nDocumentation    Why.\n*** Test Cases ***\nFine\n    [Documentation]  Why.\n    [Tags]  rms-1\n    No Operation\n')
    assert check.run(project) == 1
    said = capsys.readouterr().out
    assert "The layout is not the agreed one." in said
    assert "pabot.ordering" in said
    assert said.endswith("things to correct.\n")
    assert check.run(project, fix=True) == 0, capsys.readouterr().out
    assert capsys.readouterr().out == (
        "All is well: 1 tests read, every keyword found, every file laid out as agreed. Nothing was run.\n"
    )


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("No keyword with name 'X' found. Did you mean:\n    Y", ""),
        ("Variable '${x}' not found.", "Correct the name, or give it a value in the section *** Variables ***."),
        ("Argument 'count' got value '0' that cannot be converted", "Write a value that the keyword understands; docs/keywords.html shows which."),
        ("something new", ""),
    ],
)
def test_advice_for_a_message(text, advice):
    assert check.advice(text) == advice
