"""Keywords about heartbeats and about rules of the wire: what they do at the real platform, and what they say to mistakes."""

from __future__ import annotations

import yaml

HEAD = """*** Settings ***
Resource          RESOURCES/heartbeat.resource
Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        Connect As    alice

*** Test Cases ***
"""
SET = "Set Heartbeat    interval=100 ms    timeout=1 s\n    "
WRONG = {
    "Set Heartbeat    interval=0    timeout=1 s": "usage: interval must be a time of more than 0",
    "Set Heartbeat    interval=1 s    timeout=soon": "usage: timeout must be a time such as '100 ms' or '2 s', not 'soon'",
    "Withhold Pongs    carol": "usage: no client is called 'carol'",
    "Answer Pings After    -1 s": "usage: delay must be a time of 0 or more",
    "Wait For Pings    0": "usage: count must be a whole number, 1 or more, not 0",
    "Let The Clock Run    0": "usage: time must be a time of more than 0",
    "There Should Be No Zombies    within=2 s": "violation: what answers pings is alive: nothing was there to be checked",
    "Pings Should Come Regularly    alice": "violation: alice's connection * saw 0 intervals between pings, where 10 are to be judged",
    "Pings Should Have Been Answered    alice": "violation: 0 pings answered on alice's connection",
    "Only Silent Clients Should Be Closed    1": "violation: 0 clients fell silent, where 1 should",
    "The Wire Rule Should Hold    opcode 33": "usage: there is no wire rule 'opcode 33'; did you mean opcode 3? They are in wire_conformance.yaml",
    "The Wire Rule Should Hold    opcode 3    bystander=bob": "usage: no client is called 'bob'",
    SET + "Pings Should Come Regularly    alice    least=0": "usage: least must be a whole number, 1 or more, not 0",
}
READY = """import sys; print('{"event": "ready"}', flush=True); sys.stdin.read()"""


def test_bad_input_and_too_little_to_judge_are_sentences(robot):
    steps = "".join(f"{number}\n    {step}\n" for number, step in enumerate(WRONG))
    found = robot.run(HEAD + steps).messages
    for number, said in enumerate(WRONG.values()):
        status, message = found[str(number)]
        head, _, tail = said.partition("*")
        assert (status, message.startswith(head), tail in message) == ("FAIL", True, True), message


def test_a_late_answer_counts_until_the_timeout_and_the_next_test_finds_the_promised_heartbeat(robot):
    tests = f"""Late But In Time
    {SET}Answer Pings After    300 ms    alice
    Wait For Pings    8    alice
    Only Silent Clients Should Be Closed    0
    Pings Should Have Been Answered    alice    least=4
Too Late
    Set Heartbeat    interval=100 ms    timeout=200 ms
    Answer Pings After    5 s    alice
    Wait For Pings    1000    alice
    Run Keyword And Expect Error    violation: alice's connection 2 was closed * although it answered its pings*    Only Silent Clients Should Be Closed    0
Silent And Back
    {SET}Withhold Pongs
    Wait For Pings    3
    Answer Pings Again
    Wait For Pings    20
    Only Silent Clients Should Be Closed    0
As Before
    Let The Clock Run    29 s    step=29 s
    Run Keyword And Expect Error    violation: 0 pings answered *    Pings Should Have Been Answered
    Let The Clock Run    1.5 s
    Pings Should Have Been Answered
"""
    found = robot.run(HEAD + tests)
    assert found.messages == dict.fromkeys(("Late But In Time", "Too Late", "Silent And Back", "As Before"), ("PASS", "")), found.said


def test_a_target_that_promises_nothing_says_so(robot, tmp_path):
    (tmp_path / "desk.yaml").write_text(yaml.safe_dump({
        "schema": 1, "name": "desk", "title": "Desk", "connect": {"url": "ws://127.0.0.1:1/ws"},
        "messages": {"send": {"id": "{message_id}"}, "reply": {"where": {"type": "answer"}, "message_id": "id"}},
        "lifecycle": {"start": ["{python}", "-c", READY]},
    }))
    steps = {
        "Heartbeat": ("Set Heartbeat    interval=1 s    timeout=1 s", "environment: Desk does not offer pings; begin the test with 'The Target Must Offer"),
        "Wire": ("The Wire Rule Should Hold    opcode 3", "environment: Desk does not offer hostile_input; "),
        "Pings": ("Wait For Pings    1", "usage: Desk promises no pings; begin the test with 'The Target Must Offer    pings'"),
    }
    text = """*** Settings ***
Resource         RESOURCES/heartbeat.resource
Test Teardown    Stop Target

*** Test Cases ***
""" + "".join(f"{name}\n    Start Target    {tmp_path}/desk.yaml\n    {step}\n" for name, (step, _) in steps.items())
    found = robot.run(text).messages
    assert {name: found[name][1].startswith(said) for name, (_, said) in steps.items()} == dict.fromkeys(steps, True), found


DEFECTS = """from websockets.server import ServerProtocol
from reference_platform.policies import Wire

class Tolerant(ServerProtocol):
    def fail(self, code, reason=""):
        super().fail(1000, reason)

class WrongCode(Wire):
    def protocol(self):
        return Tolerant(max_size=self.max_message_size)

class NeverMind(Wire):
    refuses_long_lengths = False
"""


def test_a_wrong_code_and_what_is_not_refused_are_told(robot, tmp_path):
    (tmp_path / "wires.py").write_text(DEFECTS)
    for name, rule, said in (
        ("WrongCode", "opcode 3", "violation: opcode 3 (RFC 6455, 5.2): the server closed with 1000, where it must have closed with 1002"),
        ("NeverMind", "a length of 5 in 16 bits", "violation: a length of 5 in 16 bits (RFC 6455, 5.2): the server kept the connection, where it must have closed with 1002"),
    ):
        found = robot.run(HEAD + f"It\n    The Wire Rule Should Hold    {rule}    bystander=alice\n", LOCKSTEP_START_ARGUMENTS=f"--defect {tmp_path}/wires.py:{name}")
        assert found.messages["It"][1].startswith(said), found.messages
