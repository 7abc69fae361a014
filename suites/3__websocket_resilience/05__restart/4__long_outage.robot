*** Settings ***
Documentation     The service stays away for long, and whoever wants to come back does not make it worse.
...
...               A program that knocks again at once, and again and again, keeps a service from getting up. Waits of 1, 2, 4, 8,
...               16, 30 and 60 seconds, each longer or shorter by a tenth at most, do not; and none is longer than a minute. The
...               profile shortens all times alike.

Resource          ../../../resources/restart.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        Everybody May Come Back
Test Timeout      10 minutes
Test Template     Everybody Waits Longer And Longer While The Service Is Away For

Test Tags         wsr-5-4


*** Test Cases ***
Half A Minute
    [Documentation]    The first tries meet nobody.
    30 s    tries=3

Two And A Half Minutes
    [Documentation]    Longer than the ladder is high: its last wait comes again.
    150 s    tries=8


*** Keywords ***
Everybody Waits Longer And Longer While The Service Is Away For
    [Documentation]    Three users try at least so often.
    [Arguments]    ${time}    ${tries}
    Given Three Users Work And Come Back By Themselves
    When The Service Dies And Is Away For    ${time}
    And Everybody Is Back And Works On    within=120 s
    Then Waits Should Follow The Ladder    everyone
    And Everybody Has Tried At Least    ${tries}
    And Nothing Of Anybody Is Lost

Three Users Work And Come Back By Themselves
    [Documentation]    They wait as the ladder says.
    [Tags]    connecting    sending
    Set Reconnect Ladder    steps=1, 2, 4, 8, 16, 30, 60 s    jitter=10 %    tries=50
    Connect Users    3    resumable=yes
    Let Clients Reconnect By Themselves    everyone
    Start Sending    every=20 ms    client=everyone

The Service Dies And Is Away For
    [Documentation]    So long at the scale of the profile, which is that of the waits too.
    [Tags]    faults    target
    [Arguments]    ${time}
    Crash And Restart Target    after=${time}    share=${LADDER_SCALE}

Everybody Has Tried At Least
    [Documentation]    Until somebody was there again.
    [Tags]    expectation
    [Arguments]    ${tries}
    FOR    ${back}    IN    @{BACK}
        Should Be True    ${back.tries} >= ${tries}
    END
