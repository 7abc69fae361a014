*** Settings ***
Documentation     While an answer is on its way the rules change: a token expires, or other pages may connect.
...
...               Whoever has no right any more gets nothing more; whoever gets a new one reads on where the answer broke off.
...               Times are those of the platform's clock, which is moved.

Resource          ../../../resources/streams.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Timeout      2 minutes


*** Variables ***
${PAGE}          https://app.example.test
${OTHER PAGE}    https://new.example.test


*** Test Cases ***
The Connection Ends With Its Token
    [Documentation]    The policy is to close: after half of its minute the token counts, after the whole of it the server closes
    ...    the connection as it promises. The old token is refused at the door; with a fresh one she reads on.
    [Tags]    wsr-2-11
    [Setup]    The Target Must Offer    streams    stream_resume    token_lifetime    session_expiry    advance_clock
    Given The Policy Is To    close
    And Alice Reads With A Token For One Minute
    When Half A Minute Has Passed
    Then Connection Should Be Open    alice
    When Half A Minute Has Passed
    Then The Refusal Should Be As Promised    expired    alice
    When She Comes Back With A Fresh Token
    Then Stream Should Be Complete    ${ANSWER}
    And Nothing Should Be Missing After The Resume    alice
    And Bob Has Noticed Nothing

The Connection Outlives Its Token
    [Documentation]    The policy is to allow: who is there may stay. The answer is completed on the same connection.
    [Tags]    wsr-2-11
    [Setup]    The Target Must Offer    streams    token_lifetime    session_expiry    advance_clock
    Given The Policy Is To    allow
    And Alice Reads With A Token For One Minute
    When Half A Minute Has Passed
    And Half A Minute Has Passed
    Then Stream Should Be Complete    ${ANSWER}
    And Connection Should Be Open    alice
    And Bob Has Noticed Nothing

Other Pages May Connect
    [Documentation]    She reads on a page that is no longer allowed when her connection breaks. Her way back is refused in the
    ...    promised way, and she is told nothing; once the page is allowed again she reads on.
    [Tags]    wsr-2-15
    [Setup]    Streams Can Be Interrupted    origins
    Given Alice Reads On A Page    ${PAGE}
    When Only These Pages May Connect    ${OTHER PAGE}
    Then She Is Not Let In Again
    When Only These Pages May Connect    ${OTHER PAGE}    ${PAGE}
    And Reconnect    alice
    Then The Stream Is Whole
    And Bob Has Noticed Nothing


*** Keywords ***
The Policy Is To
    [Documentation]    What becomes of a connection whose token expires.
    [Arguments]    ${policy}
    Set Session Expiry    ${policy}

Alice Reads With A Token For One Minute
    [Documentation]    The agent takes its time, so that the answer is still on its way when the token is over. Bob's tokens last.
    Let Tokens Last    1 minute    alice
    Alice Is Connected And Bob Works Beside Her
    ${answer} =    Start Stream    text    alice    size=30 KB    chunk=1 KiB    rate=10
    Wait For Chunks    3    ${answer}
    VAR    ${ANSWER} =    ${answer}    scope=TEST

Half A Minute Has Passed
    [Documentation]    By the platform's clock.
    Move The Clock By    30 s
    Should Not Be True    ${ANSWER.ended}    The answer was whole before the token was over: the test shows nothing

She Comes Back With A Fresh Token
    [Documentation]    She tries the old one first; it is refused, so that she fetches another.
    ${back} =    Reconnect    alice
    Should Be Equal As Integers    ${back.tries}    2
    The Session Should Be Kept    alice

Alice Reads On A Page
    [Documentation]    Her browser says with each handshake where it comes from. The connection breaks behind the tenth chunk.
    [Arguments]    ${page}
    Allow Origins    ${page}
    VAR    &{headers} =    Origin=${page}
    Connect As    alice    resumable=yes    headers=${headers}
    Bob Works Beside Her
    Her Stream Breaks Behind    10    text    size=50 KB

Only These Pages May Connect
    [Documentation]    From now on, and no others.
    [Arguments]    @{pages}
    Allow Origins    @{pages}

She Is Not Let In Again
    [Documentation]    One try is enough: the server says no for good.
    Run Keyword And Expect Error
    ...    environment: alice did not come back to * in 1 try; the last one: *
    ...    Reconnect    alice
    The Refusal Should Be As Promised    origin    alice
