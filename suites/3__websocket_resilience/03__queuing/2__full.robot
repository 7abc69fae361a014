*** Settings ***
Documentation     The user is away for longer than there is room for what agents have to say.
...
...               Then something is lost, and it is agreed what: the oldest, the newest, or whatever comes when there is no room
...               left. Exactly the others arrive, and the user is told how many did not.

Resource          ../../../resources/waiting.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        Agents Can Speak While Nobody Is There    outbound_queue    loss_notice
Test Timeout      2 minutes
Test Template     More Is Said Than There Is Room For


*** Test Cases ***
The Oldest Two Of Five Give Way
    [Tags]    wsr-3-3
    drop_oldest    3    5    newest    dropped

The Oldest Five Of Fifteen Give Way
    [Tags]    wsr-3-3
    drop_oldest    10    15    newest    dropped

The Newest Two Of Five Are Dropped
    [Tags]    wsr-3-3
    drop_newest    3    5    oldest    dropped

The Newest Five Of Fifteen Are Dropped
    [Tags]    wsr-3-3
    drop_newest    10    15    oldest    dropped

Two Of Five Are Not Let In
    [Tags]    wsr-3-3
    reject    3    5    oldest    rejected

Five Of Fifteen Are Not Let In
    [Tags]    wsr-3-3
    reject    10    15    oldest    rejected

Never More Than Five
    [Documentation]    Ten messages are said where five may wait. However often one looks, there are never more of them; and the
    ...    newest five are there.
    [Tags]    wsr-3-8
    [Setup]    Agents Can Speak While Nobody Is There    outbound_queue    loss_notice    waiting
    [Template]    NONE
    Given Alice Is Connected And Bob Works Beside Her
    And Limit Outbound Queue    5    alice
    And Alice Is Away
    When Let Agents Speak    alice    10    watched=yes
    And She Comes Back
    Then She Finds What Her Agents Have Said    newest=5
    And What Was Lost Should Be Said    alice    dropped=5
    And The Outbound Queue Should Have Stayed Within    5    alice
    And Bob Has Heard His Own Agent At Once

Room Again
    [Documentation]    Who has come back once and goes away again finds as much room as before, and is told nothing twice.
    [Tags]    wsr-3-8
    [Setup]    Agents Can Speak While Nobody Is There    outbound_queue    loss_notice    waiting
    [Template]    NONE
    Given Alice Is Connected And Bob Works Beside Her
    And Limit Outbound Queue    5    alice
    When She Is Away While So Many Are Said    7
    And She Is Away While So Many Are Said    5
    Then She Finds What Her Agents Have Said    newest=10
    And What Was Lost Should Be Said    alice    dropped=2
    And The Outbound Queue Should Have Stayed Within    5    alice
    And Bob Has Heard His Own Agent At Once


*** Keywords ***
She Is Away While So Many Are Said
    [Documentation]    After each of them the target is asked how many wait.
    [Arguments]    ${messages}
    Alice Is Away
    Let Agents Speak    alice    ${messages}    watched=yes
    She Comes Back

More Is Said Than There Is Room For
    [Documentation]    So many are said where so many may wait, and exactly the survivors arrive.
    [Arguments]    ${policy}    ${size}    ${said}    ${survive}    ${because}
    VAR    &{survivors} =    ${survive}=${size}
    VAR    &{losses} =    ${because}=${${said} - ${size}}
    Given Alice Is Connected And Bob Works Beside Her
    And Limit Outbound Queue    ${size}    alice    overflow=${policy}
    And Alice Is Away
    When Let Agents Speak    alice    ${said}
    And She Comes Back
    Then She Finds What Her Agents Have Said    &{survivors}
    And What Was Lost Should Be Said    alice    &{losses}
    And Bob Has Heard His Own Agent At Once
