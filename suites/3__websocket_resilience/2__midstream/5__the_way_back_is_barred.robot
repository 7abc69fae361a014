*** Settings ***
Documentation     A connection ends, and the next ones cannot be had.
...
...               Whoever knocks again at once, and again and again, makes it worse for everybody: each wait is twice as long as
...               the one before, up to a bound, and after some tries it is over. Waits are real here, since they are what is
...               looked at; they may be longer than they should, since machines are late, but never shorter.

Resource          ../../../resources/resilience.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        The Network Can Be Disturbed
Test Timeout      2 minutes

Test Tags         wsr-2-5


*** Test Cases ***
The Fourth Try Gets In
    [Documentation]    Three connections are reset as soon as they are made. The waits are 0.1, 0.2 and 0.4 s.
    Given Alice Is Connected And Bob Works Beside Her
    And Her Waits Begin With A Tenth Of A Second And Double
    And She Has Questions Under Way
    When She Loses Her Connection And The Next Three
    Then She Is Back After    4
    And Waits Should Follow The Ladder    alice
    And Nothing Of Alice Is Lost
    And Bob Has Noticed Nothing

Five Tries And No More
    [Documentation]    Nobody listens. She gives up after the fifth try, and says what the last one met. When somebody listens
    ...    again, she comes back to her session, and nothing is lost.
    Given Alice Is Connected And Bob Works Beside Her
    And Her Waits Begin With A Tenth Of A Second And Double
    And She Has Questions Under Way
    When She Loses Her Connection And Nobody Listens
    Then She Gives Up After Five Tries
    When Somebody Listens Again And She Comes Back
    Then Waits Should Follow The Ladder    alice
    And The Session Should Be Kept    alice
    And Nothing Of Alice Is Lost
    And Bob Has Noticed Nothing

No Wait Is Longer Than Two Seconds
    [Documentation]    A program that comes back by itself waits before its first try too. From the sixth try on the waits stay
    ...    at two seconds, and after the eighth it is over. The profile shortens all of them alike.
    Given Alice Is Connected And Bob Works Beside Her
    And Set Reconnect Ladder    first=0.1 s    factor=2    cap=2 s    jitter=10 %    tries=8
    And Let Clients Reconnect By Themselves    alice
    When She Loses Her Connection And Nobody Listens
    Then Her Program Gives Up After Eight Tries
    And Waits Should Follow The Ladder    alice
    And Bob Has Noticed Nothing


*** Keywords ***
Her Waits Begin With A Tenth Of A Second And Double
    [Documentation]    Five tries at most, no wait longer than two seconds; the first try comes at once. The profile shortens
    ...    nothing here.
    VAR    ${LADDER_SCALE} =    ${1}    scope=TEST
    Set Reconnect Ladder    first=0.1 s    factor=2    cap=2 s    jitter=0    tries=5

She Has Questions Under Way
    [Documentation]    Their answers come while she is away: the agent is held until her connection is lost.
    Hold The Agent    alice
    Send Burst    20    client=alice

She Loses Her Connection And The Next Three
    [Documentation]    Each is reset. The fourth that she opens is left alone.
    Inject Fault    reset    alice    connection=next    times=3
    Cut The Connection    alice
    Release The Agent    alice
    ${back} =    Reconnect    alice
    VAR    ${BACK} =    ${back}    scope=TEST

She Is Back After
    [Documentation]    So many tries, to the same session, with everything that she had missed.
    [Arguments]    ${tries}
    Should Be Equal As Integers    ${BACK.tries}    ${tries}
    Should Be True    ${BACK.recovered}

She Loses Her Connection And Nobody Listens
    [Documentation]    Whoever knocks at her door is refused.
    Inject Fault    refuse    alice
    Cut The Connection    alice

She Gives Up After Five Tries
    [Documentation]    The keyword fails, and its sentence says why.
    Release The Agent    alice
    Run Keyword And Expect Error
    ...    environment: alice did not come back to * in 5 tries; the last one: *nobody listens there*
    ...    Reconnect    alice

Her Program Gives Up After Eight Tries
    [Documentation]    Whoever waits for it learns why it does not come back.
    Run Keyword And Expect Error
    ...    environment: alice did not come back to * in 8 tries; the last one: *nobody listens there*
    ...    Wait Until Reconnected    alice
    Run Keyword And Expect Error    environment: alice did not come back to *    Stop Reconnecting By Themselves    alice

Somebody Listens Again And She Comes Back
    [Documentation]    At the first try.
    End Faults    alice
    Reconnect    alice
