*** Settings ***
Documentation     One break seldom comes alone: the connection is lost again while the rest of the answer is still on its way.
...
...               However often that happens, whoever comes back gets the next chunk, and the answer is whole in the end.

Resource          ../../../resources/streams.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        Streams Can Be Interrupted
Test Timeout      2 minutes


*** Test Cases ***
Each Resumption Is Cut Again
    [Documentation]    Five times: Alice has hardly said which chunk she wants, and the connection breaks again. Her program
    ...    waits before each try as its ladder says.
    [Tags]    wsr-2-10
    Given Alice Is Connected And Bob Works Beside Her
    And Let Clients Reconnect By Themselves    alice
    When Her Next Connections Break Behind    6 frames    times=5
    And Inject Fault    reset    alice    after=6 frames    direction=to_client
    And Start Stream    text    alice    size=50 KB    chunk=512 B
    Then The Stream Is Whole
    And Waits Should Follow The Ladder    alice
    And Bob Has Noticed Nothing

Three Cuts One Every Four Chunks
    [Documentation]    0.2 s each. What is wanted next is four chunks further every time.
    [Tags]    wsr-2-17
    Given Alice Is Connected And Bob Works Beside Her
    When Her Stream Is Cut Every Four Chunks    3
    Then The Stream Is Whole
    And Bob Has Noticed Nothing

Ten Cuts Of Fifty Milliseconds
    [Documentation]    Real ones: the profile shortens nothing here. Her program comes back by itself each time.
    [Tags]    wsr-2-19
    Given Alice Is Connected And Bob Works Beside Her
    And Her Program Is Back After    50 ms
    When Her Next Connections Break Behind    9 frames    times=9
    And Inject Fault    reset    alice    after=9 frames    direction=to_client
    And Start Stream    text    alice    size=100 KB    chunk=512 B
    Then The Stream Is Whole
    And Bob Has Noticed Nothing

Text And JSON Are Cut Together
    [Documentation]    Two answers share a connection when it breaks. Both are completed, and nothing of one gets into the
    ...    other; Bob, who has an answer on its way too, gets his own and nothing else.
    [Tags]    wsr-2-6
    Given Alice Is Connected And Bob Works Beside Her
    When Three Streams Are Under Way And Alice Loses Her Connection
    Then All Streams Should Be Complete
    And JSON Stream Should Hold    200    ${DATA}
    And Nothing Should Be Missing After The Resume    alice
    And Every Fault Should Have Struck
    And Bob Has Noticed Nothing

Two Megabytes Go On Where They Broke Off
    [Documentation]    In chunks of 8 KB, cut behind about fifty. What she has does not come again, and the rest begins within
    ...    half a second, as the median of five cuts.
    [Tags]    wsr-2-8
    Given Alice Is Connected And Bob Works Beside Her
    And Her Program Is Back After    10 ms
    When Her Next Connections Break Behind    30 frames    times=4
    And Inject Fault    reset    alice    after=51 frames    direction=to_client
    And Start Stream    text    alice    size=2 MB    chunk=8 KiB
    Then The Stream Is Whole
    And Streams Should Go On Within    500 ms    alice
    And Bob Has Noticed Nothing


*** Keywords ***
Her Next Connections Break Behind
    [Documentation]    So many frames each, counted with the greeting and with the answer to what she asks for.
    [Arguments]    ${frames}    ${times}
    Inject Fault    reset    alice    after=${frames}    direction=to_client    connection=next    times=${times}

Her Stream Is Cut Every Four Chunks
    [Documentation]    A connection that goes on begins with two frames that are no chunks: the greeting and the answer to what
    ...    she asks for.
    [Arguments]    ${times}
    Inject Fault    close    alice    after=5 frames    direction=to_client
    ${stream} =    Start Stream    text    alice    size=20 KB    chunk=512 B
    FOR    ${cut}    IN RANGE    ${times}
        Every Fault Should Have Struck
        ${due} =    Evaluate    4 * (${cut} + 1)
        Should Be True    ${stream.received} <= ${due}
        IF    ${cut} + 1 < ${times}
            Her Next Connections Break Behind    6 frames    times=1
        END
        Reconnect    alice    after=200 ms
    END

Her Program Is Back After
    [Documentation]    Always the same wait, without chance.
    [Arguments]    ${time}
    VAR    ${LADDER_SCALE} =    ${1}    scope=TEST
    Set Reconnect Ladder    first=${time}    factor=1    cap=${time}    jitter=0    tries=10
    Let Clients Reconnect By Themselves    alice

Three Streams Are Under Way And Alice Loses Her Connection
    [Documentation]    Behind the twentieth frame, in which chunks of both of her answers are.
    Start Stream    text    alice    size=50 KB    rate=100
    ${data} =    Start Stream    json    alice    objects=200    rate=100
    Start Stream    text    bob    size=50 KB    rate=100
    Inject Fault    reset    alice    after=20 frames    direction=to_client
    VAR    ${DATA} =    ${data}    scope=TEST
    Every Fault Should Have Struck
    Reconnect    alice    after=100 ms
