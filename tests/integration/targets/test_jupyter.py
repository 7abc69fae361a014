"""Jupyter Server, which nobody here wrote: one robot run of a few cases with what the target file says of it."""

from __future__ import annotations

from integration.Lockstep.conftest import KIT

SUITE = """\
*** Settings ***
Resource    RESOURCES/rapid_messages.resource
Suite Setup    Start Target    jupyter
Suite Teardown    Stop Target

*** Test Cases ***
Order
    Connect As    alice
    Send Burst    20
    The Conversation Should Be Intact
    The Agent Should Have Processed    20    last_sequence=19

Copies
    Connect As    alice
    Send Copies    5
    Only One Copy Should Be Processed
    The Agent Should Have Processed    1
    Disconnect
    Connect As    alice
    Send Burst    1
    The Agent Should Have Processed    2

Asking Changes Nothing
    Connect As    alice
    FOR    ${_}    IN RANGE    3
        ${state} =    Take State Snapshot
        Should Be Equal As Integers    ${state}[message_count]    0
    END

Too Much
    Connect As    alice
    Send Burst    101
    Every Message Should Be Answered Exactly Once
    The Agent Should Have Processed    101

Refusal
    The Target Must Offer    refusals

State While Messages Pour In
    Connect As    alice
    Start Taking Snapshots    every=20 ms
    Have The Conversation    sales_conversation    rounds=3
    Wait Until Everything Is Answered
    Stop Taking Snapshots
    The Agent Should Remember The Conversation
    Snapshots Should Be Whole
    The Agent Should Have Processed    30

Bursts
    Connect As    alice
    Start Watching The Server
    Start Pinging    every=0.2 s
    Send Bursts    3    of=10    every=50 ms    apart=0.2 s
    The Conversation Should Be Intact
    Stop Pinging
    Stop Watching The Server
    The Connection Should Have Stayed Up
    Pings Should Be Answered Within    5 s
    The Server Should Stay Small    memory=100 MB    threads=5
"""


def test_what_it_promises_holds_and_the_rest_is_named(jupyter, robot):
    robot.run(SUITE)
    found = robot.messages
    assert found["Order"] == ("PASS", "9 of 10 checks; not offered by the target: number of the last message."), robot.said
    assert found["Copies"] == ("PASS", ""), robot.said
    assert found["Asking Changes Nothing"] == ("PASS", "")
    status, message = found["Too Much"]
    assert (status, message.partition(". ")[0]) == (
        "SKIP", "not measured: 101 messages in one sending were asked for, Jupyter Server takes 100 ('limits.burst' in its file)",
    )
    assert found["Refusal"] == ("SKIP", "not offered: Jupyter Server does not offer refusals")
    assert found["State While Messages Pour In"] == ("PASS", "12 of 13 checks; not offered by the target: context as modelled."), robot.said
    assert found["Bursts"] == ("PASS", ""), robot.said
    assert robot.left_behind == []
    counted = {record["name"]: record["value"] for record in robot.records() if record["kind"] == "measurement" and "Copies" in record["test"]}
    assert counted["duplicates_as_promised"] == 100
    assert {record["value"] for record in robot.records() if record.get("name") == "disconnects"} == {0}


def test_no_suite_and_no_check_knows_its_name():
    rooms = [KIT / "suites", *(KIT / "libraries").glob("[!_]*")]
    named = [file for room in rooms for file in room.rglob("*") if file.suffix in {".py", ".robot", ".resource"} and "jupyter" in file.read_text(encoding="utf-8").lower()]
    assert named == []
