*** Settings ***
Documentation     The agent writes a long answer, and the connection breaks in the middle of it.
...
...               Whoever comes back reads on where the answer broke off: not from the beginning, and with no hole.

Resource          ../../../resources/streams.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        Streams Can Be Interrupted
Test Timeout      2 minutes


*** Test Cases ***
Text Is Cut After Five Chunks
    [Documentation]    50 KB in chunks of 1 KB; the connection is reset behind the fifth. While Alice is away the server keeps
    ...    the answer, its bytes and its place, and two seconds later she gets the rest.
    [Tags]    wsr-2-1
    [Setup]    Streams Can Be Interrupted    stream_list
    Given Alice Is Connected And Bob Works Beside Her
    When Her Stream Breaks Behind    5    text    size=50 KB
    Then Streams Should Be Kept    alice
    When Alice Is Away For    2 s
    Then Streams Should Be Kept    alice
    When She Comes Back
    Then The Stream Is Whole
    And Bob Has Noticed Nothing
    And She Was Back Within    2 s

The Connection Breaks Before The First Chunk
    [Documentation]    The server has said that it begins, and nothing else came through. She asks for chunk 0.
    [Tags]    wsr-2-9
    Given Alice Is Connected And Bob Works Beside Her
    When Her Stream Breaks Behind    0    text    size=20 KB
    And She Comes Back
    Then The Stream Is Whole
    And Bob Has Noticed Nothing

The Connection Breaks Behind The First Chunk
    [Documentation]    She has chunk 0 and asks for chunk 1: the first one does not come again.
    [Tags]    wsr-2-9
    Given Alice Is Connected And Bob Works Beside Her
    When Her Stream Breaks Behind    1    text    size=20 KB
    And She Comes Back
    Then The Stream Is Whole
    And Bob Has Noticed Nothing

The Connection Breaks Within A Tenth Of A Second
    [Documentation]    However far the answer has come by then; the agent writes a chunk every 10 ms.
    [Tags]    wsr-2-9
    Given Alice Is Connected And Bob Works Beside Her
    When Start Stream    text    alice    size=20 KB    rate=100
    And Inject Fault    reset    alice    after=50 ms
    And Every Fault Should Have Struck
    And She Comes Back
    Then The Stream Is Whole
    And Bob Has Noticed Nothing

The Cut Goes Through A Frame
    [Documentation]    Half of the sixth frame arrives. Nobody may take it for a chunk: five chunks are there until the rest
    ...    comes, 0.3 s later.
    [Tags]    wsr-2-16
    Given Alice Is Connected And Bob Works Beside Her
    When Her Stream Breaks Inside A Frame    cut_in_frame
    And Alice Is Away For    0.3 s
    And She Comes Back
    Then The Stream Is Whole
    And Bob Has Noticed Nothing

The Cut Goes Through A Letter
    [Documentation]    The same between the bytes of one character: what is written has names from many countries.
    [Tags]    wsr-2-16
    Given Alice Is Connected And Bob Works Beside Her
    When Her Stream Breaks Inside A Frame    cut_in_code_point
    And Alice Is Away For    0.3 s
    And She Comes Back
    Then The Stream Is Whole
    And Bob Has Noticed Nothing

One Long Cut
    [Documentation]    Two seconds, in which the agent goes on writing.
    [Tags]    wsr-2-18
    Given Alice Is Connected And Bob Works Beside Her
    When Start Stream    text    alice    size=20 KB    chunk=512 B    rate=200
    And Wait For Chunks    5    client=alice
    And Her Connection Ends And She Comes Back    after=2 s
    Then The Stream Is Whole
    And Bob Has Noticed Nothing

The Sum Of The Whole Is That Of The Server
    [Documentation]    The same answer twice: Bob gets it in one piece, Alice in two. What each of them has put together has the
    ...    sum that the server tells at the end, and it is the same sum.
    [Tags]    wsr-2-28
    Given Alice Is Connected And Bob Works Beside Her
    When Both Get The Same Answer And Only Hers Is Cut
    Then All Streams Should Be Complete
    And Both Have The Same Sum
    And Every Fault Should Have Struck
    And Bob Has Noticed Nothing


*** Keywords ***
Her Stream Breaks Inside A Frame
    [Documentation]    Five chunks pass, and no more is delivered.
    [Arguments]    ${fault}
    Inject Fault    ${fault}    alice    after=6 frames    direction=to_client    how=close
    ${stream} =    Start Stream    text    alice    size=50 KB    chunk=1 KiB
    Every Fault Should Have Struck
    Should Be True    ${stream.received} <= 5

Both Get The Same Answer And Only Hers Is Cut
    [Documentation]    What an agent writes is decided by a seed, here the same for both.
    Inject Fault    reset    alice    after=20 frames    direction=to_client
    ${hers} =    Start Stream    text    alice    size=50 KB    seed=28
    ${his} =    Start Stream    text    bob    size=50 KB    seed=28
    Reconnect    alice    after=100 ms
    VAR    ${HERS} =    ${hers}    scope=TEST
    VAR    ${HIS} =    ${his}    scope=TEST

Both Have The Same Sum
    [Documentation]    Of everything that came, in the order of the chunks.
    Should Be Equal    ${HERS.digest()}    ${HIS.digest()}
