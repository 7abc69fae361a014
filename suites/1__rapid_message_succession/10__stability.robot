*** Settings ***
Documentation     Connections stay up: under bursts, in silence, and beside somebody who does not read.

Resource          ../../resources/rapid_messages.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Timeout      5 minutes

Test Tags         rms-5


*** Test Cases ***
Bursts With Pauses
    [Documentation]    Burst after burst, as people work; pings go on all the while and are answered during the bursts too.
    Connect As    alice
    Start Pinging    every=1 s
    Send Bursts    ${BURSTS}    of=10    every=50 ms    apart=${BURSTS_APART}
    The Conversation Should Be Intact
    Stop Pinging
    The Connection Should Have Stayed Up
    Pings Should Be Answered Within    5 s
    Nothing Should Have Stalled    20 s

Half A Minute Of Silence
    [Documentation]    Nobody types for 31 to 35 seconds (the clock is moved, in two steps, so that a server which looks for idle
    ...    connections now and then has looked); then the conversation simply goes on.
    [Setup]    The Target Must Offer    advance_clock
    Connect As    alice
    Send Burst    10
    The Conversation Should Be Intact
    FOR    ${rest}    IN    11 s    13 s    15 s
        Move The Clock By    20 s
        Move The Clock By    ${rest}
        Connection Should Be Open
        Send Burst    10
        The Conversation Should Be Intact
    END
    The Connection Should Have Stayed Up

More Than A Thousand Messages On One Connection
    [Documentation]    A connection does not wear out.
    Connect As    alice
    Start Pinging    every=0.2 s
    Send Burst    2000    in_flight=32
    The Conversation Should Be Intact
    Stop Pinging
    The Connection Should Have Stayed Up
    Pings Should Be Answered Within    5 s
    The Agent Should Have Processed    2000    last_sequence=1999

Somebody Does Not Read
    [Documentation]    Bob's program hangs and takes no answers any more. Alice must not notice.
    Connect As    alice
    Connect As    bob
    Alice Works
    ${moment} =    Remember This Moment
    Bob Stops Reading And Goes On Sending
    Alice Works
    Nobody Should Be Held Up By    bob    since=${moment}
    Start Reading    bob
    Every Message Should Be Answered Exactly Once    client=everyone


*** Keywords ***
Alice Works
    [Documentation]    For three seconds, at a steady pace.
    Send Burst    300    every=10 ms    client=alice
    Wait Until Everything Is Answered    client=alice

Bob Stops Reading And Goes On Sending
    [Documentation]    So many messages that the answers to him, several megabytes, find no room on the way any more.
    Stop Reading    bob
    Send Burst    16000    client=bob
