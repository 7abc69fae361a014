"""Expectations about sessions against the reference platform: what holds there, and that each of them can fail."""

SUITE = """*** Settings ***
Resource          RESOURCES/lockstep.resource
Suite Setup       Start Target
Suite Teardown    Stop Target

*** Test Cases ***
A Session That Is Cut Six Times
    Start Fault Proxy
    Route Through The Fault Proxy    alice
    Connect As    alice    resumable=yes
    Send Burst    5    client=alice
    Wait Until Everything Is Answered    alice
    ${version} =    Update The Agent Memory    alice    variables=${{{'quarter': 'Q3'}}}
    ${memory} =    Read The Agent Memory    alice
    ${talk} =    Read The Conversation History    alice
    VAR    @{returns} =    @{EMPTY}
    FOR    ${_}    IN RANGE    6
        Cut The Connection    alice
        ${back} =    Reconnect    alice
        VAR    @{returns} =    @{returns}    ${back}
    END
    ${again} =    Read The Conversation History    alice
    The Conversation History Should Be Unchanged    ${talk}    ${again}
    ${memory again} =    Read The Agent Memory    alice
    The Agent Memory Should Be Unchanged    ${memory}    ${memory again}    acknowledged=${version}
    Nothing That Was Confirmed Should Be Forgotten    alice
    Send Burst    5    client=alice
    Cut The Connection    alice
    Reconnect    alice
    The Session Should Be Kept    alice
    Nothing Should Be Missing After The Resume    alice
    Every Message Should Have One End    alice
    Reconnection Should Succeed    alice
    Exactly One Session Should Be Live    alice
    Nothing Should Be Left Of Earlier Connections    alice
    Each Recovery Should Take Less Than    30 s    ${returns}
    Recovery Should Take Less Than    30 s    ${returns}

A Killed Platform Keeps What It Confirmed
    Connect As    alice    resumable=yes
    Connect As    bob    resumable=yes
    Let Clients Reconnect By Themselves
    Start Sending    every=5 ms    client=alice
    Wait For Some Answers
    Kill Target
    Restart Target
    Wait Until Reconnected    everyone
    Wait For Some Answers
    Stop Sending    alice
    What Was Confirmed Should Survive The Kill    everyone
    Every Message Should Have One End    everyone
    Nothing Should Be Missing After The Resume    everyone
    The Session Should Be Kept    everyone

Nobody Gets In Without The Right To
    Connect As    alice    resumable=yes
    ${session} =    Get Session    alice
    ${attempt} =    Try To Resume    ${session.id}    mallory    epoch=${session.epoch}
    The Resume Should Be Refused    ${attempt}    reason=unknown_session
    ${own} =    Try To Resume    ${session.id}    alice    epoch=99
    The Resume Should Be Refused    ${own}    reason=stale_epoch

The Owner Is Let In Which Is No Refusal
    Connect As    alice    resumable=yes
    ${session} =    Get Session    alice
    ${own} =    Try To Resume    ${session.id}    alice    epoch=${session.epoch}    offset=${session.offset}
    The Resume Should Be Refused    ${own}

A Second Program Of The User Is No Ghost But A Stranger In The Lists Is
    Connect As    alice    resumable=yes
    Connect As    alice    client=phone    resumable=yes
    Exactly One Session Should Be Live    everyone
    Forget Session    alice
    Exactly One Session Should Be Live    alice

The Conversation Is What Was Said
    Connect As    alice    resumable=yes
    Send Burst    4    client=alice
    Wait Until Everything Is Answered    alice
    ${hers} =    Read The Conversation History    alice
    The Conversation History Should Be What Was Said    ${hers}    alice

The Conversation Of Somebody Else Is Not
    Connect As    alice    resumable=yes
    Connect As    bob    resumable=yes
    Send Burst    4    client=alice
    Send Burst    2    client=bob
    Wait Until Everything Is Answered    everyone
    ${his} =    Read The Conversation History    bob
    The Conversation History Should Be What Was Said    ${his}    alice

The Server Has Grown
    Connect As    alice
    ${before} =    Take Server Figures
    Run Keyword And Expect Error    violation: the server's memory grew by*    Grown Beyond    ${before}

What Was Replaced Is Not Kept
    Connect As    alice    resumable=yes
    Send Burst    3
    Wait Until Everything Is Answered
    ${talk} =    Read The Conversation History
    Forget Session
    Reconnect
    ${other} =    Read The Conversation History
    The Conversation History Should Be Unchanged    ${talk}    ${other}

*** Keywords ***
Grown Beyond
    [Documentation]    Hardly anything is allowed, and the server has something to keep.
    [Arguments]    ${before}
    Send Burst    3000    client=alice
    Wait Until Everything Is Answered    alice
    Server Memory Should Not Have Grown By More Than    0.0001 %    since=${before}

Wait For Some Answers
    Wait Until Keyword Succeeds    20 s    50 ms    Take State Snapshot    client=alice
"""
RED = {
    "The Conversation Of Somebody Else Is Not": "violation: message ",
    "The Owner Is Let In Which Is No Refusal": "violation: alice (trying) asked for session ",
    "What Was Replaced Is Not Kept": "violation: of 6 entries before 6 are missing after: ",
}


def test_what_holds_on_the_platform_passes_and_what_does_not_is_said(robot):
    robot.run(SUITE)
    found = robot.messages
    for name, sentence in RED.items():
        status, message = found.pop(name)
        assert status == "FAIL", message
        assert message.startswith(sentence), message
    late = {name: message for name, (status, message) in found.items() if status == "SKIP" and message.startswith("invalid")}
    assert {name: told for name, told in found.items() if told[0] != "PASS" and name not in late} == {}, robot.said
    assert robot.left_behind == []
