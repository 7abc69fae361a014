*** Settings ***
Documentation     A hundred users lose their connections at the same instant, and all come back.
...
...               Not all at the same moment, since each waits a little differently; and nobody waits for long because of the
...               others.

Resource          ../../../resources/resilience.resource

Suite Setup       Start Target    clients=120
Suite Teardown    Stop Target
Test Setup        Everybody Can Be Disturbed
Test Timeout      5 minutes

Test Tags         wsr-1-8    serial


*** Test Cases ***
A Hundred Users Come Back At Once
    [Documentation]    Everybody has questions under way when all connections are cut. Everybody gets the answers.
    Given A Hundred Users Are Connected And Bob Works Beside Them
    When All Of Them Lose Their Connections At Once
    Then Bob Has Noticed Nothing
    And Nothing Of Anybody Is Lost
    And Exactly One Session Should Be Live    everyone
    And Nobody Should Have Waited Much Longer Than Others


*** Keywords ***
Everybody Can Be Disturbed
    [Documentation]    But for Bob, who goes to the target directly.
    The Target Must Offer    resume
    Start Fault Proxy

A Hundred Users Are Connected And Bob Works Beside Them
    [Documentation]    They come back by themselves; the first wait is a second at most at the profile's scale, longer or
    ...    shorter by half.
    Bob Works Beside Her
    Route Through The Fault Proxy    everyone
    ${users} =    Connect Users    100    resumable=yes
    VAR    @{USERS} =    @{users}    scope=TEST
    Set Reconnect Ladder    first=1 s    factor=2    cap=30 s    jitter=50 %
    Let Clients Reconnect By Themselves    everyone

All Of Them Lose Their Connections At Once
    [Documentation]    In the middle of their work.
    FOR    ${user}    IN    @{USERS}
        Send Burst    2    client=${user}
    END
    Cut The Connection    everyone
    Wait Until Reconnected    everyone

Nothing Of Anybody Is Lost
    [Documentation]    The same as for one user whose connection breaks.
    Every Fault Should Have Struck
    Nothing Should Be Missing After The Resume    everyone
    Every Message Should Have One End    everyone
    Replies Should Arrive In Send Order    everyone
