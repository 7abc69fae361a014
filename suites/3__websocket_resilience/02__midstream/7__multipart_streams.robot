*** Settings ***
Documentation     The agent writes a report of three parts, and the connection breaks in the middle of it.
...
...               Each part begins with a boundary and its headers and ends with a line of its own. A boundary of which a piece is
...               missing, or that comes twice, joins two parts or makes one of nothing.

Resource          ../../../resources/streams.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        Streams Can Be Interrupted
Test Timeout      2 minutes


*** Variables ***
&{PARTS}          summary=2048    analysis=10000    recommendations=1024
&{LARGE PARTS}    summary=2048    analysis=64000    recommendations=1024
@{NAMES}          summary    analysis    recommendations


*** Test Cases ***
Three Parts Over A Cut
    [Documentation]    Summary, analysis and recommendations; the connection is reset behind the tenth chunk, and she is away for
    ...    two seconds. Headers, content and last line of each are there, in order.
    [Tags]    wsr-2-3
    Given Alice Is Connected And Bob Works Beside Her
    When Her Stream Breaks Behind    10    multipart    chunk=512 B
    And She Is Back After    2 s
    Then The Report Is Whole    &{PARTS}
    And Bob Has Noticed Nothing

Boundaries Fall On The Cut
    [Documentation]    The connection is cut when the first characters of a boundary have come and the rest of it has not: in
    ...    front of each part, and behind the last one.
    [Tags]    wsr-2-24
    Given Alice Is Connected And Bob Works Beside Her
    And She Knows What The Report Will Be
    When The Report Is Cut In Each Of Its Boundaries
    Then All Her Reports Are Whole
    And Bob Has Noticed Nothing

Headers Fall On The Cut
    [Documentation]    The connection is cut in the middle of the headers of each part. They come once, before their content.
    [Tags]    wsr-2-26
    Given Alice Is Connected And Bob Works Beside Her
    And She Knows What The Report Will Be
    When The Report Is Cut In The Headers Of Each Part
    Then All Her Reports Are Whole
    And Bob Has Noticed Nothing

A Large Report Is Cut Every Four Chunks
    [Documentation]    Sixty-six chunks over seventeen connections.
    [Tags]    wsr-2-25
    Given Alice Is Connected And Bob Works Beside Her
    And She Comes Back By Herself After    200 ms
    When Her Streams Are Cut Again And Again    16    every=4
    And Start Stream    multipart    alice    size=64 kB    chunk=1 KiB
    Then The Report Is Whole    &{LARGE PARTS}
    And Bob Has Noticed Nothing

Three Reports Are Cut Together
    [Documentation]    They take turns on one connection, which is cut twice. None gets a piece of another.
    [Tags]    wsr-2-27
    Given Alice Is Connected And Bob Works Beside Her
    And She Comes Back By Herself After    500 ms
    When She Asks For Three Reports
    And Her Streams Are Cut Again And Again    2    every=15    streams=3
    Then All Her Reports Are Whole
    And Bob Has Noticed Nothing


*** Keywords ***
The Report Is Whole
    [Documentation]    As it was written, each part with so many bytes.
    [Arguments]    &{parts}
    The Stream Is Whole
    Multipart Stream Should Hold    client=alice    &{parts}

She Knows What The Report Will Be
    [Documentation]    It comes once without a break, in chunks of sixteen bytes. The next ones are the same, since they have the
    ...    same seed.
    ${report} =    Start Stream    multipart    alice    chunk=16 B    seed=7
    Stream Should Be Complete    ${report}
    VAR    ${KNOWN} =    ${report}    scope=TEST
    VAR    @{REPORTS} =    ${report}    scope=TEST

The Report Is Cut In Each Of Its Boundaries
    [Documentation]    One report for each of the four.
    FOR    ${number}    IN RANGE    1    5
        The Report Is Cut Where This Begins    --${KNOWN.boundary}    ${number}
    END

The Report Is Cut In The Headers Of Each Part
    [Documentation]    In how it is encoded, and in its name.
    FOR    ${number}    ${name}    IN ENUMERATE    @{NAMES}    start=1
        The Report Is Cut Where This Begins    Content-Transfer-Encoding: 8bit    ${number}
        The Report Is Cut Where This Begins    Content-ID: <${name}>
    END

The Report Is Cut Where This Begins
    [Documentation]    The first of its characters come, the others do not. Then she comes back.
    [Arguments]    ${text}    ${number}=1
    ${chunks} =    Chunks Until    ${text}    ${KNOWN}    number=${number}
    ${report} =    Her Stream Breaks Behind    ${chunks}    multipart    chunk=16 B    seed=7
    Reconnect    alice
    Stream Should Be Complete    ${report}
    VAR    @{REPORTS} =    @{REPORTS}    ${report}    scope=TEST

She Asks For Three Reports
    [Documentation]    One right behind the other; each is written slowly, so that none is whole before the first cut.
    VAR    @{REPORTS} =    @{EMPTY}    scope=TEST
    FOR    ${seed}    IN    11    12    13
        ${report} =    Start Stream    multipart    alice    chunk=512 B    rate=20    seed=${seed}
        VAR    @{REPORTS} =    @{REPORTS}    ${report}    scope=TEST
    END

All Her Reports Are Whole
    [Documentation]    Each chunk of each report came once and in order, none to another report, and each part is what it was.
    All Streams Should Be Complete    alice
    FOR    ${report}    IN    @{REPORTS}
        Multipart Stream Should Hold    ${report}    &{PARTS}
    END
    Nothing Should Be Missing After The Resume    alice
    Every Fault Should Have Struck
