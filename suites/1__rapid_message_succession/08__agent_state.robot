*** Settings ***
Documentation     The agent's memory of a conversation is right at every moment.
...
...               What the agent ought to remember is worked out here, from the messages alone. It is never read from
...               the server, and the server is never told.

Resource          ../../resources/rapid_messages.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        The Target Must Offer    agent_state
Test Timeout      2 minutes

Test Tags         rms-4


*** Test Cases ***
A Conversation Of Ten Dependent Questions
    [Documentation]    Each question builds on the one before. The agent is asked for its state before and after each.
    Given Alice Is Connected
    When She Asks Ten Questions About Sales
    Then The Agent Remembers All Of Them
    And The Agent Should Have Processed    10    last_sequence=9
    And The Conversation Should Be Complete Only At The End

The State Is Right While Messages Pour In
    [Documentation]    The same conversation without a pause, again and again, while the state is read all the time.
    Given Alice Is Connected
    ${before} =    Take Server Figures
    When She Repeats The Conversation While Somebody Watches
    Then The Agent Remembers All Of Them
    And The Conversation Should Be Complete Only At The End
    And Server Memory Should Not Have Grown By More Than    50 MB    since=${before}

Two Conversations With The Same Title
    [Documentation]    Two users gave their conversations the same name. Nothing of one may appear in the other.
    Given Alice And Bob Are Connected
    When Both Have The Conversation    title=Quarterly sales
    Then The Agent Remembers All Of Them    client=everyone
    And The Conversation Should Be Complete Only At The End    client=everyone
    And Users Should Not See Each Other

Malformed Messages Leave No Trace
    [Documentation]    Between the questions come messages that make no sense; the counters do not move.
    [Setup]    The Target Must Offer    agent_state    refusals
    Given Alice Is Connected
    When She Asks Ten Questions With Malformed Messages In Between
    Then The Agent Remembers All Of Them
    And The Agent Should Have Processed    10    last_sequence=9
    And The Conversation Should Be Complete Only At The End

Refused Messages Leave No Trace
    [Documentation]    The queue is full for the last of her questions; the agent never hears of them, not even in passing.
    [Setup]    The Target Must Offer    agent_state    hold    bounded_queue
    Given Alice Is Connected
    When Some Of Her Messages Find No Place
    Then The Agent Remembers All Of Them
    And The Agent Should Have Processed    450

Failed Messages Leave No Trace
    [Documentation]    The agent fails at some messages; it remembers only what it answered.
    [Setup]    The Target Must Offer    agent_state    fail
    Given Alice Is Connected
    When Some Of Her Messages Fail
    Then The Agent Remembers All Of Them
    And The Agent Should Have Processed    15
    And The Conversation Should Be Complete Only At The End

Two Programs Of One User Feed The Same Agent
    [Documentation]    Phone and laptop send at the same time; no message is counted twice and none is forgotten.
    Given Alice Is Connected With Phone And Laptop
    When Both Send While Somebody Watches
    Then The Agent Should Have Processed    600    client=everyone
    And The Agent Remembers All Of Them    client=everyone


*** Keywords ***
Alice Is Connected
    [Documentation]    One user, one connection.
    Connect As    alice

Alice And Bob Are Connected
    [Documentation]    Two users, one connection each.
    Connect As    alice
    Connect As    bob

Alice Is Connected With Phone And Laptop
    [Documentation]    One user, two programs.
    Connect As    alice    client=phone
    Connect As    alice    client=laptop

She Asks Ten Questions About Sales
    [Documentation]    200 ms apart, the state is asked for around each.
    Have The Conversation    sales_conversation    every=200 ms    snapshots=yes

She Repeats The Conversation While Somebody Watches
    [Documentation]    Without a pause; snapshots are taken at the same time. No more than 16 questions are open at a time, so
    ...    that the agent cannot be through with all of them before somebody looks, however busy this machine is.
    Start Taking Snapshots    every=1 ms
    Have The Conversation    sales_conversation    rounds=50    in_flight=16
    Wait Until Everything Is Answered
    Stop Taking Snapshots

Both Have The Conversation
    [Documentation]    The same questions under the same title, at the same time.
    [Arguments]    ${title}
    Start Taking Snapshots    every=5 ms    client=everyone
    Have The Conversation    sales_conversation    rounds=10    every=5 ms    title=${title}    client=everyone
    Wait Until Everything Is Answered    client=everyone
    Stop Taking Snapshots    client=everyone

She Asks Ten Questions With Malformed Messages In Between
    [Documentation]    Behind each question comes a message that the target has to refuse.
    Have The Conversation    sales_conversation    every=50 ms    snapshots=yes    malformed=yes

Some Of Her Messages Find No Place
    [Documentation]    500 for a held agent, where 450 that are not urgent may wait.
    Hold The Agent
    Have The Conversation    sales_conversation    rounds=50
    Release The Agent
    Wait Until Everything Is Answered

Some Of Her Messages Fail
    [Documentation]    Five of twenty.
    Start Taking Snapshots    every=5 ms
    Let Messages Fail    5
    Have The Conversation    sales_conversation    rounds=2    every=10 ms
    Wait Until Everything Is Answered
    Stop Taking Snapshots

Both Send While Somebody Watches
    [Documentation]    300 messages each.
    Start Taking Snapshots    every=5 ms    client=phone
    Send Burst    300    in_flight=32    client=everyone
    Wait Until Everything Is Answered    client=everyone
    Stop Taking Snapshots    client=phone

The Agent Remembers All Of Them
    [Documentation]    Topic, content and counters agree with the messages in every snapshot; no snapshot mixes two moments,
    ...    and the agent's memory stays small.
    [Arguments]    ${client}=${None}
    Every Message Should Be Answered Exactly Once    ${client}
    The Agent Should Remember The Conversation    ${client}
    Snapshots Should Be Whole    ${client}
    The Agent Should Hold Fewer Objects Than    10000    ${client}
