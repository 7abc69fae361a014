*** Settings ***
Documentation     Ten users flood one server from several programs at once: each test is one program's share of them.
...
...               pabot runs the shares at the same time, each in a process of its own, against one server; they agree on
...               the instant to begin. Each judges what it has sent, the next suite judges all of them together.
...               Plain robot runs all shares at once with the first of them.

Resource          ../../resources/high_volume.resource

Suite Setup       Start Shared Target
Suite Teardown    Stop Shared Target
Test Timeout      5 minutes
Test Template     Send A Share Of The Flood

Test Tags         hvt-2    serial


*** Test Cases ***
Share 1 Of 4    1 of 4

Share 2 Of 4    2 of 4

Share 3 Of 4    3 of 4

Share 4 Of 4    4 of 4


*** Keywords ***
Send A Share Of The Flood
    [Documentation]    Ten thousand messages of ten users, a thousand a second; this share is that of two or three of them.
    [Tags]    sending
    [Arguments]    ${share}
    ${load} =    Run Load    flood in shares    rate=1000 msg/s    count=10000    connections=10    share=${share}
    Nothing Should Be Lost Or Overtaken    ${load}
