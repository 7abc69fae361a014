"""Keywords about tokens that expire and pages that may not connect, against the real platform."""

from __future__ import annotations

import pytest
import yaml

HEAD = """*** Settings ***
Resource          RESOURCES/rapid_messages.resource
Test Teardown     Stop Target

*** Variables ***
&{PAGE}    Origin=https://app.example.test

*** Test Cases ***
"""
TESTS = {
    "A Token Ends A Session": """
    Start Target
    Set Session Expiry    close
    Let Tokens Last    1 minute    alice
    Connect As    alice    resumable=yes
    Connect As    bob
    Move The Clock By    30 s
    Send Burst    3    client=alice
    Every Message Should Be Answered Exactly Once    alice
    Connection Should Be Open    alice
    Move The Clock By    30 s
    The Refusal Should Be As Promised    expired    alice
    ${back} =    Reconnect    alice
    Should Be Equal As Integers    ${back.tries}    2
    The Session Should Be Kept    alice
    Connection Should Be Open    bob
""",
    "A Session Outlives Its Token": """
    Start Target
    Let Tokens Last    1 minute    alice
    Connect As    alice    resumable=yes
    Move The Clock By    2 minutes
    Send Burst    3    client=alice
    Every Message Should Be Answered Exactly Once    alice
    Connection Should Be Open    alice
""",
    "All Places": """
    Start Target    clients=4
    Connect As    alice
    @{users} =    Take All Places
    Length Should Be    ${users}    3
    One More Connection Should Be Turned Away
    @{users} =    Take All Places    late
    Should Be Empty    ${users}
""",
    "Another Page": """
    Start Target
    Connect As    alice    resumable=yes    headers=${PAGE}
    Allow Origins    https://other.example.test
    Send Burst    3    client=alice
    Every Message Should Be Answered Exactly Once    alice
    Run Keyword And Expect Error    environment: alice did not come back to * in 1 try; the last one: *HTTP 403, so it refused who we are or where we come from*    Reconnect    alice
    The Refusal Should Be As Promised    origin    alice
    Connect As    bob
    Allow Origins    https://other.example.test    https://app.example.test
    Reconnect    alice
    The Session Should Be Kept    alice
""",
}
READY = """import sys; print('{"event": "ready"}', flush=True); sys.stdin.read()"""
AS_BEFORE = """
Changes
    Start Target
    Allow Origins    https://other.example.test
    Set Session Expiry    close
Has Them No More
    Let Tokens Last    1 minute    alice
    Connect As    alice    headers=${PAGE}
    Move The Clock By    2 minutes
    Send Burst    3
    Every Message Should Be Answered Exactly Once
"""


@pytest.mark.parametrize("name", TESTS)
def test_what_changes_while_somebody_is_there(robot, name):
    assert robot.run(HEAD + name + TESTS[name]).messages == {name: ("PASS", "")}, robot.said


def test_the_next_test_finds_the_target_as_it_was(robot):
    ended = HEAD.replace("Test Teardown", "Suite Teardown")
    assert set(robot.run(ended + AS_BEFORE.lstrip()).messages.values()) == {("PASS", "")}


WRONG = {
    "Set Session Expiry    ask": "usage: policy must be one of allow, close, not 'ask' (argument of 'Set Session Expiry')",
    "Let Tokens Last    0    alice": "usage: lifetime must be a time of more than 0, such as '20 ms', not '0' (argument of 'Let Tokens Last')",
    "The Refusal Should Be As Promised    rude    alice": "usage: reason must be one of crowded, expired, revoked, origin, not 'rude'",
    "The Refusal Should Be As Promised    origin    carol": "usage: no client is called 'carol'; known are: alice.",
    "Allow Origins    app.example.test": "environment: origins: http://127.0.0.1:* answered HTTP 400, '{\"error\": \"allowed is 'app.example.test'; allowed: origins such as",
}


def test_bad_input_is_a_sentence(robot):
    steps = "".join(f"{number}\n    {step}\n" for number, step in enumerate(WRONG))
    found = robot.run(HEAD.replace("Test Teardown     Stop Target", "Suite Setup       Start Target\nTest Setup    Connect As    alice") + steps).messages
    for number, said in enumerate(WRONG.values()):
        status, message = found[str(number)]
        head, _, tail = said.partition("*")
        assert (status, message.startswith(head), tail in message) == ("FAIL", True, True), message


def test_a_target_that_promises_nothing_says_so(robot, tmp_path):
    (tmp_path / "desk.yaml").write_text(yaml.safe_dump({
        "schema": 1, "name": "desk", "title": "Desk", "connect": {"url": "ws://127.0.0.1:1/ws"},
        "messages": {"send": {"id": "{message_id}"}, "reply": {"where": {"type": "answer"}, "message_id": "id"}},
        "lifecycle": {"start": ["{python}", "-c", READY]},
    }))
    steps = {
        "Tokens": ("Let Tokens Last    1 s    alice", "environment: Desk does not offer token_lifetime; begin the test with 'The Target Must Offer"),
        "Expiry": ("Set Session Expiry    close", "environment: Desk does not offer session_expiry; "),
        "Origins": ("Allow Origins    https://a.test", "environment: Desk does not offer origins; "),
    }
    text = HEAD + "".join(f"{name}\n    Start Target    {tmp_path}/desk.yaml\n    {step}\n" for name, (step, _) in steps.items())
    found = robot.run(text).messages
    assert {name: found[name][1].startswith(said) for name, (_, said) in steps.items()} == dict.fromkeys(steps, True), found


DEFECTS = """from http import HTTPStatus
from reference_platform.policies import Codec, Gate, Tokens
from reference_platform.policies.gate import Farewell, Refusal

class OpenDoor(Gate):
    def check_origin(self, origins):
        return None

class WrongStatus(Gate):
    def check_origin(self, origins):
        return super().check_origin(origins) and Refusal(HTTPStatus.NOT_FOUND, "no")

class Eternal(Tokens):
    def expired(self):
        return None

class WrongCode(Tokens):
    def expired(self):
        return super().expired() and Farewell(1008, "go away")
"""
ORIGIN = """
    Start Target
    Connect As    alice    resumable=yes    headers=${PAGE}
    Allow Origins    https://other.example.test
    Run Keyword And Ignore Error    Reconnect    alice
    The Refusal Should Be As Promised    origin    alice    within=300 ms
"""
EXPIRED = """
    Start Target
    Set Session Expiry    close
    Let Tokens Last    1 minute    alice
    Connect As    alice
    Move The Clock By    61 s
    The Refusal Should Be As Promised    expired    alice    within=300 ms
"""


@pytest.mark.parametrize(("defect", "steps", "said"), [
    ("OpenDoor", ORIGIN, "alice was not turned away (its origin is not allowed), where http 403 is promised{*}[not_refused]"),
    ("WrongStatus", ORIGIN, "alice was turned away by http 404 (its origin is not allowed), where http 403 is promised{*}[wrong_close]"),
    ("Eternal", EXPIRED, "alice was not turned away (its token has expired), where close 4401 is promised{*}[not_refused]"),
    ("WrongCode", EXPIRED, "alice was turned away by close 1008 (its token has expired), where close 4401 is promised{*}[wrong_close]"),
])
def test_a_platform_that_refuses_nobody_or_otherwise_is_caught(robot, tmp_path, defect, steps, said):
    (tmp_path / "defects.py").write_text(DEFECTS)
    arguments = f"--defect {tmp_path / 'defects.py'}:{defect}"
    status, message = robot.run(HEAD + "Caught" + steps, LOCKSTEP_START_ARGUMENTS=arguments).messages["Caught"]
    head, _, code = said.partition("{*}")
    assert (status, head in message, code in message) == ("FAIL", True, True), message
