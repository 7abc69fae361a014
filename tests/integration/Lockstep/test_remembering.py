"""What belongs to a session can be read and told, and what the target said of it can be held against what is right."""

SUITE = """*** Settings ***
Resource          RESOURCES/lockstep.resource
Suite Setup       Start Target
Suite Teardown    Stop Target

*** Variables ***
&{DESK}           User-Agent=Desk/1.0
&{PHONE}          User-Agent=Phone/2.0
@{PENDING}        charts    mail
&{STEP}           current_step=${3}    total_steps=${5}    pending_steps=${PENDING}

*** Test Cases ***
Read And Told
    Connect As    alice    resumable=yes
    Send Message    Good morning
    Wait Until Everything Is Answered
    ${version} =    Update The Agent Memory    workflow=${STEP}
    Reconnect
    ${history} =    Read The Conversation History
    Should Be Equal    ${history}[count]    ${2}
    Should Be Equal    ${history}[messages][0][content]    Good morning
    ${memory} =    Read The Agent Memory
    Should Be Equal    ${memory}[workflow][current_step]    ${3}
    Should Be Equal    ${memory}[version]    ${version}

Nothing To Tell
    Connect As    alice    resumable=yes
    Update The Agent Memory

Another Program
    Connect As    alice    resumable=yes    headers=${DESK}
    Reconnect
    The Greeting Should Say    location_changed=${False}    warning=${None}    policy=${None}
    Reconnect    headers=${PHONE}
    The Greeting Should Say    location_changed=${True}    absence_class=*
    Reconnect
    The Greeting Should Say    location_changed=${False}

Another Word
    Connect As    alice    resumable=yes
    Reconnect
    The Greeting Should Say    absence_class=extended

No Word
    Connect As    alice    resumable=yes
    Reconnect
    The Greeting Should Say    warning=*
"""


def test_conversation_memory_and_greeting(robot):
    told = robot.run(SUITE).messages
    assert told["Read And Told"] == told["Another Program"] == ("PASS", "")
    assert told["Nothing To Tell"] == ("FAIL", "usage: there is nothing to tell the agent; give one of: preferences, variables, workflow, tool_call, pending_operations, results")
    for test, sentence in (
        ("Another Word", "violation: the target said absence_class brief to alice, where absence_class extended is right."),
        ("No Word", "violation: the target said no warning to alice, where some warning is right."),
    ):
        status, message = told[test]
        assert (status, message.splitlines()[0]) == ("FAIL", sentence)
        assert "[unsound_resume]" in message


AGAIN = """*** Settings ***
Resource          RESOURCES/lockstep.resource
Suite Setup       Start Target
Suite Teardown    Stop Target

*** Test Cases ***
Again And Again
    Connect As    alice    resumable=yes
    Start Watching The Server    every=20 ms
    ${before} =    Take Server Figures
    ${done} =    Reconnect So Often    40
    Length Should Be    ${done}    40
    Should Be True    all(one.recovered and one.tries == 1 for one in $done)
    Send Burst    3
    Every Message Should Be Answered Exactly Once
    ${rest} =    Let The Server Rest    300 ms
    Stop Watching The Server
    What Was Taken Should Be Given Back    ${before}    ${rest}

Not Without A Session
    Connect As    alice
    Reconnect So Often    2
"""


def test_returning_again_and_again_leaves_nothing_open(robot):
    told = robot.run(AGAIN).messages
    assert told["Again And Again"] == ("PASS", "")
    status, message = told["Not Without A Session"]
    assert (status, message.split(":")[0]) == ("FAIL", "usage")


def test_what_a_return_leaves_open_is_a_leak(robot):
    told = robot.run(AGAIN, "--test", "Again And Again", LOCKSTEP_START_ARGUMENTS="--defect t7_fd_leak_per_reconnect").messages
    status, message = told["Again And Again"]
    assert status == "FAIL"
    assert "[leak]" in message
