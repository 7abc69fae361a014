*** Settings ***
Documentation     The same promise where only a tester's means reach:
...               the ledger, a moved clock, a restarted server, a full queue.

Resource          ../../resources/rapid_messages.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Timeout      2 minutes

Test Tags         rms-2


*** Test Cases ***
The Ledger Shows One Effect
    [Documentation]    Ten copies, one effect in the server's own account.
    [Setup]    The Target Must Offer    duplicate_detection    ledger
    Connect As    alice
    Send Copies    10    within=50 ms
    Only One Copy Should Be Processed
    The Ledger Should Show Each Message Once

The Ledger Shows One Effect Of Two Connections
    [Documentation]    Phone and laptop send the same messages at the same instants.
    [Setup]    The Target Must Offer    duplicate_detection    ledger
    Connect As    alice    client=phone
    Connect As    alice    client=laptop
    FOR    ${_}    IN RANGE    25
        Send Copies    2    client=everyone
    END
    Only One Copy Should Be Processed    client=everyone
    The Ledger Should Show Each Message Once    client=everyone

A Copy After Ten Seconds
    [Documentation]    The clock is moved; nobody waits.
    [Setup]    The Target Must Offer    duplicate_detection    advance_clock
    Connect As    alice
    ${id} =    A Message Was Answered
    Move The Clock By    10 s
    Send Copies    2    message_id=${id}
    Only One Copy Should Be Processed
    The Agent Should Have Processed    1

A Copy Just Inside The Window
    [Documentation]    The promise is 300 s; one second before they are over the copy is still a duplicate.
    [Setup]    The Target Must Offer    duplicate_detection    advance_clock
    Connect As    alice
    ${id} =    A Message Was Answered
    Move The Clock By    299 s
    Send Copies    1    message_id=${id}
    Only One Copy Should Be Processed
    The Agent Should Have Processed    1

A Copy Just Outside The Window
    [Documentation]    When the window is over, the id is free again: the message is processed a second time.
    [Setup]    The Target Must Offer    duplicate_detection    advance_clock
    Connect As    alice
    ${id} =    A Message Was Answered
    Move The Clock By    301 s
    Send Copies    1    message_id=${id}
    Wait Until Everything Is Answered
    The Message Should Have Been Processed    ${id}    times=2

A Copy After A Graceful Restart
    [Documentation]    The server was updated between the copies.
    [Setup]    The Target Must Offer    duplicate_detection    restart
    A Copy Should Be Recognised After A Restart    gracefully=yes

A Copy After A Crash
    [Documentation]    The server was killed between the copies: what it had acknowledged, it must still know.
    [Setup]    The Target Must Offer    duplicate_detection    restart
    A Copy Should Be Recognised After A Restart    gracefully=no

A Message Refused By A Full Queue May Be Sent Again
    [Documentation]    "Come back later" is no promise to remember the id.
    [Setup]    The Target Must Offer    duplicate_detection    hold
    Connect As    alice
    Hold The Agent
    Send Burst    501
    ${refused} =    Wait Until A Message Is Refused
    Release The Agent
    Wait Until Everything Is Answered
    Refused Messages Should Have No Effect
    Send Copies    2    message_id=${refused}
    Only One Copy Should Be Processed    ${refused}


*** Keywords ***
A Message Was Answered
    [Documentation]    Sends one message, waits for its answer and returns its id.
    ${id} =    Send Copies    1
    Wait Until Everything Is Answered
    RETURN    ${id}

A Copy Should Be Recognised After A Restart
    [Documentation]    Sends a message, restarts the server and sends two copies.
    [Arguments]    ${gracefully}
    Connect As    alice
    ${id} =    A Message Was Answered
    Restart Target    gracefully=${gracefully}
    Connect As    alice
    Send Copies    2    message_id=${id}
    Only One Copy Should Be Processed
    The Agent Should Have Processed    1
