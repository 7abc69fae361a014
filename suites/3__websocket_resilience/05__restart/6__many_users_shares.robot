*** Settings ***
Documentation     Many users in several programs lose one server at the same instant: each test is one program's share of them.
...
...               pabot runs the shares at the same time, each in a process of its own, against one server. When all of them are
...               at work it dies, and is there again after two seconds. Each judges what it has sent, the next suite judges how
...               all of them came back. Plain robot has all users in the first share.

Resource          ../../../resources/restart.resource

Suite Setup       Start Shared Target    clients=120
Suite Teardown    Stop Shared Target
Test Setup        Everybody May Come Back
Test Timeout      5 minutes
Test Template     Be A Share Of Those Who Come Back

Test Tags         wsr-5-6    serial


*** Test Cases ***
Share 1 Of 4    1 of 4

Share 2 Of 4    2 of 4

Share 3 Of 4    3 of 4

Share 4 Of 4    4 of 4


*** Keywords ***
Be A Share Of Those Who Come Back
    [Documentation]    As many of the users as fall to this share; in a process that has them all, the others have nothing to
    ...    do.
    [Arguments]    ${share}
    ${mine} =    Part Of The Crowd    ${RESTART_CLIENTS}    ${share}
    IF    ${mine}    Come Back From The Crash Of All    ${mine}    ${share}

Come Back From The Crash Of All
    [Documentation]    Each with questions under way; what becomes of them is judged here.
    [Arguments]    ${users}    ${share}
    Connect Users    ${users}    resumable=yes
    Let Clients Reconnect By Themselves    everyone
    Start Sending    every=50 ms    client=everyone
    Let Time Pass    500 ms
    Crash And Restart Shared Target    after=2 s
    Everybody Is Back    working=everyone
    Keep The Comeback    crash in shares    ${share}
    Nothing Of Anybody Is Lost
