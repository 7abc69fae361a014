*** Settings ***
Documentation     The agent is at the third of five steps when the connection breaks.
...
...               What it keeps in mind for this user (preferences, variables, the step, the steps to come, what its tools
...               have said) is the same afterwards, and never older than what was confirmed.

Resource          ../../../resources/resilience.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        The Network Can Be Disturbed    agent_memory
Test Timeout      2 minutes

Test Tags         wsr-1-2


*** Variables ***
@{ONE TO COME}    report
&{FOURTH STEP}    current_step=${4}    total_steps=${5}    pending_steps=${ONE TO COME}


*** Test Cases ***
The Connection Breaks At The Third Of Five Steps
    [Documentation]    Three seconds later the agent knows all that it knew, and goes on with the fourth step.
    Given Alice Is Connected And Bob Works Beside Her
    And The Agent Is At The Third Of Five Steps
    When Her Connection Ends And She Comes Back    after=3 s
    Then The Session Should Be Kept    alice
    And The Agent Knows All It Knew
    And The Agent Goes On With The Fourth Step
    And Bob Has Noticed Nothing

The Connection Breaks Right Behind A Confirmation
    [Documentation]    What was confirmed is kept, however soon the connection ends afterwards; ten times in a row.
    Given Alice Is Connected And Bob Works Beside Her
    And The Agent Is At The Third Of Five Steps
    When Ten Confirmations Are Each Followed By A Break
    Then Nothing That Was Confirmed Should Be Forgotten    alice
    And Bob Has Noticed Nothing

Another User's Agent Keeps Another Memory
    [Documentation]    Carol comes while Alice is away. Her agent has never heard of Alice's workflow.
    Given Alice Is Connected And Bob Works Beside Her
    And The Agent Is At The Third Of Five Steps
    When Carol Comes While Alice Is Away
    Then Carol's Agent Knows Nothing
    And The Agent Knows All It Knew
    And Bob Has Noticed Nothing


*** Keywords ***
The Agent Goes On With The Fourth Step
    [Documentation]    It takes up what it is told, from where it was.
    ${confirmed} =    Update The Agent Memory    alice    workflow=${FOURTH STEP}
    ${told} =    Read The Agent Memory    alice
    Should Be Equal    ${told}[workflow][current_step]    ${4}
    Should Be Equal    ${told}[version]    ${confirmed}

Carol Comes While Alice Is Away
    [Documentation]    Her session begins between Alice's last connection and the next one.
    Cut The Connection    alice
    Connect As    carol    resumable=yes
    Reconnect    alice

Carol's Agent Knows Nothing
    [Documentation]    Nobody has told it anything.
    ${told} =    Read The Agent Memory    carol
    Should Be Empty    ${told}[preferences]
    Should Be Empty    ${told}[variables]
    Should Be Empty    ${told}[tool_calls]

Ten Confirmations Are Each Followed By A Break
    [Documentation]    The connection is cut as soon as the target has confirmed what it was told.
    FOR    ${round}    IN RANGE    10
        VAR    &{counter} =    round=${round}
        Update The Agent Memory    alice    variables=${counter}
        Cut The Connection    alice
        Reconnect    alice
        Read The Agent Memory    alice
    END
