"""Keywords about tokens, against the real platform: what they return, and what they say where something is wrong."""

from __future__ import annotations

import re

import pytest
import yaml

HEAD = """*** Settings ***
Resource          RESOURCES/tokens.resource
Suite Setup       Start Target
Suite Teardown    Stop Target

*** Test Cases ***
"""
TELLS = """
What Attempts Tell
    ${good} =    Get Token    alice
    ${bad} =    Forge Token    wrong audience    alice
    @{in} =    Try To Connect    alice    ${good}    times=2    every=20 ms
    @{out} =    Try To Connect    alice    ${bad}    source=127.0.0.9    forwarded_for=203.0.113.7
    Should Be True    $in[1].accepted and not $out[0].accepted
    Should Be True    $in[0].way == '' and $out[0].way == 'http 401'
    Should Be True    0 < $out[0].took_ms < 30000 and $in[0].told == 1 and $out[0].told == 0
    Attempts Should Be Classified Rightly    3
Nobody Is Changed By Attempts
    Connect As    alice
    ${good} =    Get Token    alice
    Try To Connect    alice    ${good}
    Send Burst    3    client=alice
    Every Message Should Be Answered Exactly Once    alice
    Attempts Should Be Classified Rightly    1
A Token Is Only Shown As A Secret
    ${good} =    Get Token    alice
    ${bad} =    Forge Token    sub edited, old signature    alice
    Log    ${good} ${bad}
    Try To Connect    alice    ${bad}
    Every Attempt Should Be Refused    1
"""
WRONG = {
    "Forge Token    alg nine    alice": "usage: there is no form 'alg nine' of a token; did you mean alg none? Known are: empty; garbage; ",
    "Try To Connect    alice    ${TOKEN}    by=pigeon": (
        "usage: tokens of Lockstep reference platform do not travel by 'pigeon'; known are: query, subprotocol, lone_subprotocol, ticket ('connect.auth.also'"
    ),
    "Try To Connect    alice    ${TOKEN}    source=here": "usage: source must be an IP address of this machine, such as 127.0.0.2, not 'here'",
    "Try To Connect Together    0": "usage: users must be a whole number, 1 or more, not 0 (argument of 'Try To Connect Together')",
    "Try To Connect Together    2    valid=200 %": "usage: valid must be a share such as '0.95' or '95 %', more than 0 and at most 1, not '200 %'",
    "Every Attempt Should Be Refused": "violation: tokens are judged rightly: nothing was there to be checked",
    "The Boundary Should Be Where Declared": "violation: tokens end when they say: nothing was there to be checked",
    "Every Attempt Should Be Refused    reason=looks": "usage: reason must be one of token, subprotocol, not 'looks'",
    "Refusals Should Take Less Than    1 s    ${NOTHING}": "usage: attempts must be 5 or more that 'Try To Connect' returned, not 0 of whatever kind",
    "Get Ticket    alice    ${TOKEN}": "environment: ticket for alice: http://127.0.0.1:{*} answered HTTP 401, '{\"error\": \"the token is not valid\"}'",
    "Attempts Of All Shares Should Be Refused    nothing    3": "not measured: no share has run before; run the suites in the order of suites/pabot.ordering",
}


def test_what_attempts_tell(robot):
    messages = robot.run(HEAD + TELLS.lstrip()).messages
    assert set(messages.values()) == {("PASS", "")}, messages


def test_no_token_is_written_down(robot):
    robot.run(HEAD + TELLS.lstrip(), "--loglevel", "TRACE")
    text = (robot.output / "output.xml").read_text() + robot.said + "".join(path.read_text() for path in (robot.output / "records").glob("*"))
    assert not re.search(r"eyJ[\w-]{10,}\.", text)


def test_bad_input_is_a_sentence(robot):
    begin = "    ${TOKEN} =    Forge Token    wrong issuer    alice\n    VAR    @{NOTHING}\n"
    steps = "".join(f"{number}\n{begin}    {step}\n" for number, step in enumerate(WRONG))
    found = robot.run(HEAD + steps).messages
    for number, said in enumerate(WRONG.values()):
        status, message = found[str(number)]
        head, _, tail = said.partition("{*}")
        assert (status, message.startswith(head), tail in message) == ("SKIP" if said.startswith("not measured") else "FAIL", True, True), message


@pytest.mark.parametrize(("step", "said"), [
    ("Get Token    alice", "usage: Desk knows no tokens; its file has no 'connect.auth.token'"),
    ("Get Ticket    alice", "environment: Desk does not offer tickets; "),
    ("Try To Connect Together    3", "environment: Desk does not offer token_refusal; "),
    ("Try To Connect At The Edges    alice", "environment: Desk does not offer token_refusal; "),
])
def test_a_target_that_knows_nothing_of_tokens_says_so(robot, tmp_path, step, said):
    ready = """import sys; print('{"event": "ready"}', flush=True); sys.stdin.read()"""
    (tmp_path / "desk.yaml").write_text(yaml.safe_dump({
        "schema": 1, "name": "desk", "title": "Desk", "connect": {"url": "ws://127.0.0.1:1/ws"},
        "messages": {"send": {"id": "{message_id}"}, "reply": {"where": {"type": "answer"}, "message_id": "id"}},
        "lifecycle": {"start": ["{python}", "-c", ready]},
    }))
    text = HEAD.replace("Start Target", f"Start Target    {tmp_path}/desk.yaml") + f"Asked\n    {step}\n"
    status, message = robot.run(text).messages["Asked"]
    assert (status, message.startswith(said)) == ("FAIL", True), message


def test_shares_in_one_process_are_kept_and_judged(robot):
    text = HEAD.replace("Start Target", "Start Shared Target").replace("Stop Target", "Stop Shared Target") + """
Share 1 Of 2
    ${mine} =    Part Of The Crowd    3    1 of 2
    Try To Connect Together    ${mine}    tries=2
    Keep The Attempts    a few    1 of 2
    Every Attempt Should Be Refused    6
Share 2 Of 2
    ${mine} =    Part Of The Crowd    3    2 of 2
    Should Be Equal As Integers    ${mine}    0
Together
    Attempts Of All Shares Should Be Refused    a few    6
Miscounted
    Attempts Of All Shares Should Be Refused    a few    7
"""
    messages = robot.run(text.replace("Cases ***\n\n", "Cases ***\n")).messages
    assert [status for status, _ in messages.values()] == ["PASS", "PASS", "PASS", "FAIL"], messages
    assert messages["Miscounted"][1].startswith("violation: 6 attempts to get in were seen, where 7 were to be made")
