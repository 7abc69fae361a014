*** Settings ***
Documentation     The server's own account of the same conversations.
...
...               Answers in order do not prove that the work was done in order. The ledger does: it is written
...               where the effect becomes durable, and read through a channel of its own.

Resource          ../../resources/rapid_messages.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        The Target Must Offer    ledger
Test Timeout      2 minutes

Test Tags         rms-1


*** Test Cases ***
Work Is Done In The Order Asked
    [Documentation]    Twenty questions in two seconds: the ledger shows them in send order, each once.
    Connect As    alice
    Send Burst    20    every=100 ms
    Messages Should Be Processed In Send Order

Work Is Done In The Order Asked At The Shortest Interval
    [Documentation]    Fifty questions, 50 ms apart.
    Connect As    alice
    Send Burst    50    every=50 ms
    Messages Should Be Processed In Send Order

Work Is Done In The Order Asked In A Burst
    [Documentation]    Fifty questions at once.
    Connect As    alice
    Send Burst    50
    Messages Should Be Processed In Send Order

Work Is Done In The Order Asked Under Load
    [Documentation]    Thousands of questions, many of them under way at any moment.
    Connect As    alice
    Send Burst    ${LOADED_MESSAGES}    in_flight=${LOADED_IN_FLIGHT}
    Messages Should Be Processed In Send Order

Work Is Done In The Order Asked Across Network Packets
    [Documentation]    Messages that the network glued together.
    Connect As    alice
    Send Burst    60    together=12
    Messages Should Be Processed In Send Order

Work Is Done In The Order Asked Whatever The Time Stamps Say
    [Documentation]    First all the same, then falling.
    [Setup]    The Target Must Offer    ledger    timestamps
    Connect As    alice
    Send Burst    50    timestamps=equal
    Send Burst    50    timestamps=falling
    Messages Should Be Processed In Send Order

Large Texts Are Processed Whole
    [Documentation]    The digest in the ledger is that of the text which was sent.
    Connect As    alice
    Send Burst    3    size=64 KiB
    Send Burst    3    size=70 KiB
    Messages Should Be Processed In Send Order

The Last Burst Before Closing Is Processed
    [Documentation]    Nobody is there any more to read the answers; the work is done all the same, in order.
    Connect As    alice
    Send Burst    50    then_close=yes
    Connect As    alice
    Every Message Should Be Processed Exactly Once

Ten Users Leave Ten Separate Accounts
    [Documentation]    Each user's messages are in the ledger once, in that user's order, under that user's name.
    Connect Users    10
    Send Burst    200    in_flight=16    client=everyone
    Messages Should Be Processed In Send Order    client=everyone
