"""Coming back in an analyst's words: through the fault proxy, by keyword and by themselves, against the reference platform."""

SUITE = """*** Settings ***
Resource          RESOURCES/lockstep.resource
Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        Start Fault Proxy

*** Test Cases ***
A Burst Goes On Whatever Happens To Its Connection
    Route Through The Fault Proxy    alice
    Connect As    alice    resumable=yes
    Let Clients Reconnect By Themselves
    Inject Fault    reset    after=20 frames    client=alice
    Send Burst    100    every=2 ms
    Wait Until Reconnected    alice
    Inject Fault    close    after=10 frames    client=alice
    Send Burst    100    every=2 ms
    ${back} =    Wait Until Reconnected    alice    times=2
    Length Should Be    ${back}    2
    Should Be True    all(one.recovered and one.session_kept and one.caught_up for one in $back)
    Every Message Should Be Answered Exactly Once
    Every Message Should Be Processed Exactly Once
    Replies Should Arrive In Send Order
    ${again} =    Stop Reconnecting By Themselves
    Should Be Equal    ${again}    ${back}

Traffic Goes On Too
    Route Through The Fault Proxy    alice
    Connect As    alice    resumable=yes
    Let Clients Reconnect By Themselves    alice
    Start Sending    in_flight=8    every=1 ms
    Start Taking Snapshots    every=10 ms
    Cut The Connection    alice    how=reset
    Wait Until Reconnected    alice
    Cut The Connection    alice    how=close
    Wait Until Reconnected    alice    times=2
    Stop Taking Snapshots
    ${sent} =    Stop Sending
    Should Be True    ${sent.count} > 0
    Every Message Should Be Answered Exactly Once
    Every Message Should Be Processed Exactly Once

A Path That Is Dead Without A Sign
    Route Through The Fault Proxy    alice
    Connect As    alice    resumable=yes
    Let Clients Reconnect By Themselves    ping_every=50 ms    patience=300 ms
    Send Burst    20
    Inject Fault    half_open    client=alice
    Send Burst    20
    Wait Until Reconnected    alice
    Send Burst    20
    Every Message Should Be Answered Exactly Once
    Every Message Should Be Processed Exactly Once

Several At Once And A Bystander
    Route Through The Fault Proxy    user-1    user-2    user-3
    Connect Users    3    resumable=yes
    Connect As    carol
    Let Clients Reconnect By Themselves
    FOR    ${user}    IN    user-1    user-2    user-3
        Inject Fault    reset    after=10 frames    client=${user}
    END
    Send Burst    50    every=2 ms    client=everyone
    ${back} =    Wait Until Reconnected    everyone
    Length Should Be    ${back}    3
    Every Message Should Be Answered Exactly Once    client=everyone
    Every Message Should Be Processed Exactly Once    client=everyone
    Users Should Not See Each Other
    Connection Should Be Open    carol

Flapping Leaves The Session Whole
    Connect Users    2    resumable=yes
    Connect As    carol
    Send Burst    5    client=user-1
    ${back} =    Reconnect So Often    5    up=20 ms    down=10 ms    client=everyone
    Length Should Be    ${back}    10
    Should Be True    all(one.recovered and one.away >= 0.01 for one in $back)
    Send Burst    5    client=user-1
    Every Message Should Be Answered Exactly Once    client=user-1
    Connection Should Be Open    carol
    ${back} =    Reconnect    user-1    after=50 ms
    Should Be True    ${back.away} >= 0.05 and ${back.took} > 0

By Keyword With What Was Never Answered
    Route Through The Fault Proxy    alice
    Connect As    alice    resumable=yes
    Send Burst    10
    Inject Fault    blackhole    client=alice
    Send Burst    10
    End Faults    alice
    ${back} =    Reconnect    alice    resend=no
    Should Be Equal As Integers    ${back.resent}    0
    ${resent} =    Resend The Unanswered
    Should Be True    ${back.recovered} and ${resent} >= 10
    ${none} =    Resend The Unanswered
    Should Be Equal As Integers    ${none}    0
    Every Message Should Be Answered Exactly Once
    Only One Copy Should Be Processed
    The Ledger Should Show Each Message Once
"""


def test_sessions_go_on_over_every_kind_of_cut(robot):
    found = robot.run(SUITE).messages
    assert {name: how for name, how in found.items() if how != ("PASS", "")} == {}
    assert len(found) == 6
    assert "Traceback" not in robot.said
    assert robot.left_behind == []
