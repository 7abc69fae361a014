"""Each check leaves a figure of how many promises of its topic were broken; criteria of the final review are made of them."""

import pytest

SUITE = """\
*** Settings ***
Resource    RESOURCES/lockstep.resource
Suite Setup       Start Target
Suite Teardown    Stop Target

*** Test Cases ***
Copies
    [Tags]    rms-2
    Connect As    alice
    Send Copies    4
    Replies Should Arrive In Send Order
    Only One Copy Should Be Processed
"""


@pytest.mark.parametrize(("arguments", "broken"), [("", 0), ("--defect r2_dup_missing_reply", 1)])
def test_broken_promises_are_counted_by_topic(robot, tmp_path, arguments, broken):
    robot.run(SUITE, LOCKSTEP_RUN=str(tmp_path / "run"), LOCKSTEP_START_ARGUMENTS=arguments)
    figures = [record for record in robot.records(tmp_path / "run") if record["kind"] == "measurement"]
    by_name = {name: [figure for figure in figures if figure["name"] == name] for name in ("duplicates_violations", "order_violations")}
    (copies,) = by_name["duplicates_violations"]
    assert (copies["value"], copies["samples"] > 0, copies["case"]) == (broken, True, "rms-2")
    (order,) = by_name["order_violations"]
    assert (order["value"], order["unit"]) == (0, "messages"), "the figure that the check itself tells is not told twice"
