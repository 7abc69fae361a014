"""Shares of a load in processes of their own: what they merge to, and what is said where one of them is missing."""

import json
import os
import subprocess
import sys

import pytest
from robot.api import ExecutionResult

from Lockstep.places import RESOURCES, ROOT

SHARES = """*** Settings ***
Resource          {resources}/lockstep.resource
Suite Setup       Start Shared Target
Suite Teardown    Stop Shared Target
Test Template     Take A Share
Test Tags         hvt-2

*** Test Cases ***
Share 1 Of 2    1 of 2

Share 2 Of 2    2 of 2

*** Keywords ***
Take A Share
    [Arguments]    ${{share}}
    ${{load}} =    Run Load    first in shares    in_flight=4    count=300    connections=3    share=${{share}}
    Load Should Be Lossless And Ordered    ${{load}}
    {between}
    ${{load}} =    Run Load    second in shares    rate=300 msg/s    count=300    connections=3    share=${{share}}
    Load Should Be Lossless And Ordered    ${{load}}
    The Ledger Should Agree With    ${{load}}
"""
TOGETHER = """*** Settings ***
Resource          {resources}/lockstep.resource
Test Tags         hvt-2

*** Test Cases ***
First
    ${{load}} =    Load Of All Shares    first in shares
    Load Should Be Lossless And Ordered    ${{load}}
    Should Be Equal As Integers    ${{load.answered}}    300
    Length Should Be    ${{load.connections}}    3

Second
    ${{load}} =    Load Of All Shares    second in shares
    Load Should Be Lossless And Ordered    ${{load}}
    Throughput Should Be At Least    1 msg/s    ${{load}}
"""
ORDERING = "--test Suites.Crowd Shares.Share 1 Of 2\n--test Suites.Crowd Shares.Share 2 Of 2\n#WAIT\n--suite Suites.Crowd Together\n"


@pytest.fixture
def run(tmp_path):
    """Runs both suites by robot, or by pabot as the runner would; returns test name -> (status, message), and the measured figures."""

    def run(*command, between="No Operation", **environment):
        folder, out = tmp_path / "suites", tmp_path / "out"
        folder.mkdir(exist_ok=True)
        names = {"resources": RESOURCES, "between": between}
        (folder / "1__crowd_shares.robot").write_text(SHARES.format(**names))
        (folder / "2__crowd_together.robot").write_text(TOGETHER.format(**names))
        (tmp_path / "ordering").write_text(ORDERING)
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("LOCKSTEP_", "RAPID_", "CI", "ENVIRONMENT"))}
        done = subprocess.run(
            [sys.executable, "-m", *command, "--outputdir", out, folder], cwd=tmp_path, check=False, capture_output=True, text=True, timeout=170,
            env={**clean, "PYTHONPATH": str(ROOT / "libraries"), **environment})
        tests = {test.name: (test.status, test.message) for test in ExecutionResult(out / "output.xml").suite.all_tests}
        records = [json.loads(line) for file in (out / "records").glob("*.jsonl") for line in file.read_text().splitlines()]
        return tests, [record["name"] for record in records if record["kind"] == "measurement"], done

    return run


def pabot(ordering="ordering"):
    return ("pabot.pabot", "--command", sys.executable, "-m", "robot", "--end-command", "--pabotlibport", "0", "--processes", "2", "--ordering", ordering)


@pytest.mark.parametrize("command", [("robot", "--randomize", "tests:4"), pabot()], ids=["robot", "pabot"])
def test_shares_merge_to_the_whole_load_however_they_are_run(run, command):
    tests, figures, done = run(*command)
    assert {status for name, (status, _) in tests.items() if name.startswith("Share")} == {"PASS"}, done.stdout
    assert tests["First"][0] == "PASS", tests
    assert tests["Second"][0] in {"PASS", "SKIP"}, tests  # a busy machine may void the rate
    assert figures.count("first_in_shares") == 1, "figures are those of all shares, never of one"


def test_a_share_that_is_killed_leaves_nothing_measured_and_nobody_waiting(run):
    kill = "IF    '${share}' == '2 of 2'    Evaluate    os.kill(os.getpid(), signal.SIGKILL)    modules=os, signal"
    tests, figures, done = run(*pabot(), between=kill)
    assert tests["Share 1 Of 2"][0] == "SKIP", (tests, done.stdout)
    assert tests["Share 1 Of 2"][1].startswith("not measured: share 2 of 2"), "and not that it did not come within 30 s"
    assert "did not come" not in tests["Share 1 Of 2"][1]
    assert tests["Second"][0] == "SKIP"
    assert tests["Second"][1].startswith("not measured: share")
    assert "second_in_shares" not in figures


def test_a_share_alone_says_that_the_others_are_missing(run):
    tests, _, _ = run("robot", "--test", "Share 2 Of 2", "--test", "First")
    assert tests["Share 2 Of 2"][0] == "SKIP"
    assert "not measured: only 1 of 2 shares can meet here; select all of them" in tests["Share 2 Of 2"][1]
    assert tests["First"][0] == "SKIP"
    assert tests["First"][1].startswith("not measured: no share of 'first in shares' has run before")
