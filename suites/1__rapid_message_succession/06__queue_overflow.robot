*** Settings ***
Documentation     More comes in than the agent can do.
...
...               Overload is refused openly, message by message, with a hint when to come back. What was refused is
...               never done behind the user's back, and what was accepted is never dropped.

Resource          ../../resources/rapid_messages.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        The Target Must Offer    hold    queue_state
Test Timeout      2 minutes

Test Tags         rms-3


*** Test Cases ***
Five Hundred And Fifty Messages For A Held Agent
    [Documentation]    Fifty more than there is room for, every tenth of them urgent. The agent is held, so the rule can be
    ...    checked place by place: each refusal is due, and each place was used.
    Connect As    alice
    Start Watching The Queue    every=20 ms
    Hold The Agent
    Send Burst    550    high_every=10    acknowledge=yes
    Wait Until Everything Is Accepted Or Refused
    Refusals Should Follow The Admission Rule
    Release The Agent
    Stop Watching The Queue
    Refusals Should Be In Order

The Last Places Are For Urgent Messages
    [Documentation]    Five hundred can wait; the last tenth of the places takes urgent messages only.
    Connect As    alice
    The Queue Should Take    500
    Every Accepted Message Should Be Processed

A Refusal Says Which Message And When To Come Back
    [Documentation]    Whoever is turned away must know what was turned away, and what to do.
    Connect As    alice
    Hold The Agent
    Send Burst    550    acknowledge=yes
    Release The Agent
    Refusals Should Name Message And Retry

More Than A Slow Agent Can Do
    [Documentation]    The agent works while messages pour in: each refusal must be justified by what was waiting at that moment.
    ...    In the end refused and accepted messages alternate; those that are accepted keep their order.
    Connect As    alice
    Start Watching The Queue    every=20 ms
    Let Each Message Take    2 ms
    Send Burst    1100    high_every=10    acknowledge=yes
    Send Burst    300    every=1 ms    high_every=20    acknowledge=yes
    Wait Until Everything Is Answered
    Stop Watching The Queue
    Refusals Should Be Justified
    Refusals Should Be In Order
    Replies Should Arrive In Send Order

What Was Refused Is Taken Later
    [Documentation]    The user does as told and comes back: everything that was refused is accepted now, and done once.
    Connect As    alice
    Hold The Agent
    Send Burst    550    high_every=10    acknowledge=yes
    Release The Agent
    Wait Until Everything Is Answered
    The Queue Should Be Empty
    Send The Refused Messages Again
    Refused Messages Should Be Accepted After The Drain
    Every Accepted Message Should Be Processed

The Queue Is As Large As Before
    [Documentation]    Refusals and failures must not wear places away: the capacity is measured, then measured again.
    [Setup]    The Target Must Offer    hold    queue_state    fail
    Connect As    alice
    The Queue Should Take    500
    Let Messages Fail    40
    Send Burst    60    acknowledge=yes
    Wait Until Everything Is Answered
    Failed Messages Should Have No Effect    40
    Send The Refused Messages Again
    Wait Until Everything Is Answered
    The Queue Should Take    500
    Every Accepted Message Should Be Processed

Two Users Fill Their Own Queues
    [Documentation]    One user's overload takes no place away from the other, who fills the queue to the last place.
    Connect As    alice
    Connect As    bob
    Hold The Agent    client=everyone
    Send Burst    550    high_every=10    acknowledge=yes    client=alice
    Send Burst    450    acknowledge=yes    client=bob
    Wait Until Everything Is Accepted Or Refused    client=everyone
    Refusals Should Follow The Admission Rule    client=alice
    No Message Should Be Refused    client=bob
    Release The Agent    client=everyone
    Every Accepted Message Should Be Processed    client=everyone


*** Keywords ***
Refusals Should Be In Order
    [Documentation]    What holds of every overload: the queue kept its bound, each refusal says what to do, and nothing
    ...    that was refused was processed.
    The Queue Should Stay Within Its Capacity
    Refusals Should Name Message And Retry
    Every Accepted Message Should Be Processed

Every Accepted Message Should Be Processed
    [Documentation]    Once, and no refused one.
    [Arguments]    ${client}=${None}
    Every Message Should Be Answered Exactly Once    ${client}
    Refused Messages Should Have No Effect    ${client}

The Queue Should Take
    [Documentation]    Fills the queue of a held agent, first with normal, then with urgent messages, until there is no place
    ...    left; then the agent may catch up.
    [Arguments]    ${places}
    Hold The Agent
    Fill The Queue
    The Queue Should Hold    ${places}
    Release The Agent
    Wait Until Everything Is Answered
