"""Faults as an analyst asks for them: against the reference platform, and what is answered where that cannot work."""

import pytest
import yaml
from robot.api import SkipExecution

from Lockstep import Lockstep
from Lockstep.errors import UsageError
from Lockstep.faults import sockets
from Lockstep.faults.catalogue import CATALOGUE, Fault
from Lockstep.keywords.fault_proxy import must_be_permitted, must_lead_to_the_target, upstream
from Lockstep.keywords.kit import Kit
from Lockstep.targets import load_target

HEAD = """*** Settings ***
Resource          RESOURCES/lockstep.resource
Suite Setup       Start Target
Suite Teardown    Stop Target

*** Test Cases ***
"""
SUITE = HEAD + """A Cut Behind A Frame Loses Nothing
    Come Through The Proxy    alice
    Inject Fault    cut_in_frame    alice    after=7 frames    direction=to_client
    Let Clients Reconnect By Themselves    alice
    Send Burst    50    every=2 ms
    Every Fault Should Have Struck
    ${backs} =    Wait Until Reconnected    alice
    Should Be True    ${backs[0].recovered}
    Every Message Should Be Answered Exactly Once

Another Network
    Come Through The Proxy    alice
    Send Burst    3
    Switch Network    to=127.0.0.2    old_path=blackholed
    ${back} =    Reconnect
    Should Be True    ${back.recovered}
    The Greeting Should Say    location_changed=${True}
    Send Burst    3
    Every Message Should Be Answered Exactly Once
    Every Fault Should Have Struck

To And Fro
    Come Through The Proxy    alice
    FOR    ${_}    IN RANGE    3
        Switch Network    to=127.0.0.2, 127.0.0.3
        Reconnect
        The Greeting Should Say    location_changed=${True}
    END

A Plan Is Carried Out
    Come Through The Proxy    alice    bob
    Connect As    carol
    Set Reconnect Ladder    first=100 ms
    Let Clients Reconnect By Themselves    alice    ping_every=200 ms    patience=2 s
    Let Clients Reconnect By Themselves    bob    ping_every=200 ms    patience=2 s
    ${plan} =    Run Fault Plan    close, reset, half_open, cut_in_frame, cut_in_header, latency    within=15 frames    lasting=100 ms
    Length Should Be    ${plan}    12
    Start Sending    client=everyone    every=5 ms
    Every Fault Should Have Struck
    Stop Sending    client=everyone
    Every Message Should Be Answered Exactly Once    client=everyone
    Connection Should Be Open    carol

A Fault That Never Struck Is A Violation
    Come Through The Proxy    alice
    Inject Fault    reset    after=50 frames
    Send Burst    3
    Every Message Should Be Answered Exactly Once
    Every Fault Should Have Struck    within=0

What Was Left Going On
    Come Through The Proxy    everyone
    Connect As    alice    resumable=yes
    Inject Fault    blackhole
    Send Burst    3
    Every Fault Should Have Struck

Is Gone With The Test
    Come Through The Proxy    alice
    Send Burst    3
    Every Message Should Be Answered Exactly Once

A Process That Stands Still
    Connect As    alice
    Pause Target
    Send Burst    3
    Continue Target
    Every Message Should Be Answered Exactly Once
    Pause Target

A Process That Was Killed
    Connect As    alice    resumable=yes
    Send Burst    3
    Every Message Should Be Answered Exactly Once
    Kill Target
    Restart Target
    ${back} =    Reconnect
    Should Be True    ${back.session_kept}
    Kill Target

A Process That Is There Again
    Connect As    alice
    Send Burst    3
    Every Message Should Be Answered Exactly Once

*** Keywords ***
Come Through The Proxy
    [Arguments]    @{clients}
    Start Fault Proxy
    Route Through The Fault Proxy    @{clients}
    FOR    ${client}    IN    @{clients}
        IF    $client != 'everyone'    Connect As    ${client}    resumable=yes
    END
"""


@pytest.mark.parametrize(("now", "then"), [(None, "a"), ("elsewhere", "a"), ("a", "b"), ("b", "c"), ("c", "a")])
def test_networks_are_taken_in_turn(now, then):
    assert sockets.next_of(["a", "b", "c"], now) == then


@pytest.fixture(scope="module")
def told(tmp_path_factory, robot_class):
    return robot_class(tmp_path_factory.mktemp("faults")).run(SUITE)


@pytest.fixture(scope="module")
def robot_class():
    from tests.integration.Lockstep.conftest import Robot

    return Robot


def test_each_story_ends_as_it_should(told):
    found = told.messages
    wrong = found.pop("A Fault That Never Struck Is A Violation")
    for name in () if _has("127.0.0.2") else ("Another Network", "To And Fro"):
        assert found.pop(name)[0] == "SKIP"
    assert {name: status for name, (status, _) in found.items()} == dict.fromkeys(found, "PASS"), found
    assert wrong[0] == "FAIL"
    assert wrong[1].startswith("violation: reset on the way of alice, planned at +"), wrong
    assert "should have struck, and never did" in wrong[1]
    assert told.left_behind == []
    assert "[ WARN ]" not in told.said, told.said


def _has(address):
    try:
        sockets.must_have(address)
    except sockets.NoSuchAddress:
        return False
    return True


def test_each_fault_that_struck_is_a_record(told):
    struck = [record for record in told.records() if record["kind"] == "fault"]
    of_test = {}
    for record in struck:
        of_test.setdefault(record["test"].rpartition(".")[2], []).append(record)
    cut = of_test["A Cut Behind A Frame Loses Nothing"][0]
    assert (cut["fault"], cut["client"], cut["frames"], cut["gate"], cut["state"]) == ("cut_in_frame", "alice", 1 + 7, 1, "done")  # the greeting before them
    assert cut["in_flight"] >= 1
    plan = {record["number"]: record["fault"] for record in of_test["A Plan Is Carried Out"] if record.get("plan")}
    kinds = list(plan.values())
    assert {kind: kinds.count(kind) for kind in kinds} == dict.fromkeys(["close", "reset", "half_open", "cut_in_frame", "cut_in_header", "latency"], 2)
    assert [record["fault"] for record in of_test["A Process That Was Killed"]] == ["kill", "restart", "kill"]
    assert "A Fault That Never Struck Is A Violation" not in of_test


UP = ["Start Fault Proxy", "Route Through The Fault Proxy    alice", "Connect As    alice"]
MISTAKES = {
    "No Proxy": (["Inject Fault    reset    alice"], "usage: there is no fault proxy yet; use 'Start Fault Proxy' first"),
    "Proxy Twice": ([*UP, "Start Fault Proxy"], "usage: the fault proxy is there already; it ends with the test"),
    "Unknown Fault": ([*UP, "Inject Fault    rset    alice"],
                      f"usage: fault must be one of {', '.join(Fault)}, not 'rset'; did you mean reset? (argument of 'Inject Fault')"),
    "Not Routed": ([*UP, "Connect As    bob", "Inject Fault    reset    bob"], "usage: bob does not go through the fault proxy (routed are: alice); use 'Route"),
    "Nobody Routed": (["Start Fault Proxy", "Cut The Connection    everyone"], "usage: no client goes through the fault proxy yet"),
    "Which Client": ([*UP, "Route Through The Fault Proxy    bob", "Cut The Connection"], "usage: 2 clients go through the fault proxy (alice, bob); say which one"),
    "Routed Twice": ([*UP, "Route Through The Fault Proxy    alice"], "usage: alice goes through the fault proxy already"),
    "Whom": (["Start Fault Proxy", "Route Through The Fault Proxy"], "usage: say which clients are to go through the fault proxy"),
    "One Door": ([*UP, "Route Through The Fault Proxy    bob    carol    port=7000"], "usage: port=... is the door of one client"),
    "Closed": ([*UP, "Disconnect", "Cut The Connection"], "usage: alice has no open connection through the fault proxy, so reset cannot strike it (1 were opened so far)"),
    "Closed Number": ([*UP, "Cut The Connection", "Inject Fault    close    connection=1"], "usage: connection 1 of alice is closed, so close cannot strike it"),
    "No Moment": ([*UP, "Inject Fault    reset    after=7"], "usage: after must say what is counted, such as '7 frames', '120 bytes' or '300 ms', not '7'"),
    "Wrong Unit": ([*UP, "Inject Fault    cut_after_bytes    after=7 frames"], "usage: cut_after_bytes counts bytes, so that after=7 frames contradicts it"),
    "Nothing To Count": ([*UP, "Inject Fault    reset    after=0 frames"], "usage: after=0 frames leaves reset nothing to count"),
    "Missing": ([*UP, "Inject Fault    latency"], "usage: latency needs delay=..., such as delay=50 ms"),
    "Misplaced": ([*UP, "Inject Fault    reset    rate=1 KiB/s"], "usage: reset takes no rate=...; what can be said about it is: after, connection, direction, times"),
    "No Way": ([*UP, "Inject Fault    half_open    direction=both"], "usage: half_open works to_server or to_client, not both"),
    "No Way For A Cut": ([*UP, "Inject Fault    cut_in_frame    how=half_open    direction=both"], "usage: half_open leaves one end without a sign"),
    "No Direction": ([*UP, "Inject Fault    reset    direction=up"], "usage: direction must be one of to_server, to_client, both, not 'up'"),
    "At The Door": ([*UP, "Inject Fault    refuse    after=3 frames"], "usage: refuse takes no after=...; what can be said about it is: lasting"),
    "Slow": ([*UP, "Inject Fault    bandwidth    rate=slow"], "usage: rate must be a rate such as '64 KiB/s', not 'slow'"),
    "Which": ([*UP, "Inject Fault    reset    connection=last"], "usage: connection must be the number of a connection, counted from 1, or 'next', not 'last'"),
    "How": ([*UP, "Cut The Connection    how=gently"], "usage: how must be one of close, reset, half_open, blackhole, not 'gently'"),
    "No Address": ([*UP, "Switch Network    to=elsewhere"], "usage: to must be an address of this machine such as 127.0.0.2, not 'elsewhere'"),
    "Plan Of One": ([*UP, "Run Fault Plan    close    each=1"], "usage: a plan has each kind at least twice"),
    "Plan Of When": ([*UP, "Run Fault Plan    close, cut_in_frame    within=2 s"], "usage: cut_in_frame counts frames, so that within=2 s contradicts it"),
    "Plan Of Nothing": ([*UP, "Run Fault Plan    close    within=100"], "usage: within must say what is counted, such as '7 frames'"),
    "Plan Of What": ([*UP, "Run Fault Plan    close, flip"], "usage: kinds must be some of close, reset, half_open, blackhole"),
    "Nothing To See": ([*UP, "Every Fault Should Have Struck"], "violation: every fault has struck: nothing was there to be checked"),
    "Not Paused": ([*UP, "Continue Target"], "usage: the target is not paused; use 'Pause Target' first"),
    "Paused Twice": ([*UP, "Pause Target", "Pause Target"], "usage: the target is paused already; use 'Continue Target' first"),
    "Killed Twice": ([*UP, "Kill Target", "Kill Target"], "environment: the process of Lockstep reference platform has ended and cannot be killed; use 'Restart Target' first"),
}


def test_what_cannot_work_is_a_sentence(robot):
    taken = sockets.bound(0)
    taken.listen()
    port = taken.getsockname()[1]
    mistakes = {**MISTAKES, "Port In Use": (["Start Fault Proxy", f"Route Through The Fault Proxy    alice    port={port}"],
                                            f"environment: port {port} of 127.0.0.1 cannot be had for the fault proxy (")}
    robot.run(HEAD + "".join(f"{name}\n" + "".join(f"    {step}\n" for step in steps) for name, (steps, _) in mistakes.items()))
    taken.close()
    found = robot.messages
    assert set(found) == set(mistakes)
    for name, (_, sentence) in mistakes.items():
        status, message = found[name]
        assert status == "FAIL", f"{name}: {message}"
        assert message.startswith(sentence), f"{name}: {message}"
    assert "Traceback" not in robot.said
    assert robot.left_behind == []


def test_a_foreign_target_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    desk = {"schema": 1, "name": "desk", "title": "Desk", "connect": {"url": "wss://desk.example.test/ws/{user}"},
            "messages": {"send": {"id": "{message_id}"}, "reply": {"where": {"type": "answer"}, "message_id": "id"}}}

    def kit_of(**keys):
        (tmp_path / "desk.yaml").write_text(yaml.safe_dump({**desk, **keys}))
        kit = Kit()
        kit.use_target(load_target(tmp_path / "desk.yaml"))
        return kit

    with pytest.raises(SkipExecution, match=r"^not offered: Desk is not on this machine and its file does not permit faults \(permissions\.faults\); where"):
        must_be_permitted(kit_of())
    must_be_permitted(kit_of(permissions={"faults": True}))
    must_be_permitted(kit_of(connect={"url": "ws://127.0.0.1:7000/ws"}))
    assert upstream(kit_of()) == ("desk.example.test", 443)
    assert upstream(kit_of(connect={"url": "ws://[::1]:7000"})) == ("::1", 7000)
    with pytest.raises(UsageError, match=r"^usage: Desk is not on this machine and cannot be reached from 127\.0\.0\.2; give"):
        must_lead_to_the_target(kit_of(), "127.0.0.2")
    must_lead_to_the_target(kit_of(), "192.0.2.7")
    with pytest.raises(UsageError, match=r"the fault proxy cannot stand before another proxy \(connect\.proxy\); leave that out$"):
        must_be_permitted(kit_of(connect={"url": "ws://127.0.0.1:7000/ws", "proxy": "http://127.0.0.1:9"}))


def test_the_keyword_names_every_fault():
    text = Lockstep().keywords["inject_fault"].__doc__
    assert [fault for fault in Fault if f"``{fault}``" not in text] == []
    assert set(CATALOGUE) == set(Fault)
