*** Settings ***
Documentation     Sixty expired tokens from several programs at the same instant: each test is one program's share of them.
...
...               pabot runs the shares at the same time, each in a process of its own, against one server. Each judges what
...               it has tried, the next suite all of them together. Plain robot has all in the first share.

Resource          ../../../resources/tokens.resource

Suite Setup       Start Shared Target
Suite Teardown    Stop Shared Target
Test Setup        Bad Tokens Can Be Tried
Test Timeout      2 minutes
Test Template     Be A Share Of Those Who Are Refused

Test Tags         wsr-4-9    serial


*** Test Cases ***
Share 1 Of 4    1 of 4

Share 2 Of 4    2 of 4

Share 3 Of 4    3 of 4

Share 4 Of 4    4 of 4


*** Keywords ***
Be A Share Of Those Who Are Refused
    [Documentation]    As many of twenty users as fall to this share; in a process that has them all, the others have nothing to
    ...    do.
    [Arguments]    ${share}
    ${mine} =    Part Of The Crowd    20    ${share}
    IF    ${mine}    Try What Falls To This Share    ${mine}    ${share}

Try What Falls To This Share
    [Documentation]    Each user three times at once.
    [Arguments]    ${users}    ${share}
    Try To Connect Together    ${users}    tries=3    form=expired
    Keep The Attempts    expired in shares    ${share}
    Every Attempt Should Be Refused
