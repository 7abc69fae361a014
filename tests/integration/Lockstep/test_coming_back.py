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
    Let Clients Reconnect By Themselves    user-1
    Let Clients Reconnect By Themselves    user-2
    Let Clients Reconnect By Themselves    user-3
    FOR    ${user}    IN    user-1    user-2    user-3
        Inject Fault    reset    after=10 frames    client=${user}
    END
    Send Burst    50    every=2 ms    client=everyone
    FOR    ${user}    IN    user-1    user-2    user-3
        Wait Until Reconnected    ${user}
    END
    Every Message Should Be Answered Exactly Once    client=everyone
    Every Message Should Be Processed Exactly Once    client=everyone
    Users Should Not See Each Other
    Connection Should Be Open    carol

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
    assert len(found) == 5
    assert "Traceback" not in robot.said
    assert robot.left_behind == []
