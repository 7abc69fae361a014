"""The ledger's side of a load: agreed with on a correct server, found wrong on a broken one, left out where there is none."""

import pytest

from Lockstep.places import RESOURCES

SUITE = """*** Settings ***
Resource          RESOURCES/lockstep.resource
Suite Setup       Start Target    %s
Suite Teardown    Stop Target

*** Test Cases ***
Load
    [Tags]    hvt-2
    ${load} =    Run Load    flood    in_flight=128    count=4000    connections=2    copies=5 %%    high=10 %%
    The Ledger Should Agree With    ${load}
"""


def changed(folder, old, new):
    """The reference target with something else in its file."""
    source = (RESOURCES / "targets" / "reference.yaml").read_text()
    assert old in source
    (folder / "changed.yaml").write_text(source.replace(old, new))
    return SUITE % (folder / "changed.yaml")


def counted(robot):
    return {code: count for record in robot.records() if record["kind"] == "verdict" for code, count in record["counts"].items()}


def test_a_correct_ledger_agrees_and_tells_its_own_rate(robot):
    robot.run(SUITE % "reference")
    assert robot.messages["Load"][0] == "PASS", robot.said
    figures = {record["name"]: record for record in robot.records() if record["kind"] == "measurement"}
    assert figures["flood_processed"]["samples"] == 4000
    assert figures["flood_processed"]["value"] > 0
    exercised = {record["check"]: record["exercised"] for record in robot.records() if record["kind"] == "verdict"}
    assert exercised == {f"ledger of the load: {topic}": 4000 for topic in ("ledger", "order", "isolation")}


@pytest.mark.parametrize(("defect", "code", "least"), [
    ("r1_drop_every_n", "lost", 3), ("r2_no_dedup", "duplicated", 100), ("t2_reorder_under_load", "reordered", 1),
])
def test_a_wrong_ledger_is_told_by_its_code(robot, tmp_path, defect, code, least):
    robot.run(changed(tmp_path, 'serve, --store, "{store}"', f'serve, --defect, {defect}, --store, "{{store}}"'))
    status, message = robot.messages["Load"]
    assert status == "FAIL"
    assert message.startswith("violation: connection "), message
    assert counted(robot)[code] >= least


def test_a_target_without_a_ledger_is_told_in_the_message(robot, tmp_path):
    robot.run(changed(tmp_path, '  ledger: {url: "{control_url}/ledger?since={since}"}\n', ""))
    status, message = robot.messages["Load"]
    assert status == "PASS", robot.said
    assert "0 of 1 checks; not offered by the target: ledger of the load." in message
