*** Settings ***
Documentation     The agent writes data, and the connection breaks in the middle of it.
...
...               JSON forgives nothing: one character too few, or one chunk twice, and whoever reads it has nothing at all.

Resource          ../../../resources/streams.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        Streams Can Be Interrupted
Test Timeout      2 minutes

Name              JSON Streams


*** Test Cases ***
Two Hundred Objects
    [Documentation]    The connection is reset behind the eighth chunk, and she is away for a second. Each object has its id, its
    ...    place and its time, and all of it is there within five seconds.
    [Tags]    wsr-2-2
    Given Alice Is Connected And Bob Works Beside Her
    When Her Stream Breaks Behind    8    json    objects=200
    And She Is Back After    1 s
    Then The Stream Is Whole
    And JSON Stream Should Hold    200    client=alice
    And Streams Should End Within    5 s    alice
    And Bob Has Noticed Nothing

A List Of Objects
    [Documentation]    A JSON array has no name around it and no count in front: its length must be exact all the same.
    [Tags]    wsr-2-23
    Given Alice Is Connected And Bob Works Beside Her
    When Her Stream Breaks Behind    20    json_array    objects=150
    And She Is Back After    500 ms
    Then The Stream Is Whole
    And JSON Stream Should Hold    150    client=alice
    And Bob Has Noticed Nothing

A Whole Object In Each Chunk
    [Documentation]    Each chunk is an object by itself, with id, timestamp and data. The connection is cut in the middle of one:
    ...    no half object is ever delivered.
    [Tags]    wsr-2-20
    Given Alice Is Connected And Bob Works Beside Her
    When Her Stream Is Cut Inside A Chunk Behind    30    json_lines    objects=100
    And She Is Back After    500 ms
    Then The Stream Is Whole
    And JSON Stream Should Hold    100    client=alice
    And Bob Has Noticed Nothing

A Megabyte Over Five Cuts
    [Documentation]    Four thousand objects in chunks of 4 KiB. Each connection is cut behind its fortieth chunk, and she is away
    ...    for 0.4 s each time.
    [Tags]    wsr-2-21
    Given Alice Is Connected And Bob Works Beside Her
    And She Comes Back By Herself After    400 ms
    When Her Streams Are Cut Again And Again    5    every=40
    And Start Stream    json    alice    objects=4000    chunk=4 KiB
    Then The Stream Is Whole
    And JSON Stream Should Hold    4000    client=alice
    And Bob Has Noticed Nothing

She Sends Broken JSON While She Recovers
    [Documentation]    Before she says which chunk she wants next her program sends ten texts that are no JSON: cut off, out of
    ...    balance, with a bare word. Each is refused, none harms her connection, and the answer is completed.
    [Tags]    wsr-2-22
    [Setup]    Streams Can Be Interrupted    not_json
    Given Alice Is Connected And Bob Works Beside Her
    When Her Stream Breaks Behind    8    json    objects=200
    And She Is Back And Sends Broken JSON    10
    And Resume Streams    alice
    Then The Stream Is Whole
    And What Is Broken Should Be Refused    alice
    And JSON Stream Should Hold    200    client=alice
    And Bob Has Noticed Nothing


*** Keywords ***
Her Stream Is Cut Inside A Chunk Behind
    [Documentation]    So many chunks come, and half of the next.
    [Arguments]    ${chunks}    ${kind}    &{wish}
    Inject Fault    cut_in_frame    alice    after=${${chunks} + 1} frames    direction=to_client
    Start Stream    ${kind}    alice    &{wish}
    Every Fault Should Have Struck

She Is Back And Sends Broken JSON
    [Documentation]    Her streams wait until she asks for them.
    [Arguments]    ${times}
    Reconnect    alice    streams=no
    Send Broken JSON    ${times}    alice
