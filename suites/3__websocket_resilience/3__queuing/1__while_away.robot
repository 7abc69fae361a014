*** Settings ***
Documentation     The train is in the tunnel when the agent finishes its report.
...
...               What agents say while nobody is there waits for the user and is there when the user is back: once, word for
...               word, with the time at which it was said, in the order in which it was said.

Resource          ../../../resources/waiting.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        Agents Can Speak While Nobody Is There    waiting
Test Timeout      2 minutes


*** Test Cases ***
One Message
    [Documentation]    Alice is away for half a second, and her agent has one thing to say.
    [Tags]    wsr-3-1
    Given Alice Is Connected And Bob Works Beside Her
    And Alice Is Away
    When Her Agent Says    1
    And Alice Is Away For    0.5 s
    And She Comes Back
    Then She Finds What Her Agents Have Said
    And Bob Has Heard His Own Agent At Once

Five Messages
    [Documentation]    One every tenth of a second.
    [Tags]    wsr-3-2
    Given Alice Is Connected And Bob Works Beside Her
    And Alice Is Away
    When Her Agent Says    5    every=100 ms
    And She Comes Back
    Then She Finds What Her Agents Have Said
    And Bob Has Heard His Own Agent At Once


*** Keywords ***
Her Agent Says
    [Documentation]    All of it waits.
    [Arguments]    ${messages}    ${every}=0 s
    Let Agents Speak    alice    ${messages}    every=${every}
    Outbound Queue Should Hold    ${messages}    alice
