*** Settings ***
Documentation     The train enters a tunnel, the connection is gone, and two seconds later it is back.
...
...               What was said so far is the conversation: the same questions and answers in the same order, word for word,
...               none of them missing and none of them there twice.

Resource          ../../../resources/resilience.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        The Network Can Be Disturbed    history
Test Timeout      2 minutes

Test Tags         wsr-1-1


*** Test Cases ***
The Connection Is Reset Between Two Questions
    [Documentation]    Five questions are answered. Then the network breaks the connection off.
    Given Alice Is Connected And Bob Works Beside Her
    And Alice Has Asked    5
    When Her Connection Ends And She Comes Back    after=2 s    how=reset
    Then The Session Should Be Kept    alice
    And She Finds The Conversation As It Was
    And Nothing Of Alice Is Lost
    And Bob Has Noticed Nothing

The Connection Ends Without A Farewell
    [Documentation]    The same where the network ends the connection quietly (FIN) and nobody says goodbye.
    Given Alice Is Connected And Bob Works Beside Her
    And Alice Has Asked    5
    When Her Connection Ends And She Comes Back    after=2 s    how=close
    Then The Session Should Be Kept    alice
    And She Finds The Conversation As It Was
    And Nothing Of Alice Is Lost
    And Bob Has Noticed Nothing

The User Says Goodbye And Comes Back
    [Documentation]    She closes the window in the orderly way and opens it again: a farewell is no reason to forget her.
    Given Alice Is Connected And Bob Works Beside Her
    And Alice Has Asked    5
    When She Leaves And Comes Back    after=2 s
    Then The Session Should Be Kept    alice
    And She Finds The Conversation As It Was
    And Bob Has Noticed Nothing

The Connection Breaks Before The Last Answer
    [Documentation]    The fifth question waits for the agent when the connection breaks. Alice gets its answer when she is
    ...    back, once; and the question stands in the conversation once, although she has asked it again.
    [Setup]    The Network Can Be Disturbed    history    hold
    Given Alice Is Connected And Bob Works Beside Her
    And Alice Has Asked    4
    When Her Connection Breaks With A Question Under Way
    Then Nothing Of Alice Is Lost
    And Her Conversation Is What Was Said    entries=10
    And Bob Has Noticed Nothing


*** Keywords ***
She Leaves And Comes Back
    [Documentation]    With a closing handshake.
    [Arguments]    ${after}
    Disconnect    alice
    Alice Is Away For    ${after}
    Reconnect    alice

Her Connection Breaks With A Question Under Way
    [Documentation]    The agent is held meanwhile, so that the answer cannot have left before.
    Hold The Agent    alice
    Send Burst    1    client=alice
    Cut The Connection    alice    how=close
    Release The Agent    alice
    Reconnect    alice

Her Conversation Is What Was Said
    [Documentation]    Each question with its answer, none of them twice.
    [Arguments]    ${entries}
    ${told} =    Read The Conversation History    alice
    Should Be Equal As Integers    ${told}[count]    ${entries}
    The Conversation History Should Be What Was Said    ${told}    alice
