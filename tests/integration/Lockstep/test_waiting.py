"""Agents that speak while somebody is away: what a suite can say of it, and what it is told when it says something impossible."""

from __future__ import annotations

import yaml

from Lockstep.targets import load_target

SUITE = """*** Settings ***
Resource          RESOURCES/waiting.resource
Suite Setup       Start Target
Suite Teardown    Stop Target

*** Test Cases ***
Said And Heard
    Connect As    alice    resumable=yes
    Disconnect    alice
    Wait Until The Absence Is Noticed    alice
    ${spoken} =    Let Agents Speak    alice    2, 1    agents=analyst, writer    priorities=low
    Should Be Equal As Integers    ${spoken.count('queued')}    3
    Length Should Be    ${spoken.message_ids}    3
    ${told} =    Read Outbound Queue
    Should Be Equal As Integers    ${told}[by_priority][low]    3
    Reconnect    alice
    Wait Until Nothing Waits Any More    alice
    Waiting Messages Should Arrive Once And In Order
    Waiting Messages Should Arrive Once And In Order    newest=3
    Waiting Messages Should Arrive Once And In Order    only=${spoken}

Nobody Is Away
    Connect As    alice    resumable=yes
    ${spoken} =    Let Agents Speak    alice    3
    Should Be Equal As Integers    ${spoken.count('sent')}    3
    Waiting Messages Should Arrive Once And In Order
    Outbound Queue Should Hold    0

Judged While Away
    Connect As    alice    resumable=yes
    Disconnect    alice
    Waiting Messages Should Arrive Once And In Order    alice

Nothing Was Said
    Connect As    alice    resumable=yes
    Waiting Messages Should Arrive Once And In Order    alice

Nothing Was Lost
    Connect As    alice    resumable=yes
    What Was Lost Should Be Said    alice    dropped=2

Fewer Than They Say
    Connect As    alice    resumable=yes
    Let Agents Speak    alice    3
    Waiting Messages Should Arrive Once And In Order    newest=2

More Wait Than Should
    Connect As    alice    resumable=yes
    Disconnect    alice
    Wait Until The Absence Is Noticed    alice
    Let Agents Speak    alice    3
    Outbound Queue Should Hold    2

Fewer Wait Than Should
    Connect As    alice    resumable=yes
    Outbound Queue Should Hold    1    expired=2

Nobody Looked
    Connect As    alice    resumable=yes
    Let Agents Speak    alice    3
    The Outbound Queue Should Have Stayed Within    2

Too Few Returns
    Connect As    alice    resumable=yes
    Waiting Messages Should Have Arrived Within    2 s

Room For Nothing
    Connect As    alice    resumable=yes
    Limit Outbound Queue    0

No Such Policy
    Connect As    alice    resumable=yes
    Limit Outbound Queue    3    overflow=drop_all

No Such Priority
    Connect As    alice    resumable=yes
    Let Agents Speak    alice    priorities=normal, urgent

Numbers For Others
    Connect As    alice    resumable=yes
    Let Agents Speak    alice    3, 3    agents=a, b, c

The Same Agent Twice
    Connect As    alice    resumable=yes
    Let Agents Speak    alice    3    agents=a, a

Not Resumable
    Connect As    alice
    Read Outbound Queue
"""

SAID = {
    "Judged While Away": "usage: alice is not connected, so that messages may still wait; use 'Reconnect    alice' first",
    "Nothing Was Said": "violation: agents are heard once: nothing was there to be checked.",
    "Nothing Was Lost": "violation: losses are told: nothing was there to be checked.",
    "Fewer Than They Say": "violation: message 1 of agent assistant had been given up, and came",
    "More Wait Than Should": "violation: the target tells of 3 waiting messages, where 2 must wait.",
    "Fewer Wait Than Should": "violation: the target tells of 0 waiting messages, where 1 must wait.",
    "Nobody Looked": "violation: the outbound queue stays within its size: nothing was there to be checked.",
    "Too Few Returns": "violation: delivery takes no longer than allowed: nothing was there to be checked.",
    "Room For Nothing": "usage: size must be a whole number, 1 or more, not 0 (argument of 'Limit Outbound Queue')",
    "No Such Policy": "usage: overflow must be one of drop_oldest, drop_newest, reject, not 'drop_all'",
    "No Such Priority": "usage: priorities must be of critical, high, normal, low, not urgent",
    "Numbers For Others": "usage: count names 2 numbers for 3 agents; give one for each, or one for all",
    "The Same Agent Twice": "usage: agents must be different names, not 'a, a'",
    "Not Resumable": "environment: waiting: Lockstep reference platform lists no session",
}


def test_what_a_suite_says_and_is_told(robot):
    told = robot.run(SUITE).messages
    assert [name for name, (status, _) in told.items() if status == "PASS"] == ["Said And Heard", "Nobody Is Away"]
    for name, sentence in SAID.items():
        status, message = told[name]
        assert (status, message.splitlines()[0][: len(sentence)]) == ("FAIL", sentence)


def test_where_nothing_of_it_is_offered_tests_are_skipped_and_checks_left_out(robot, tmp_path):
    target = yaml.safe_load(load_target("reference").path.read_text())
    for name in ("speak", "waiting", "outbound_queue"):
        del target["control"][name]
    del target["messages"]["messages_lost"], target["guarantees"]["outbound"]
    (tmp_path / "smaller.yaml").write_text(yaml.safe_dump(target))
    told = robot.run("""*** Settings ***
Resource          RESOURCES/waiting.resource
Suite Setup       Start Target    smaller.yaml
Suite Teardown    Stop Target

*** Test Cases ***
Not Offered
    Agents Can Speak While Nobody Is There    outbound_queue    loss_notice    outbound_priorities

Left Out
    Connect As    alice    resumable=yes
    Outbound Queue Should Hold    1
    What Was Lost Should Be Said    dropped=2

Not Possible
    Connect As    alice    resumable=yes
    Let Agents Speak
""").messages
    status, message = told["Not Offered"]
    assert status == "SKIP"
    for name in ("waiting_messages", "speak", "outbound_queue", "loss_notice", "outbound_priorities"):
        assert name in message
    assert told["Left Out"][0] == "PASS"
    assert "does not offer speak" in told["Not Possible"][1]
