*** Settings ***
Documentation     A client that does not trust its network sends the same message again.
...
...               Whatever it repeats must take effect once: nobody wants the same report ordered ten times.
...               And what merely looks alike must not be swallowed.

Resource          ../../resources/rapid_messages.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        The Target Must Offer    duplicate_detection
Test Timeout      2 minutes

Test Tags         rms-2


*** Test Cases ***
Ten Copies Within Fifty Milliseconds
    [Documentation]    One is processed, nine are told to be duplicates, each by its own attempt.
    Connect As    alice
    Send Copies    10    within=50 ms
    Only One Copy Should Be Processed
    The Agent Should Have Processed    1

Ten Copies In One Go
    [Documentation]    The copies arrive before the first one can be done.
    Connect As    alice
    Send Copies    10
    Only One Copy Should Be Processed
    The Agent Should Have Processed    1

A Copy After A Tenth Of A Second
    [Documentation]    The first one is long done; its memory must stay.
    Connect As    alice
    A Copy Should Be Recognised After    100 ms

A Copy After Two Seconds
    [Documentation]    Longer than any buffer, shorter than any patience. The pause is the stimulus.
    Connect As    alice
    A Copy Should Be Recognised After    2 s

Copies On Two Connections At The Same Instant
    [Documentation]    Phone and laptop of one user send the same message together.
    Connect As    alice    client=phone
    Connect As    alice    client=laptop
    FOR    ${_}    IN RANGE    25
        Send Copies    2    client=everyone
    END
    Only One Copy Should Be Processed    client=everyone
    The Agent Should Have Processed    25    client=phone

A Copy After A Reconnection
    [Documentation]    The client lost its connection, does not know whether the message arrived, and sends it again.
    Connect As    alice
    ${id} =    Send Copies    1
    Wait Until Everything Is Answered
    Disconnect
    Connect As    alice
    Send Copies    3    message_id=${id}
    Only One Copy Should Be Processed
    The Agent Should Have Processed    1

Another User's Equal Id Is No Duplicate
    [Documentation]    Ids are chosen by clients; two users may choose the same one.
    Connect As    alice
    Connect As    bob
    Send Copies    2    message_id=order-1    client=alice
    Wait Until Everything Is Answered    client=alice
    Send Copies    2    message_id=order-1    client=bob
    Only One Copy Should Be Processed    client=everyone
    The Agent Should Have Processed    1    client=alice
    The Agent Should Have Processed    1    client=bob

Equal Text Under Two Ids Is No Duplicate
    [Documentation]    "Yes" and "yes" again are two answers.
    Connect As    alice
    Send Message    Yes
    Send Message    Yes
    Every Message Should Be Answered Exactly Once
    The Agent Should Have Processed    2

Ids That Differ Only In Case Or Spaces Are Different
    [Documentation]    An id is compared letter by letter, up to its end.
    Connect As    alice
    Send Copies    1    message_id=Order-7
    Send Copies    1    message_id=order-7
    Send Copies    1    message_id=${SPACE}order-7
    Send Copies    1    message_id=order-7${SPACE}
    Send Copies    1    message_id=order${SPACE}-7
    Send Copies    1    message_id=the-order-of-a-customer-with-a-very-long-name-in-march-7
    Send Copies    1    message_id=the-order-of-a-customer-with-a-very-long-name-in-march-8
    Every Message Should Be Answered Exactly Once
    The Agent Should Have Processed    7

A Thousand Other Messages Between The Copies
    [Documentation]    The memory of ids must hold more than the last few.
    Connect As    alice
    ${id} =    Send Copies    1
    Send Burst    1000    in_flight=100
    Wait Until Everything Is Answered
    Send Copies    2    message_id=${id}
    Only One Copy Should Be Processed
    The Agent Should Have Processed    1001

An Incomplete Message May Be Completed Under Its Id
    [Documentation]    What was refused was never processed: the corrected message is not a duplicate.
    [Setup]    The Target Must Offer    duplicate_detection    refusals
    Connect As    alice
    ${id} =    Send Incomplete Message    content
    Wait Until Everything Is Answered
    Refused Messages Should Have No Effect
    Send Copies    1    message_id=${id}
    Wait Until Everything Is Answered
    Every Message Should Be Answered Exactly Once
    The Agent Should Have Processed    1


*** Keywords ***
A Copy Should Be Recognised After
    [Documentation]    Sends a message, waits for its answer, pauses and sends two copies.
    [Arguments]    ${pause}
    ${id} =    Send Copies    1
    Wait Until Everything Is Answered
    Let Time Pass    ${pause}
    Send Copies    2    message_id=${id}
    Only One Copy Should Be Processed
    The Agent Should Have Processed    1
