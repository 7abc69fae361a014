*** Settings ***
Documentation     Many users are connected at once, and none is forgotten.
...
...               One program opens all connections. The same load from four programs is in the next suite.

Resource          ../../resources/high_volume.resource

Suite Setup       Start A Target With Room For All
Suite Teardown    Stop Target
Test Timeout      20 minutes

Test Tags         hvt-6    serial


*** Test Cases ***
Every Connection Is Served
    [Documentation]    More and more users at once, each at a steady rate; each gets its own answers, in order and in time.
    ${steps} =    Run Connection Steps    connections    ${CONNECTION_STEPS}
    ...    each=${SECONDS_PER_CONNECTION_STEP}    peak=${PEAK_RATE}
    Nothing Should Be Lost Or Overtaken    @{steps}
    Every Connection Should Be Served    @{steps}    p95=${LATENCY_P95}

Nobody Is Starved When All Want All
    [Documentation]    Every user sends as fast as answers come back: each gets nearly the same.
    ${most} =    Largest Of    ${CONNECTION_STEPS}
    ${load} =    Run Load    saturated    in_flight=4    connections=${most}    lasting=${SECONDS_PER_CONNECTION_STEP}
    Nothing Should Be Lost Or Overtaken    ${load}
    Load Should Be Fair    ${load}

A Connection Costs Little Memory
    [Documentation]    What the server grows by while all are connected, for each of them.
    [Setup]    The Target Must Offer    server_figures
    ${most} =    Largest Of    ${CONNECTION_STEPS}
    ${before} =    Take Server Figures
    Connect Users    ${most}
    Send Burst    1    client=everyone
    Wait Until Everything Is Answered    everyone
    Memory Per Connection Should Be At Most    2 MB    since=${before}

One Connection Too Many Is Turned Away
    [Documentation]    The house is full: who comes now is told so at once, and is let in when somebody has left.
    [Setup]    The Target Must Offer    client_limit
    ${most} =    Largest Of    ${CONNECTION_STEPS}
    Connect Users    ${most}
    One More Connection Should Be Turned Away
    Disconnect    user-1
    Connect As    newcomer
    Send Burst    5    client=newcomer
    Every Message Should Be Answered Exactly Once    newcomer

Newcomers Are Let In Under Load
    [Documentation]    While a hundred users send at the peak rate, others still get in within five seconds. The load goes on
    ...    for longer than that, or whoever was kept out until its end would look welcome.
    Start Load    crowd    rate=${PEAK_RATE}    lasting=8 s    connections=100
    Newcomers Should Be Let In Within    5 s
    ${load} =    Wait For The Load    crowd
    Nothing Should Be Lost Or Overtaken    ${load}


*** Keywords ***
Start A Target With Room For All
    [Documentation]    The server takes exactly as many connections as the largest step has.
    [Tags]    target
    ${most} =    Largest Of    ${CONNECTION_STEPS}
    Start Target    clients=${most}
