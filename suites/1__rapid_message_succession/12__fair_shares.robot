*** Settings ***
Documentation     Ten users type at the same time, and each gets a tenth of the attention.
...
...               Measured alone on the machine: a rate that something else disturbs says nothing about the server.

Resource          ../../resources/rapid_messages.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Timeout      2 minutes

Test Tags         rms-1    serial


*** Test Cases ***
Ten Users Are Served At The Same Rate
    [Documentation]    Everybody sends the same amount at the same time; nobody may get much less than the others.
    Connect Users    10
    Send Burst    500    in_flight=16    client=everyone
    Every Message Should Be Answered Exactly Once    client=everyone
    Users Should Be Served Fairly
