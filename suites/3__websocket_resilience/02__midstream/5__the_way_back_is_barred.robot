*** Settings ***
Documentation     An answer is on its way when the connection ends, and there is no way back, or no room for more.
...
...               Whoever knocks again at once, and again and again, makes it worse for everybody: each wait is twice as long as
...               the one before, up to a bound, and after some tries it is over. Waits are real here, since they are what is
...               looked at; they may be longer than they should, since machines are late, but never shorter.

Resource          ../../../resources/streams.resource

Suite Setup       Start Target    clients=5
Suite Teardown    Stop Target
Test Setup        Streams Can Be Interrupted
Test Timeout      2 minutes


*** Test Cases ***
The Fourth Try Gets In
    [Documentation]    Three connections are reset as soon as they are made. The waits are 0.1, 0.2 and 0.4 s.
    [Tags]    wsr-2-5
    Given Alice Is Connected And Bob Works Beside Her
    And Her Waits Begin With A Tenth Of A Second And Double
    And Her Stream Breaks Behind    10    text    size=50 KB
    When The Next Three Connections Are Reset And She Comes Back
    Then She Is Back After Four Tries
    And Waits Should Follow The Ladder    alice
    And The Stream Is Whole
    And Bob Has Noticed Nothing

Five Tries And No More
    [Documentation]    Nobody listens. She gives up after the fifth try, and says what the last one met. When somebody listens
    ...    again, she comes back to her session and reads on.
    [Tags]    wsr-2-5
    Given Alice Is Connected And Bob Works Beside Her
    And Her Waits Begin With A Tenth Of A Second And Double
    And Her Stream Breaks Behind    10    text    size=50 KB
    When Nobody Listens
    Then She Gives Up After Five Tries
    When Somebody Listens Again And She Comes Back
    Then Waits Should Follow The Ladder    alice
    And The Stream Is Whole
    And Bob Has Noticed Nothing

No Wait Is Longer Than Two Seconds
    [Documentation]    A program that comes back by itself waits before its first try too. From the sixth try on the waits stay
    ...    at two seconds, and after the eighth it is over. The profile shortens all of them alike.
    [Tags]    wsr-2-5
    Given Alice Is Connected And Bob Works Beside Her
    And Her Stream Breaks Behind    10    text    size=50 KB
    And Set Reconnect Ladder    first=0.1 s    factor=2    cap=2 s    jitter=10 %    tries=8
    When Nobody Listens
    Then Her Program Gives Up After Eight Tries
    And Waits Should Follow The Ladder    alice
    When Somebody Listens Again And She Comes Back
    Then The Stream Is Whole
    And Bob Has Noticed Nothing

All Places Are Taken
    [Documentation]    Others have come while she was away, and the server has room for five. It says so as it promises; she waits
    ...    longer each time, and reads on when somebody has left.
    [Tags]    wsr-2-13
    [Setup]    Streams Can Be Interrupted    client_limit
    Given Alice Is Connected And Bob Works Beside Her
    And Her Waits Begin With A Tenth Of A Second And Double
    And Her Stream Breaks Behind    10    text    size=50 KB
    When Others Take All Places
    Then She Is Turned Away As Promised
    When One Of Them Leaves And She Comes Back
    Then Waits Should Follow The Ladder    alice
    And The Stream Is Whole
    And Bob Has Noticed Nothing

All Slots Are Taken
    [Documentation]    Two answers at a time, and both are on their way. A third is refused, with a hint when to ask again; it is
    ...    had when one of the others is done.
    [Tags]    wsr-2-13
    [Setup]    Streams Can Be Interrupted    stream_limits
    Given Alice Is Connected And Bob Works Beside Her
    And Limit Streams    alice    slots=2
    When She Asks For Two Slow Answers
    Then One More Is Refused With A Hint
    When She Asks Again As She Was Told
    Then All Streams Should Be Complete    alice
    And Bob Has Noticed Nothing

The Memory For Answers Is Full
    [Documentation]    Sixteen KiB are kept for her, and the agent has filled them while she was away. Before she takes what
    ...    waits there is no room for more, and she is told when to ask again.
    [Tags]    wsr-2-13
    [Setup]    Streams Can Be Interrupted    stream_limits    stream_list
    Given Alice Is Connected And Bob Works Beside Her
    And Limit Streams    alice    size=16 KiB
    And Her Stream Breaks Behind    10    text    size=50 KB    chunk=1 KiB    rate=100
    When The Agent Has Filled What Is Kept For Her
    And Reconnect    alice    streams=no
    Then One More Is Refused With A Hint
    When Resume Streams    alice
    And She Asks Again As She Was Told
    Then All Streams Should Be Complete    alice
    And Bob Has Noticed Nothing


*** Keywords ***
Her Waits Begin With A Tenth Of A Second And Double
    [Documentation]    Five tries at most, no wait longer than two seconds; the first try comes at once. The profile shortens
    ...    nothing here.
    VAR    ${LADDER_SCALE} =    ${1}    scope=TEST
    Set Reconnect Ladder    first=0.1 s    factor=2    cap=2 s    jitter=0    tries=5

The Next Three Connections Are Reset And She Comes Back
    [Documentation]    The fourth that she opens is left alone.
    Inject Fault    reset    alice    connection=next    times=3
    ${back} =    Reconnect    alice
    VAR    ${BACK} =    ${back}    scope=TEST

She Is Back After Four Tries
    [Documentation]    To the same session.
    Should Be Equal As Integers    ${BACK.tries}    4
    The Session Should Be Kept    alice

Nobody Listens
    [Documentation]    Whoever knocks at her door is refused.
    Inject Fault    refuse    alice

She Gives Up After Five Tries
    [Documentation]    The keyword fails, and its sentence says why.
    Run Keyword And Expect Error
    ...    environment: alice did not come back to * in 5 tries; the last one: *nobody listens there*
    ...    Reconnect    alice

Her Program Gives Up After Eight Tries
    [Documentation]    Whoever waits for it learns why it does not come back.
    Let Clients Reconnect By Themselves    alice
    Run Keyword And Expect Error
    ...    environment: alice did not come back to * in 8 tries; the last one: *nobody listens there*
    ...    Wait Until Reconnected    alice
    Run Keyword And Expect Error
    ...    environment: alice did not come back to *
    ...    Stop Reconnecting By Themselves    alice

Somebody Listens Again And She Comes Back
    [Documentation]    At the first try.
    End Faults    alice
    Reconnect    alice

Others Take All Places
    [Documentation]    Bob has one of them.
    Take All Places

She Is Turned Away As Promised
    [Documentation]    Five times, and each time the server says why.
    Run Keyword And Expect Error    environment: alice did not come back to * in 5 tries; the last one: *    Reconnect    alice
    The Refusal Should Be As Promised    crowded    alice

One Of Them Leaves And She Comes Back
    [Documentation]    There is a place for her now.
    Disconnect    user-1
    Reconnect    alice

She Asks For Two Slow Answers
    [Documentation]    Each takes a second.
    Start Stream    text    alice    size=20 KB    chunk=1 KiB    rate=20
    Start Stream    text    alice    size=20 KB    chunk=1 KiB    rate=20

One More Is Refused With A Hint
    [Documentation]    The server says why, and when it is worth asking again.
    ${tried} =    Try To Start Stream    text    alice    size=20 KB
    Should Be Equal    ${tried}[reason]    too_many_streams
    Should Be True    0 < ${tried}[retry_after] < 10
    VAR    ${HINT} =    ${tried}[retry_after]    scope=TEST

She Asks Again As She Was Told
    [Documentation]    After each refusal she waits for as long as she was told.
    Wait Until Keyword Succeeds    50x    ${HINT} s    Start Stream    text    alice    size=20 KB

The Agent Has Filled What Is Kept For Her
    [Documentation]    It goes on writing while she is away, until nothing more fits.
    Wait Until Keyword Succeeds    50x    100 ms    What Is Kept For Her Is Full

What Is Kept For Her Is Full
    [Documentation]    Nothing is kept that was sent already, and there is no room for one more chunk of a KiB.
    @{kept} =    Read Kept Streams    alice
    Should Be Equal As Integers    ${kept}[0][kept_from]    ${kept}[0][sent]
    Should Be True    ${kept}[0][bytes_retained] > 15 * 1024
