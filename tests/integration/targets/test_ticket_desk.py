"""The example of docs/writing_a_target.md against a server of another stack: suites, refusals, and the page itself."""

from __future__ import annotations

import re

import pytest

from integration.Lockstep.conftest import KIT
from integration.targets.conftest import DESK

SUITES = KIT / "suites" / "1__rapid_message_succession"
PAGE = KIT / "docs" / "writing_a_target.md"
CALLED = """\
*** Settings ***
Resource    RESOURCES/rapid_messages.resource
Suite Setup    Start Target
Suite Teardown    Stop Target

*** Test Cases ***
"""


def of_the_kit(name):
    """A suite of the kit, with its resources found from anywhere."""
    (file,) = SUITES.glob(f"*__{name}.robot")
    return file.read_text(encoding="utf-8").replace("../../resources", "RESOURCES")


def test_the_page_shows_the_very_file_that_is_tested():
    (shown,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8").partition("<!-- ticket-desk.yaml -->")[2], re.DOTALL)[:1]
    assert shown == (DESK / "ticket-desk.yaml").read_text(encoding="utf-8")


def test_order_and_repetition_hold_and_what_it_lacks_is_not_offered(desk, robot):
    quick = ("--variable", "LOADED_MESSAGES:2001", "--variable", f"TARGET:{desk.file}")
    robot.run(of_the_kit("sequential_processing"), *quick, **desk.environment)
    found = robot.messages
    assert found["Twenty Messages In Two Seconds Are Answered In Order"] == ("PASS", "")
    assert found["Ten Users At The Same Time"] == ("PASS", "")
    assert found["Messages Whose Time Runs Backwards"] == ("SKIP", "not offered: Ticket desk does not offer timestamps")
    status, message = found["Thousands Of Messages Under Load Keep Their Order"]
    assert status == "SKIP"
    assert message.startswith("not measured: 2,001 messages in one sending were asked for, Ticket desk takes 2,000 ('limits.burst' in its file).")
    assert robot.code == 0, robot.said


def test_copies_are_rejected_and_a_refused_message_may_be_completed(desk, robot):
    robot.run(of_the_kit("burst_idempotency"), "--variable", f"TARGET:{desk.file}", **desk.environment)
    assert {status for status, _ in robot.messages.values()} == {"PASS"}, robot.said


@pytest.mark.parametrize(
    ("change", "test", "code"),
    [
        ("message_id: in_reply_to, sequence_id: seq, echo: heard -> message_id: in_reply_to, sequence_id: seq, echo: text",
         "Send Burst    3\n    Contents Should Arrive Unchanged", "corrupted"),
        ("message_count: tickets -> message_count: last_seq", "Send Burst    3\n    The Agent Should Have Processed    3", "miscounted"),
        ("where: {type: answer} -> where: {type: answr}", "Send Burst    3\n    Every Message Should Be Answered Exactly Once", "lost"),
    ],
)
def test_a_wrong_mapping_is_not_green(desk, robot, tmp_path, change, test, code):
    right, _, wrong = change.partition(" -> ")
    text = desk.file.read_text(encoding="utf-8")
    assert right in text
    (tmp_path / "wrong.yaml").write_text(text.replace(right, wrong))
    robot.run(f"{CALLED}Wrong\n    Connect As    alice\n    {test}\n", "--variable", f"TARGET:{tmp_path / 'wrong.yaml'}", **desk.environment)
    status, message = robot.messages["Wrong"]
    assert (status, f"[{code}" in message) == ("FAIL", True), message


def test_a_wrong_token_is_a_sentence(desk, robot):
    robot.run(f"{CALLED}Wrong\n    Connect As    alice\n", "--variable", f"TARGET:{desk.file}", **{**desk.environment, "DESK_TOKEN": "no"})
    assert robot.messages["Wrong"] == (
        "FAIL", "environment: alice could not connect to Ticket desk: it answered the handshake with HTTP 401, so it refused the token; see 'connect.auth' in its file",
    )
