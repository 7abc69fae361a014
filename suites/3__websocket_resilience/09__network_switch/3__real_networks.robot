*** Settings ***
Documentation     From the desk to the train, with networks that are real as far as one machine has them: Alice has a device of
...               her own, a link for each network, and the kernel's TCP over it. What she leaves is gone without a sign.
...
...               Skipped as *not available here* where the system gives no such networks to a user; only Linux does.

Resource          ../../../resources/resilience.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        Alice Has Real Networks    history
Test Timeout      2 minutes

Test Tags         net-real


*** Variables ***
${NETWORKS}    mobile, wifi


*** Test Cases ***
From One Real Network To Another
    [Documentation]    The link goes down between two questions. Neither end learns of it: the server believes in the old
    ...    connection until Alice is back.
    [Tags]    wsr-9-1
    Given Alice Is Connected And Bob Works Beside Her
    And Alice Has Asked    5
    When She Changes Her Network    to=mobile    old_path=blackholed
    Then She Finds The Conversation As It Was
    And She Goes On
    And Her Session Has Moved With Her
    And Nothing Of Alice Is Lost
    And Bob Has Noticed Nothing

Three Real Networks In The Middle Of Work
    [Documentation]    Questions are asked before, during and after each change. The answers go into a link that is down.
    [Tags]    wsr-9-2
    [Setup]    Alice Has Real Networks    hold
    Given Alice Is Connected And Bob Works Beside Her
    When She Works And Changes Her Network    times=3    old_path=blackholed
    Then Her Session Has Moved With Her
    And Nothing Of Alice Is Lost
    And Bob Has Noticed Nothing

Five Real Networks Within A Moment
    [Documentation]    To and fro, each time with a question under way and a dead link left behind.
    [Tags]    wsr-9-3
    Given Alice Is Connected And Bob Works Beside Her
    And Alice Has Asked    5
    When She Changes Her Network Every    50 ms    times=5
    Then The Session Should Be Kept    alice
    And She Goes On
    And Her Session Has Moved With Her
    And Nothing Of Alice Is Lost
    And Bob Has Noticed Nothing


*** Keywords ***
Alice Has Real Networks
    [Documentation]    Begins a test that needs all this. She is at home; her connections go over a real link, everybody else's do
    ...    not.
    [Arguments]    @{needs}
    The Target Must Offer    resume    @{needs}
    Start Fault Proxy
    Route Through Real Networks    alice    home, ${NETWORKS}
