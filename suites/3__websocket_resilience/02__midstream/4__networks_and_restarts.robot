*** Settings ***
Documentation     An answer is on its way while the network becomes bad, or the server is restarted.
...
...               It may come later, but it comes whole: however the connection ended, wherever in the answer that was, and
...               whatever kind of answer it is.

Resource          ../../../resources/restart.resource
Resource          ../../../resources/streams.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        Streams Can Be Interrupted
Test Timeout      2 minutes


*** Variables ***
@{POINTS}           ${1}    ${7}    ${20}    ${33}    ${39}
@{PLACES}           cut_after_frames    cut_in_frame
@{WAYS TO BREAK}    reset    close    half_open    blackhole
@{KINDS}            text    json    multipart
&{CHUNKS}           text=512 B    json=512 B    multipart=350 B


*** Test Cases ***
The Network Becomes Bad In The Middle
    [Documentation]    Behind the tenth chunk everything arrives later, at irregular times, slowly, and in pieces of a hundred
    ...    bytes.
    [Tags]    wsr-2-7
    Given Alice Is Connected And Bob Works Beside Her
    When Start Stream    text    alice    size=50 KB    rate=500
    And Wait For Chunks    10    client=alice
    And Her Network Becomes Bad
    Then Stream Should Be Complete    client=alice
    And Every Fault Should Have Struck
    And Bob Has Noticed Nothing

The Bad Network Breaks The Connection Too
    [Documentation]    The same, and then it is gone. The network that she comes back from is no better.
    [Tags]    wsr-2-7
    Given Alice Is Connected And Bob Works Beside Her
    When Her Network Becomes Bad
    And Start Stream    text    alice    size=50 KB    rate=500
    And Wait For Chunks    10    client=alice
    And Her Connection Ends And She Comes Back    after=100 ms
    Then The Stream Is Whole
    And Bob Has Noticed Nothing

Wherever And However It Breaks
    [Documentation]    At the very beginning, early, in the middle, late and just before the end; with and without a sign to
    ...    either side, also inside a frame; text, JSON and multipart. Every pair of these occurs, as the seed says.
    [Tags]    wsr-2-28
    Given Alice Is Connected And Bob Works Beside Her
    ${rows} =    Choose Combinations    behind=${POINTS}    fault=${PLACES}    how=${WAYS TO BREAK}    kind=${KINDS}
    FOR    ${row}    IN    @{rows}
        When Her Stream Breaks And Goes On    ${row}
    END
    Then All Streams Should Be Complete    alice
    And Nothing Should Be Missing After The Resume    alice
    And Every Fault Should Have Struck
    And Bob Has Noticed Nothing

The Server Is Restarted In The Middle
    [Documentation]    With notice and in the orderly way. The new process goes on with the answer where the old one had
    ...    stopped.
    [Tags]    wsr-2-14
    [Setup]    Everybody May Come Back    streams    stream_resume    shutdown    restart_notice
    Given Alice Is Connected And Bob Works Beside Her, Both May Come Back
    When Start Stream    text    alice    size=50 KB    rate=300
    And Wait For Chunks    10    client=alice
    And Restart Target Gracefully    reason=maintenance    estimate=5 s
    And Everybody Is Back
    Then The Notice Should Have Come Before The Close
    And Stream Should Be Complete    client=alice
    And Nothing Of Bob Is Lost

The Server Crashes In The Middle
    [Documentation]    Without a chance to tidy up: what is enough to go on was written down before the first chunk left.
    [Tags]    wsr-2-14
    [Setup]    Everybody May Come Back    streams    stream_resume
    Given Alice Is Connected And Bob Works Beside Her, Both May Come Back
    When Start Stream    json    alice    rate=300
    And Wait For Chunks    10    client=alice
    And Crash And Restart Target
    And Everybody Is Back
    Then Stream Should Be Complete    client=alice
    And JSON Stream Should Hold    200    client=alice
    And Nothing Of Bob Is Lost


*** Keywords ***
Her Network Becomes Bad
    [Documentation]    For all her connections, until the test ends.
    Inject Fault    latency    alice    delay=20 ms    jitter=30 ms    direction=to_client
    Inject Fault    bandwidth    alice    rate=128 KiB/s    direction=to_client
    Inject Fault    slice    alice    size=100 B    direction=to_client

Her Stream Breaks And Goes On
    [Documentation]    About forty chunks. She comes back, with or without a sign
    ...    that the connection is gone.
    [Arguments]    ${row}
    Cut Behind Chunks    ${row.behind}    alice    fault=${row.fault}    how=${row.how}
    ${stream} =    Start Stream    ${row.kind}    alice    size=20 KiB    objects=80    chunk=${CHUNKS}[${row.kind}]
    Every Fault Should Have Struck
    Reconnect    alice
    Stream Should Be Complete    ${stream}

Nothing Of Bob Is Lost
    [Documentation]    He was cut off like everybody else. Each of his messages took effect once, and he has the session of
    ...    before.
    The Session Should Be Kept    bob
    Nothing Should Be Missing After The Resume    bob
    Every Message Should Have One End    bob
    Every Message Should Be Processed Exactly Once    bob
