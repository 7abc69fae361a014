*** Settings ***
Documentation     How long a change of network takes: from the first try on the new one until everything missed is there.

Resource          ../../../resources/resilience.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        The Network Can Be Disturbed
Test Timeout      5 minutes

Test Tags         serial


*** Test Cases ***
Moving Between Two Questions
    [Documentation]    Six times, with the old path closed: less than a second.
    [Tags]    wsr-9-1
    Given Alice Is Connected And Bob Works Beside Her
    When She Moves Six Times    old_path=closed
    Then Nothing Of Alice Is Lost
    And Bob Has Noticed Nothing
    And Recovery Should Take Less Than    1 s    ${RECONNECTIONS}

Moving In The Middle Of Work
    [Documentation]    Six times, with questions under way.
    [Tags]    wsr-9-2
    Given Alice Is Connected And Bob Works Beside Her
    When She Moves Six Times    old_path=closed    questions=20
    Then Nothing Of Alice Is Lost
    And Bob Has Noticed Nothing
    And Recovery Should Take Less Than    1 s    ${RECONNECTIONS}

Moving Away From A Dead Path
    [Documentation]    Six times, with questions under way and an old path that swallows the answers.
    [Tags]    wsr-9-3
    Given Alice Is Connected And Bob Works Beside Her
    When She Moves Six Times    old_path=blackholed    questions=20
    Then Nothing Of Alice Is Lost
    And Bob Has Noticed Nothing
    And Recovery Should Take Less Than    1 s    ${RECONNECTIONS}


*** Keywords ***
She Moves Six Times
    [Documentation]    To and fro between two networks.
    [Arguments]    ${old_path}    ${questions}=1
    VAR    @{reconnections} =    @{EMPTY}
    FOR    ${_}    IN RANGE    6
        Send Burst    ${questions}    client=alice
        Switch Network    alice    to=${NETWORKS}    old_path=${old_path}
        ${back} =    Reconnect    alice
        VAR    @{reconnections} =    @{reconnections}    ${back}
    END
    VAR    @{RECONNECTIONS} =    @{reconnections}    scope=TEST
