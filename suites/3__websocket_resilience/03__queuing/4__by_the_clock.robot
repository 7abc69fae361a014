*** Settings ***
Documentation     How soon what has waited is there, and whether that takes longer and longer with its number.
...
...               Time counts from the first try to come back until the last waiting message was received; for the growth from the
...               greeting. One return shows nothing about time, so each figure is that of five and more.

Resource          ../../../resources/waiting.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        Agents Can Speak While Nobody Is There
Test Timeout      5 minutes

Test Tags         serial


*** Test Cases ***
One Message Is There Soon
    [Documentation]    Within two seconds.
    [Tags]    wsr-3-1
    Given Alice Is Connected And Bob Works Beside Her
    When She Comes And Goes    times=6    messages=1
    Then Waiting Messages Should Arrive Once And In Order    alice
    And Bob Has Heard His Own Agent At Once
    And Waiting Messages Should Have Arrived Within    2 s    alice

Two Messages In Each Of Many Cycles
    [Documentation]    Within half a second, however often she comes and goes.
    [Tags]    wsr-3-6
    Given Alice Is Connected And Bob Works Beside Her
    When She Comes And Goes    times=10    messages=2
    Then Waiting Messages Should Arrive Once And In Order    alice
    And Bob Has Heard His Own Agent At Once
    And Waiting Messages Should Have Arrived Within    0.5 s    alice

A Thousand Messages Take No Longer Each
    [Documentation]    One, five, ten, a hundred and a thousand messages wait, each of them five times.
    [Tags]    wsr-3-9
    Given Alice Is Connected And Bob Works Beside Her
    When She Is Away While So Many Are Said    1    5    10    100    1000    times=5
    Then Waiting Messages Should Arrive Once And In Order    alice
    And Bob Has Heard His Own Agent At Once
    And Delivery Time Should Grow At Most Linearly    alice


*** Keywords ***
She Comes And Goes
    [Documentation]    So many messages are said in each absence.
    [Arguments]    ${times}    ${messages}
    FOR    ${_}    IN RANGE    ${times}
        Alice Is Away
        Let Agents Speak    alice    ${messages}
        She Comes Back
        Wait Until Nothing Waits Any More    alice
    END

She Is Away While So Many Are Said
    [Documentation]    The numbers come by turns, so that a machine that becomes busy meanwhile makes all of them slower.
    [Arguments]    @{numbers}    ${times}
    FOR    ${_}    IN RANGE    ${times}
        FOR    ${number}    IN    @{numbers}
            She Comes And Goes    1    ${number}
        END
    END
