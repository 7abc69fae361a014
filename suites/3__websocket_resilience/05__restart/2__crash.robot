*** Settings ***
Documentation     The service dies in the middle of the work, and is there again after three seconds.
...
...               Nobody was told, and nothing could be tidied up. Whatever had been confirmed by then has taken effect once, also
...               if it is sent again; and everybody is served again within half a minute.

Resource          ../../../resources/restart.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Timeout      2 minutes

Test Tags         wsr-5-2


*** Test Cases ***
The Service Dies Under Load
    [Documentation]    Five users send a hundred messages a second each when it does.
    [Setup]    Everybody May Come Back    ledger
    Given Five Users Send A Hundred Messages A Second Each
    When Crash And Restart Target    after=3 s
    And Everybody Is Back And Works On
    Then What Was Confirmed Should Survive The Kill    everyone
    And Nothing Of Anybody Is Lost
    And The Outage Should Have Been Shorter Than    30 s

What Waits For The Agent Survives
    [Documentation]    Fifty questions were accepted and none was begun with. They are answered after the restart, once, although
    ...    Alice sends them again.
    [Setup]    Everybody May Come Back    ledger    hold    acknowledgement
    Given Alice Is Connected And Bob Works Beside Her, Both May Come Back
    And Fifty Questions Of Alice Wait
    When Crash And Restart Target
    And Everybody Is Back
    Then What Was Confirmed Should Survive The Kill    everyone
    And Nothing Of Anybody Is Lost

A Message That Was Answered Before Is A Duplicate
    [Documentation]    It is sent again after the restart, and is known.
    [Setup]    Everybody May Come Back    ledger    duplicate_detection
    Given Alice Is Connected And Bob Works Beside Her, Both May Come Back
    And Alice Has Asked Something
    When Crash And Restart Target
    And Everybody Is Back
    And Send Copies    2    message_id=${QUESTION}    client=alice
    Then Only One Copy Should Be Processed    client=everyone
    And What Was Confirmed Should Survive The Kill    everyone


*** Keywords ***
Fifty Questions Of Alice Wait
    [Documentation]    They were accepted, and the agent has begun with none of them.
    Hold The Agent    alice
    Send Burst    50    client=alice    acknowledge=yes
    Wait Until Everything Is Accepted Or Refused    alice

Alice Has Asked Something
    [Documentation]    And got an answer.
    ${id} =    Send Copies    1    client=alice
    Wait Until Everything Is Answered    alice
    VAR    ${QUESTION} =    ${id}    scope=TEST
