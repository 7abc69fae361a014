*** Settings ***
Documentation     Three users whose connections come and go at the same time, fifteen times each.
...
...               Afterwards the server holds what it held before: sessions, connections, descriptors, tasks. It is looked at
...               from outside, as a process, and it is warmed up first: what the first connections cost is no leak.

Resource          ../../../resources/resilience.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        The Target Must Offer    resume
Test Timeout      5 minutes

Test Tags         wsr-6-2


*** Test Cases ***
Three Users Fifteen Times
    [Documentation]    100 ms up and 50 ms down, all three at the same time. Then everybody asks, and is answered.
    Given Three Users Are Connected And Bob Works Beside Them
    And The Server Is Warm
    When Their Connections Come And Go Fifteen Times
    Then Everybody Is Answered
    And Reconnection Should Succeed    everyone
    And Exactly One Session Should Be Live    everyone
    And Nothing Is Left Of Their Earlier Connections
    And The Server Holds What It Held Before


*** Keywords ***
Three Users Are Connected And Bob Works Beside Them
    [Documentation]    All three may come back to their sessions.
    Connect Users    3    resumable=yes
    Bob Works Beside Her

The Server Is Warm
    [Documentation]    Connections have come and gone before; then it is looked at.
    Reconnect So Often    3    everyone
    ${tasks} =    Count The Servers Tasks    bob
    ${figures} =    Take Server Figures
    VAR    ${TASKS} =    ${tasks}    scope=TEST
    VAR    ${FIGURES} =    ${figures}    scope=TEST
    Start Watching The Server    every=20 ms

Their Connections Come And Go Fifteen Times
    [Documentation]    In real time: that it is so quick is the point.
    Reconnect So Often    15    everyone    up=100 ms    down=50 ms

Everybody Is Answered
    [Documentation]    The three on their new connections; Bob was never interrupted.
    Bob Has Noticed Nothing
    Send Burst    5    client=everyone
    The Conversation Should Be Intact    everyone

Nothing Is Left Of Their Earlier Connections
    [Documentation]    Fifteen and a few more of each; Bob has but one, which is there.
    FOR    ${user}    IN    user-1    user-2    user-3
        Nothing Should Be Left Of Earlier Connections    ${user}
    END

The Server Holds What It Held Before
    [Documentation]    At rest, with as many connections as before.
    ${rest} =    Let The Server Rest    500 ms
    Stop Watching The Server
    What Was Taken Should Be Given Back    ${FIGURES}    ${rest}
    No Tasks Should Be Left Over    ${TASKS}    bob
    The Server Should Stay Small    memory=50 MB    client=everyone
