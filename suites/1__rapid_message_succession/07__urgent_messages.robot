*** Settings ***
Documentation     Urgent messages go first, and the others still get through.

Resource          ../../resources/rapid_messages.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        The Target Must Offer    hold    priorities
Test Timeout      2 minutes

Test Tags         rms-3


*** Test Cases ***
Urgent Messages Overtake Those That Wait
    [Documentation]    A queue of ordinary work, then a few urgent messages: they are done next.
    Connect As    alice
    Hold The Agent
    Send Burst    200    acknowledge=yes
    Send Burst    20    priority=high    acknowledge=yes
    Release The Agent
    Every Message Should Be Answered Exactly Once
    Urgent Messages Should Go First
    Replies Should Arrive In Send Order

Urgent Messages Find A Place When Others Are Refused
    [Documentation]    While the queue is full for ordinary messages, an urgent one is still taken.
    Connect As    alice
    Hold The Agent
    Send Burst    550    high_every=10    acknowledge=yes
    Release The Agent
    Every Message Should Be Answered Exactly Once
    Urgent Messages Should Go First
    No Message Should Starve
    Replies Should Arrive In Send Order

Ordinary Messages Get Their Turn Under Constant Urgency
    [Documentation]    Somebody marks everything as urgent, without a pause. Ordinary messages must not wait for ever.
    Connect As    alice
    Let Each Message Take    1 ms
    Start Sending    priority=high    in_flight=100
    Send Burst    40    every=20 ms    acknowledge=yes
    Stop Sending
    Every Message Should Be Answered Exactly Once
    No Message Should Starve

Urgency Has Bounds Even When The Queue Is Full
    [Documentation]    Many urgent messages before a few ordinary ones: after a row of urgent ones an ordinary one is done.
    Connect As    alice
    Hold The Agent
    Send Burst    20    acknowledge=yes
    Send Burst    400    priority=high    acknowledge=yes
    Release The Agent
    Every Message Should Be Answered Exactly Once
    Urgent Messages Should Go First
    No Message Should Starve
    Replies Should Arrive In Send Order
