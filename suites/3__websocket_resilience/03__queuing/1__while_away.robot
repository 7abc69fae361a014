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
    When Her Agent Says And It Waits    1
    And Alice Is Away For    0.5 s
    And She Comes Back
    Then The Greeting Should Say    alice    waiting=${1}
    And She Finds What Her Agents Have Said
    And Bob Has Heard His Own Agent At Once

Five Messages
    [Documentation]    One every tenth of a second.
    [Tags]    wsr-3-2
    Given Alice Is Connected And Bob Works Beside Her
    And Alice Is Away
    When Her Agent Says And It Waits    5    every=100 ms
    And She Comes Back
    Then The Greeting Should Say    alice    waiting=${5}
    And She Finds What Her Agents Have Said
    And Bob Has Heard His Own Agent At Once

Some Before Some While And Some After
    [Documentation]    The agent does not know whether she is there: it goes on before, during and after her absence, and she
    ...    reads all of it in one piece.
    [Tags]    wsr-3-2
    Given Alice Is Connected And Bob Works Beside Her
    And Let Agents Speak    alice    3
    And Alice Is Away
    When Her Agent Says And It Waits    5
    And She Comes Back
    And Let Agents Speak    alice    3
    Then She Finds What Her Agents Have Said
    And Bob Has Heard His Own Agent At Once

The Platform Is Killed Meanwhile
    [Documentation]    What waits is not lost with the process that it waits in. The session goes on in a new numbering, and
    ...    says so.
    [Tags]    wsr-3-2
    [Setup]    Agents Can Speak While Nobody Is There    waiting    restart
    Given Connect As    alice    resumable=yes
    And Alice Is Away
    When Her Agent Says And It Waits    5
    And Restart Target    gracefully=no
    And Outbound Queue Should Hold    5    alice
    And She Comes Back
    Then She Finds What Her Agents Have Said

Coming And Going
    [Documentation]    Five short absences, in each of which two messages are said. Each time those two are there, and no others.
    [Tags]    wsr-3-6
    Given Alice Is Connected And Bob Works Beside Her
    When She Comes And Goes    times=5    messages=2
    Then She Finds What Her Agents Have Said
    And Bob Has Heard His Own Agent At Once

Three Agents At Once
    [Documentation]    Three agents work for her at the same time, and have three, three and two things to say. What each of
    ...    them says keeps its order.
    [Tags]    wsr-3-7
    Given Alice Is Connected And Bob Works Beside Her
    And Alice Is Away
    When Let Agents Speak    alice    3, 3, 2    agents=analyst, writer, reviewer    every=10 ms
    And Outbound Queue Should Hold    8    alice
    And She Comes Back
    Then She Finds What Her Agents Have Said
    And Bob Has Heard His Own Agent At Once


*** Keywords ***
She Comes And Goes
    [Documentation]    What was said is looked at after each return.
    [Arguments]    ${times}    ${messages}
    FOR    ${_}    IN RANGE    ${times}
        Alice Is Away
        Her Agent Says And It Waits    ${messages}
        She Comes Back
        Waiting Messages Should Arrive Once And In Order    alice
        Outbound Queue Should Hold    0    alice
    END
