*** Settings ***
Documentation     A user works for longer than a token lasts. A new one is handed over on the open connection,
...               and nobody notices: not the user, not the agent, not the neighbours.

Resource          ../../../resources/token_refresh.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        Tokens Can Be Renewed In Band
Test Timeout      2 minutes

Test Tags         owasp-asvs-3.5.3


*** Test Cases ***
Ten Minutes Become Thirty While She Works
    [Documentation]    Questions are under way before, during and after; each is answered once and in order.
    [Tags]    wsr-10-1
    [Setup]    Tokens Can Be Renewed In Band    clock
    Given Alice Is Connected With A Token For    10 minutes
    When Start Sending    every=10 ms    client=alice
    FOR    ${_}    IN RANGE    7
        She Gets A New Token For    30 minutes
    END
    And Stop Sending    alice
    And Move The Clock By    20 minutes
    Then She Goes On
    And She Has Noticed Nothing Either
    And Refreshes Should Take Less Than    100 ms

The Agent Knows What It Knew
    [Documentation]    A new token is no new beginning: conversation and memory are as they were.
    [Tags]    wsr-10-1
    [Setup]    Tokens Can Be Renewed In Band    clock    history    agent_memory
    Given Alice Is Connected With A Token For    10 minutes
    And Alice Has Asked    5
    And The Agent Is At The Third Of Five Steps
    When She Gets A New Token For    30 minutes
    Then She Finds The Conversation As It Was
    And The Agent Knows All It Knew
    And She Has Noticed Nothing Either

In Good Time Before The End
    [Documentation]    Her token has two minutes left, and she renews whenever it has less than five: at once, and not
    ...    again while the new one is far from its end.
    [Tags]    wsr-10-2
    [Setup]    Tokens Can Be Renewed In Band    clock
    ${tokens} =    Given Alice Is Connected With A Token For    2 minutes
    When Start Keeping The Token Fresh    ${tokens}    before=5 minutes    lifetime=30 minutes    client=alice
    And Send Burst    20    every=20 ms    client=alice
    And Move The Clock By    15 minutes
    And Send Burst    20    every=20 ms    client=alice
    ${renewals} =    And Stop Keeping The Token Fresh    alice
    Then Should Be Equal As Integers    ${renewals}    1
    And She Has Noticed Nothing Either

Three Times In A Row
    [Documentation]    Each new token takes the place of the one before, with which nobody gets in any more.
    [Tags]    wsr-10-3
    [Setup]    Tokens Can Be Renewed In Band    clock    token_revocation    token_refusal
    ${first} =    Given Alice Is Connected With A Token For    10 minutes
    ${second} =    When She Works And Gets A New Token For    10 minutes
    ${third} =    And She Works And Gets A New Token For    10 minutes
    And She Works And Gets A New Token For    30 minutes
    Then Try Old Token    ${first}
    And Try Old Token    ${second}
    And Try Old Token    ${third}
    And Old Tokens Should Be Dead
    And Move The Clock By    15 minutes
    And She Has Noticed Nothing Either

The First Try Fails And The Second Succeeds
    [Documentation]    The service that gives new tokens has an error. She works on with her old token until it gives one.
    [Tags]    wsr-10-4
    [Setup]    Tokens Can Be Renewed In Band    clock    refresh_trouble
    ${tokens} =    Given Alice Is Connected With A Token For    10 minutes
    And Let The Refresh Service Fail    1
    ${failed} =    When Refresh Token    ${tokens}
    And Send Burst    5    client=alice
    ${renewed} =    And Refresh Token    ${tokens}
    And Refresh Token In Band    ${renewed.tokens}    alice
    And Send Burst    5    client=alice
    Then Should Be Equal    ${failed.way}    http 503
    And Should Be True    ${renewed.accepted}
    And She Has Noticed Nothing Either

Never Renewed
    [Documentation]    The connection ends with its token, and Bob's does not.
    [Tags]    wsr-10-5
    [Setup]    Tokens Can Be Renewed In Band    clock
    Given Alice Is Connected With A Token For    2 minutes
    And Send Burst    5    client=alice
    When Move The Clock By    3 minutes
    Then The Refusal Should Be As Promised    expired    alice
    And Bob Has Noticed Nothing

While An Answer Comes In Chunks
    [Documentation]    The answer is complete to the byte.
    [Tags]    wsr-10-5
    [Setup]    Tokens Can Be Renewed In Band    clock    streams
    Given Alice Is Connected With A Token For    2 minutes
    When Start Stream    text    alice    size=64 KiB    chunk=1 KiB    rate=100
    And She Gets A New Token For    30 minutes
    And Move The Clock By    5 minutes
    Then All Streams Should Be Complete    alice
    And She Goes On
    And She Has Noticed Nothing Either
