*** Settings ***
Documentation     Many users are connected to one server from several programs at once: each test is one program's share of them.
...
...               pabot runs the shares at the same time, each in a process of its own, against one server; they agree on
...               the instant at which each step begins. Each judges what it has sent, the next suite judges all of them together.
...               Plain robot runs all shares at once with the first of them.

Resource          ../../resources/high_volume.resource

Suite Setup       Start A Shared Target With Room For All
Suite Teardown    Stop Shared Target
Test Timeout      20 minutes
Test Template     Be A Share Of The Crowd

Test Tags         hvt-6    serial


*** Test Cases ***
Share 1 Of 4    1 of 4

Share 2 Of 4    2 of 4

Share 3 Of 4    3 of 4

Share 4 Of 4    4 of 4


*** Keywords ***
Start A Shared Target With Room For All
    [Documentation]    The server takes exactly as many connections as the largest step has.
    [Tags]    target
    ${most} =    Largest Of    ${CONNECTION_STEPS}
    Start Shared Target    clients=${most}

Be A Share Of The Crowd
    [Documentation]    This share's part of each step, and of the phase in which every user sends as fast as answers come back.
    ...    That lasts so long that the turns which programs take on a small machine even out.
    [Tags]    sending
    [Arguments]    ${share}
    ${steps} =    Run Connection Steps    connections in shares    ${CONNECTION_STEPS}
    ...    each=${SECONDS_PER_CONNECTION_STEP}    peak=${PEAK_RATE}    share=${share}
    ${most} =    Largest Of    ${CONNECTION_STEPS}
    ${load} =    Run Load    saturated in shares    in_flight=4    connections=${most}
    ...    lasting=8 s    share=${share}
    Load Should Be Lossless And Ordered    @{steps}    ${load}
