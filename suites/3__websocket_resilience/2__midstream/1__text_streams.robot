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
    [Documentation]    50 KB in chunks of 1 KB; the connection is reset behind the fifth. While Alice is away the server keeps the
    ...    answer, its bytes and its place, and two seconds later she gets the rest.
    [Tags]    wsr-2-1
    [Setup]    Streams Can Be Interrupted    stream_list
    Given Alice Is Connected And Bob Works Beside Her
    When Her Stream Breaks Behind Five Chunks    size=50 KB
    Then Streams Should Be Kept    alice
    When Alice Is Away For    2 s
    Then Streams Should Be Kept    alice
    When She Comes Back Within    2 s
    Then The Stream Is Whole
    And Bob Has Noticed Nothing


*** Keywords ***
Her Stream Breaks Behind Five Chunks
    [Documentation]    What begins the stream is a frame of its own; what was on its way behind the fifth chunk is lost.
    [Arguments]    ${size}
    Inject Fault    reset    alice    after=6 frames    direction=to_client
    Start Stream    text    alice    size=${size}    chunk=1 KiB
    Every Fault Should Have Struck

She Comes Back Within
    [Documentation]    From the first try until she has everything that she had missed.
    [Arguments]    ${time}
    ${back} =    Reconnect    alice
    VAR    @{returns} =    ${back}
    Each Recovery Should Take Less Than    ${time}    ${returns}
