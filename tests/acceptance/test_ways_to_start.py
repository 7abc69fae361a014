"""Suites run without the runner as well, in every way that Robot users know."""

from __future__ import annotations

import shutil

import pytest

from acceptance.robot_alone import all_green, in_any_order, robot
from acceptance.running import ROOT, Finished, finish

SUITES = str(ROOT / "suites")
SOME_OF_EACH = [word for name in ("Burst Idempotency*", "Agents In Step", "Ordering Under Flood ?*", "Three Users", "Final Review") for word in ("--suite", name)]
"""Suites of one process, shares that need each other, and criteria. The runner's own run is pabot with all suites."""
IDEMPOTENCY = str(ROOT / "suites" / "1__rapid_message_succession" / "04__burst_idempotency.robot")


def pabot(folder, *arguments: str) -> Finished:
    tool = shutil.which("pabot", path=str(ROOT / ".venv" / "bin")) or shutil.which("pabot")
    if tool is None:
        pytest.skip("pabot is not installed as a command")
    return finish([tool, "--outputdir", str(folder), "--pabotlibport", "0", *arguments], folder, cwd=folder)


@pytest.mark.parametrize(("part", "at_least"), [("1__rapid_message_succession", 70), ("2__high_volume_throughput", 10)])
def test_robot_alone_in_any_order(tmp_path, part, at_least):
    in_any_order(tmp_path, part, at_least)


def test_one_file_alone(tmp_path):
    all_green(robot(tmp_path, IDEMPOTENCY), 11)


def test_plain_pabot(tmp_path):
    done = pabot(tmp_path, *SOME_OF_EACH, SUITES)
    beside_others = {name: why for name, why in done.of_status("FAIL").items() if why.startswith("limit missed: ")}
    assert done.of_status("FAIL").keys() == beside_others.keys(), "without the ordering file figures of time are taken beside other suites"
    assert len(done.of_status("PASS")) >= 27, done.output


def test_pabot_splits_tests(tmp_path):
    all_green(pabot(tmp_path, "--testlevelsplit", IDEMPOTENCY), 11)


def test_a_criterion_is_skipped_with_its_reason_unless_every_row_is_met(tmp_path):
    measured, nothing_of, part_of = "A Refusal Says*", "Up to 500 messages*", "Urgent messages go first*"  # none of them is about time
    done = robot(tmp_path, *(word for name in (measured, nothing_of, part_of) for word in ("--test", name)), SUITES)
    assert len(done.of_status("PASS")) == 1, done.output
    assert done.of_status("SKIP") == {
        "Up to 500 messages can wait without overflow": "not measured: “queue accepted” was not measured by rms-3",
        "Urgent messages go first, others still get through": "not measured: “priority violations” was not measured by rms-3 and hvt-4",
    }
