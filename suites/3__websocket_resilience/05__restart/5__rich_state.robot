*** Settings ***
Documentation     Five users are in the middle of much when the service ends, and nothing of it is forgotten.
...
...               Each has had five questions answered; the agent has used tools, is at the third of five steps, has one operation
...               three quarters done and another not begun, and has kept results at hand. All of that is there again after the
...               restart, to the last digit, within two seconds.

Resource          ../../../resources/restart.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        Everybody May Come Back    history    agent_memory    operations
Test Timeout      2 minutes
Test Template     Everything Is Kept After

Test Tags         wsr-5-5


*** Test Cases ***
A Crash
    Crash And Restart Target    after=1 s

A Restart With Notice
    Restart Target Gracefully    reason=maintenance    estimate=5 s    after=1 s


*** Keywords ***
Everything Is Kept After
    [Documentation]    Whatever ends the service, state and conversation are the same behind it.
    [Arguments]    ${restart}    &{how}
    Given Five Users Are In The Middle Of Much
    When Run Keyword    ${restart}    &{how}
    Then Everybody Comes Back And Finds Everything As It Was
    And Nothing That Was Confirmed Should Be Forgotten    everyone
    And Nothing Of Anybody Is Lost
    And The Context Should Have Been Back Within    2 s    everyone

Five Users Are In The Middle Of Much
    [Documentation]    Each of them differs from the others only by whose it is.
    [Tags]    connecting    sending
    VAR    @{USERS} =    user-1    user-2    user-3    user-4    user-5    scope=TEST
    Connect Users    5    resumable=yes
    FOR    ${user}    IN    @{USERS}
        Send Burst    5    client=${user}
        The Agent Of A User Has Much In Mind    ${user}
    END
    Wait Until Everything Is Answered    everyone
    Everybody Remembers How It Is

Everybody Remembers How It Is
    [Documentation]    What each conversation and each memory looks like now.
    [Tags]    state
    VAR    @{conversations} =    @{EMPTY}
    VAR    @{memories} =    @{EMPTY}
    FOR    ${user}    IN    @{USERS}
        ${conversation} =    Read The Conversation History    ${user}
        ${memory} =    Read The Agent Memory    ${user}
        VAR    @{conversations} =    @{conversations}    ${conversation}
        VAR    @{memories} =    @{memories}    ${memory}
    END
    VAR    @{CONVERSATIONS} =    @{conversations}    scope=TEST
    VAR    @{MEMORIES} =    @{memories}    scope=TEST

The Agent Of A User Has Much In Mind
    [Documentation]    Preferences, variables, a step, the results of tools, operations under way and results at hand.
    [Tags]    sending    state
    [Arguments]    ${user}
    VAR    &{figures} =    name=collect the figures    progress=${0.75}
    VAR    &{report} =    name=write the report    progress=${0}
    VAR    @{operations} =    ${figures}    ${report}
    VAR    &{revenue} =    Q2=${1204.5}    Q3=${1310.25}
    VAR    @{customers} =    Acme    Contoso
    VAR    &{results} =    revenue=${revenue}    customers=${customers}
    Update The Agent Memory    ${user}    preferences=${PREFERENCES}    variables=${VARIABLES}
    Update The Agent Memory    ${user}    workflow=${THIRD STEP}    tool_call=${TOOL CALL}
    Update The Agent Memory    ${user}    pending_operations=${operations}    results=${results}

Everybody Comes Back And Finds Everything As It Was
    [Documentation]    Conversation and memory of each. Time counts from the first try to come back.
    [Tags]    expectation    state    reconnecting
    FOR    ${user}    ${conversation}    ${memory}    IN ZIP    ${USERS}    ${CONVERSATIONS}    ${MEMORIES}
        Reconnect    ${user}
        ${told} =    Read The Conversation History    ${user}
        The Conversation History Should Be Unchanged    ${conversation}    ${told}
        The Conversation History Should Be What Was Said    ${told}    ${user}
        ${told} =    Read The Agent Memory    ${user}
        The Agent Memory Should Be Unchanged    ${memory}    ${told}
    END
