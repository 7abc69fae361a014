*** Settings ***
Documentation     How long somebody may be away.
...
...               Fifteen seconds are nothing. After two minutes everything is there, with a warning. After ten minutes a new
...               session begins, and whoever asks for the old one is told so, and by which rule. The clock is moved; nobody
...               waits.

Resource          ../../../resources/resilience.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        The Network Can Be Disturbed    history    agent_memory    advance_clock
Test Timeout      2 minutes

Test Tags         wsr-1-5


*** Test Cases ***
Fifteen Seconds
    [Documentation]    A brief absence, five times in a row: all of it is there, and there is nothing to say about it.
    Given Alice Has A Session And Bob Works Beside Her
    When She Is Away Five Times For    15 s
    Then Her Session Is As It Was
    And The Greeting Should Say    alice    absence_class=brief    warning=${None}    policy=${None}
    And Nothing Of Alice Is Lost
    And Bob Has Noticed Nothing

Two Minutes
    [Documentation]    Longer, and still within what is promised, five times in a row: all of it is there, with a warning.
    Given Alice Has A Session And Bob Works Beside Her
    When She Is Away Five Times For    2 minutes
    Then Her Session Is As It Was
    And The Greeting Should Say    alice    absence_class=medium    warning=*    policy=${None}
    And Nothing Of Alice Is Lost
    And Bob Has Noticed Nothing

Ten Minutes
    [Documentation]    Too long: she is told that her session has expired and by which rule, and begins a clean one.
    Given Alice Has A Session And Bob Works Beside Her
    When She Is Away For    10 minutes
    Then She Begins A Clean Session
    And The Greeting Should Say    alice    reason=session_expired    policy=session_window    absence_class=extended
    And Nothing Of Alice Is Lost
    And Bob Has Noticed Nothing

A Session Of Nearly A Day
    [Documentation]    The session is a minute younger than a day. A short break is survived as on its first minute.
    Given Alice Has A Session And Bob Works Beside Her
    When The Session Becomes So Old And Breaks    23 hours 59 minutes
    Then Her Session Is As It Was
    And The Greeting Should Say    alice    absence_class=brief    policy=${None}
    And Nothing Of Alice Is Lost
    And Bob Has Noticed Nothing

A Session Of More Than A Day
    [Documentation]    A minute older than a day: behind the next break a new one begins, and she is told why.
    Given Alice Has A Session And Bob Works Beside Her
    When The Session Becomes So Old And Breaks    24 hours 1 minute
    Then She Begins A Clean Session
    And The Greeting Should Say    alice    reason=session_too_old    policy=session_lifetime
    And Nothing Of Alice Is Lost
    And Bob Has Noticed Nothing

Too Much Was Missed
    [Documentation]    While she heard nothing, more answers left than the platform keeps for her. It says so instead of
    ...    leaving a gap; the session and the conversation are still hers.
    Given Alice Has A Session And Bob Works Beside Her
    When She Misses So Many Answers    1200
    Then The Greeting Should Say    alice    reason=too_far_behind    policy=${None}
    And The Agent Knows All It Knew
    And Nothing Of Alice Is Lost
    And Bob Has Noticed Nothing


*** Keywords ***
Alice Has A Session And Bob Works Beside Her
    [Documentation]    With a conversation, and an agent at work.
    Alice Is Connected And Bob Works Beside Her
    Alice Has Asked    5
    The Agent Is At The Third Of Five Steps

She Is Away For
    [Documentation]    The platform's clock is moved while nobody is there.
    [Arguments]    ${time}
    Cut The Connection    alice
    Move The Clock By    ${time}
    Reconnect    alice

She Is Away Five Times For
    [Documentation]    Her session is looked at each time.
    [Arguments]    ${time}
    FOR    ${_}    IN RANGE    5
        She Is Away For    ${time}
        Her Session Is As It Was
    END

The Session Becomes So Old And Breaks
    [Documentation]    Alice stays connected all the time; then there is a short break.
    [Arguments]    ${age}
    Move The Clock By    ${age}
    Her Connection Ends And She Comes Back    after=2 s

She Misses So Many Answers
    [Documentation]    What the platform sends does not reach her any more; what she sends still reaches the platform. She leaves
    ...    when the first answer was swallowed.
    [Arguments]    ${answers}
    Inject Fault    blackhole    alice    direction=to_client    connection=1
    Send Burst    ${answers}    client=alice
    Every Fault Should Have Struck
    Cut The Connection    alice    how=close
    Reconnect    alice

She Begins A Clean Session
    [Documentation]    Nothing of the old one is in it.
    The Session Should Be A New One    alice
    ${conversation} =    Read The Conversation History    alice
    Should Be Equal As Integers    ${conversation}[count]    0
    ${memory} =    Read The Agent Memory    alice
    Should Be Empty    ${memory}[variables]
