*** Settings ***
Documentation     A user types faster than the agent answers.
...
...               Nothing may be lost, repeated or overtaken: a lost message corrupts the conversation, and an answer
...               to the wrong question is worse than none.

Resource          ../../resources/rapid_messages.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Timeout      2 minutes

Test Tags         rms-1


*** Test Cases ***
Twenty Messages In Two Seconds Are Answered In Order
    [Documentation]    Someone pastes twenty short questions. Each gets its own answer, in the order asked.
    Connect As    alice
    Send Burst    20    every=100 ms
    The Conversation Should Be Intact
    The Agent Should Have Processed    20    last_sequence=19

Fifty Messages At The Shortest Allowed Interval
    [Documentation]    The fastest typist that the platform promises to keep up with.
    Connect As    alice
    Send Burst    50    every=50 ms
    The Conversation Should Be Intact
    The Agent Should Have Processed    50    last_sequence=49

A Burst Of Fifty Without Any Pause
    [Documentation]    A program, not a person: the largest burst that is allowed, all at once.
    Connect As    alice
    Send Burst    50
    The Conversation Should Be Intact
    The Agent Should Have Processed    50    last_sequence=49

Thousands Of Messages Under Load Keep Their Order
    [Documentation]    Rare disorder shows only in numbers, and only while many messages are under way:
    ...    a fault that hits one message in 500 escapes a test of twenty in 96 of 100 runs.
    Connect As    alice
    Send Burst    ${LOADED_MESSAGES}    in_flight=${LOADED_IN_FLIGHT}
    The Conversation Should Be Intact
    The Agent Should Have Processed    ${LOADED_MESSAGES}

Thousands Of Messages Keep Their Order While Answers Pile Up
    [Documentation]    The same while the agent lags behind on purpose, so that a long queue really waits at the server.
    [Setup]    The Target Must Offer    hold
    Connect As    alice
    Send Bursts To A Held Agent    bursts=22    each=400
    The Conversation Should Be Intact
    The Agent Should Have Processed    8800    last_sequence=8799

Several Messages In One Network Packet
    [Documentation]    The network may glue messages together. The server has to take them apart again, in order.
    Connect As    alice
    Send Burst    60    together=12
    The Conversation Should Be Intact
    The Agent Should Have Processed    60    last_sequence=59

Messages That All Claim The Same Time
    [Documentation]    Client clocks are coarse: order is the order of sending, whatever the time stamps say.
    [Setup]    The Target Must Offer    timestamps
    Connect As    alice
    Send Burst    50    timestamps=equal
    The Conversation Should Be Intact
    The Agent Should Have Processed    50    last_sequence=49

Messages Whose Time Runs Backwards
    [Documentation]    A client clock was set back in the middle of a conversation.
    [Setup]    The Target Must Offer    timestamps
    Connect As    alice
    Send Burst    50    timestamps=falling
    The Conversation Should Be Intact
    The Agent Should Have Processed    50    last_sequence=49

Words Of Many Scripts Arrive Unchanged
    [Documentation]    People write as they speak. A letter that the server does not know must not become a question mark.
    Connect As    alice
    Send Message    Grüße aus Zürich, ça va?
    Send Message    今日の売上を地域別に見せて
    Send Message    كم بعنا اليوم؟
    Send Message    All sold 🚀 👩‍💻
    The Conversation Should Be Intact
    The Agent Should Have Processed    4    last_sequence=3

The Last Burst Before Closing Is Not Forgotten
    [Documentation]    The user sends and closes the browser at once. What was sent is in the next session.
    Connect As    alice
    Send Burst    50    then_close=yes
    Connect As    alice
    The Agent Should Have Processed    50    last_sequence=49

Ten Users At The Same Time
    [Documentation]    Each user has an agent of their own; nobody sees another one's words.
    @{users} =    Connect Users    10
    Send Burst    200    in_flight=16    client=everyone
    Every Message Should Be Answered Exactly Once    client=everyone
    Replies Should Arrive In Send Order    client=everyone
    Contents Should Arrive Unchanged    client=everyone
    Users Should Not See Each Other
    FOR    ${user}    IN    @{users}
        The Agent Should Have Processed    200    last_sequence=199    client=${user}
    END
