*** Settings ***
Documentation     While somebody is away, or does not read, the agent goes on writing. What it writes is kept, within a bound.
...
...               Nothing may be lost quietly: what is within the bound arrives, what is beyond waits or is said to be lost. And
...               the server must not grow beyond it, however long somebody stays away.

Resource          ../../../resources/streams.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        Streams Can Be Interrupted    stream_list    stream_limits
Test Timeout      2 minutes


*** Variables ***
${LONG ANSWER}    16 MB    # far more than server, network and sleeping client hold together


*** Test Cases ***
Two Partial Answers Are Kept For Three Seconds
    [Documentation]    One text and one JSON answer break off. When Alice leaves and when she comes back the server keeps the
    ...    same of them: sizes, chunks and places. It takes less than a second until both go on.
    [Tags]    wsr-2-4
    Given Alice Is Connected And Bob Works Beside Her
    When Two Streams Break Off
    And What Is Kept Of Them Stays The Same While She Is Away For    3 s
    And She Comes Back
    Then All Streams Should Be Complete    alice
    And JSON Stream Should Hold    200    ${DATA}
    And The Server Has Not Grown
    And Bob Has Noticed Nothing
    And Both Went On Within    1 s

A Client Falls Asleep And Wakes
    [Documentation]    Alice's machine is suspended in the middle of a long answer: the connection stays open and nobody
    ...    reads. The agent has to wait, and the server keeps no more than it may. When she wakes the rest arrives.
    [Tags]    wsr-2-12
    Given Alice Is Connected And Bob Works Beside Her
    And Limit Streams    alice    size=256 KiB
    When She Falls Asleep In The Middle Of    ${LONG ANSWER}
    Then The Agent Should Have To Wait    alice
    And The Server Has Not Grown
    And Streams Should Be Kept    alice    at_most=256 KiB
    When Start Reading    alice
    Then Stream Should Be Complete    client=alice
    And Bob Has Noticed Nothing

Everything Within The Bound Arrives
    [Documentation]    The agent writes a megabyte to its end while nobody is there. It is all there when Alice comes back.
    [Tags]    wsr-2-29
    Given Alice Is Connected And Bob Works Beside Her
    When Her Stream Breaks Off At Its Beginning    size=1 MB
    And Wait Until Agents Rest    alice
    Then Streams Should Be Kept    alice
    When She Comes Back
    Then The Stream Is Whole
    And Bob Has Noticed Nothing

The Agent Waits Where No More May Be Kept
    [Documentation]    The same with room for 256 KiB: the agent stops in time, and goes on when Alice is back. Nothing is lost.
    [Tags]    wsr-2-29
    Given Alice Is Connected And Bob Works Beside Her
    And Limit Streams    alice    size=256 KiB
    When Her Stream Breaks Off At Its Beginning    size=1 MB
    Then The Agent Should Have To Wait    alice
    And Streams Should Be Kept    alice    at_most=256 KiB
    When She Comes Back
    Then The Stream Is Whole
    And Bob Has Noticed Nothing

What Is Beyond The Bound Is Said To Be Lost
    [Documentation]    The same where the agent does not wait: the oldest chunks make room for new ones. Alice is told which
    ...    they are, in their place, and gets all that was kept.
    [Tags]    wsr-2-29
    Given Alice Is Connected And Bob Works Beside Her
    And Limit Streams    alice    size=256 KiB    overflow=drop_oldest
    When Her Stream Breaks Off At Its Beginning    size=1 MB
    And Wait Until Agents Rest    alice
    And Reconnect    alice
    Then Stream Should Be Complete    client=alice    loss_allowed=yes    at_least=250 KiB
    And Every Loss Should Have Been Signalled    alice
    And Every Fault Should Have Struck
    And Bob Has Noticed Nothing

One Second Away Under Load
    [Documentation]    Ten others work while Alice's four answers of twelve megabytes break off, and for a second nobody takes
    ...    them. The server keeps a megabyte of them and not more; it says what it has lost.
    [Tags]    wsr-2-30
    Given Alice Is Connected And Bob Works Beside Her
    And Ten Others Work
    When Four Streams Break Off For A Second
    Then Streams Should Be Kept    alice    at_most=1 MiB    loss_allowed=yes
    And The Server Has Not Grown
    When Reconnect    alice
    Then All Streams Should Be Complete    alice    loss_allowed=yes
    And Every Loss Should Have Been Signalled    alice
    And The Others Have Noticed Nothing


*** Keywords ***
Both Went On Within
    [Documentation]    From the first try to connect, and from saying which chunk is wanted.
    [Arguments]    ${time}
    She Was Back Within    ${time}
    Streams Should Go On Within    ${time}    alice

The Size Of The Server Is Known
    [Documentation]    For later.
    ${figures} =    Take Server Figures
    VAR    ${BEFORE} =    ${figures}    scope=TEST

The Server Has Not Grown
    [Documentation]    By more than its bound and what a process needs beside it; the memory of its own process counts.
    Server Memory Should Not Have Grown By More Than    ${STREAM MEMORY}    since=${BEFORE}

She Falls Asleep In The Middle Of
    [Documentation]    So much text. Nothing tells the server that nobody reads.
    [Arguments]    ${size}
    The Size Of The Server Is Known
    Start Stream    text    alice    size=${size}    chunk=16 KiB
    Wait For Chunks    5    client=alice
    Stop Reading    alice

Two Streams Break Off
    [Documentation]    Behind frames of both.
    The Size Of The Server Is Known
    Start Stream    text    alice    size=5 KB    chunk=128 B    rate=50
    ${data} =    Start Stream    json    alice    objects=200    rate=50
    Inject Fault    reset    alice    after=6 frames    direction=to_client
    VAR    ${DATA} =    ${data}    scope=TEST
    Every Fault Should Have Struck

What Is Kept Of Them Stays The Same While She Is Away For
    [Documentation]    Looked at when the agents have written all they have to say.
    [Arguments]    ${time}
    ${before} =    Wait Until Agents Rest    alice
    Streams Should Be Kept    alice
    Alice Is Away For    ${time}
    ${after} =    Read Kept Streams    alice
    Should Be Equal    ${after}    ${before}

Her Stream Breaks Off At Its Beginning
    [Documentation]    Behind five chunks of 4 KiB.
    [Arguments]    ${size}
    Inject Fault    close    alice    after=6 frames    direction=to_client
    Start Stream    text    alice    size=${size}    chunk=4 KiB    rate=500
    Every Fault Should Have Struck

Four Streams Break Off For A Second
    [Documentation]    A real one; and as long as the agents have something to say.
    The Size Of The Server Is Known
    FOR    ${_}    IN RANGE    4
        Start Stream    text    alice    size=12 MB    chunk=16 KiB    rate=300
    END
    Limit Streams    alice    size=1 MiB    overflow=drop_oldest
    Inject Fault    close    alice    after=40 frames    direction=to_client
    Every Fault Should Have Struck
    Let Time Pass    1 s
    Wait Until Agents Rest    alice

Ten Others Work
    [Documentation]    Each sends a message every 50 ms.
    Connect Users    10    prefix=other
    FOR    ${number}    IN RANGE    10
        Start Sending    every=50 ms    client=other-${number + 1}
    END

The Others Have Noticed Nothing
    [Documentation]    Each of their messages was answered once, in order; nobody had to wait for long.
    FOR    ${number}    IN RANGE    10
        Stop Sending    other-${number + 1}
    END
    Bob Has Noticed Nothing
    The Conversation Should Be Intact    everyone
