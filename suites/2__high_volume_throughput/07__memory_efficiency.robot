*** Settings ***
Documentation     The server does not grow with what it has done.
...
...               Memory, threads, descriptors and processor time are read from the server's process, and held against the
...               messages that it had settled; the tasks of its loop it tells itself. A leak of 50 bytes for each message is
...               claimed to be absent only where the interval of the slope ends below that; else the Final Review says what
...               the run supports. The 60 000 messages of quick and ci find 100 bytes for each message on a server as calm as
...               the reference platform, whose own memory moves by less than 1 MB meanwhile; below 2 MB in all nothing is
...               called a leak, since that is how memory is asked for. 200 000 messages and more, as in dev and full, leave no
...               room for doubt.

Resource          ../../resources/high_volume.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        The Target Must Offer    server_figures
Test Timeout      30 minutes

Test Tags         hvt-7    serial


*** Test Cases ***
Nothing Is Left Of Tens Of Thousands Of Messages
    [Documentation]    A warm-up; the soak; messages on which the agent fails; a user who reconnects again and again; then rest.
    [Setup]    The Target Must Offer    server_figures    fail
    Connect As    alice
    Start Watching The Server    every=10 ms
    ${warm up} =    Run Load    warm up    count=10000    in_flight=64    connections=4
    ${before}    ${tasks} =    Look At The Server
    @{soak} =    Soak
    ${failing} =    The Agent Fails
    Reconnect Again And Again    200
    ${rest} =    Rest
    Everything Should Have Been Done Or Refused    ${warm up}    @{soak}    ${failing}
    The Server Should Be As Small As Before    ${before}    ${tasks}    ${rest}    ${warm up}    @{soak}    ${failing}


*** Keywords ***
Look At The Server
    [Documentation]    Warmed up, and with nothing going on.
    ${before} =    Take Server Figures
    ${tasks} =    Count The Servers Tasks
    RETURN    ${before}    ${tasks}

Soak
    [Documentation]    Messages as fast as they are taken, and where the profile has time for it the peak rate for minutes.
    ${unpaced} =    Run Load    soak    count=${SOAK_MESSAGES}    in_flight=64    connections=4
    VAR    @{soak} =    ${unpaced}
    IF    $SOAK_TIME != '0 s'
        ${paced} =    Run Load    soak at peak    rate=${PEAK_RATE}    lasting=${SOAK_TIME}    connections=4
        VAR    @{soak} =    @{soak}    ${paced}
    END
    RETURN    ${soak}

The Agent Fails
    [Documentation]    The first half of the messages fails; a server may forget to tidy up behind an error.
    Let Messages Fail    2000    client=anybody
    ${failing} =    Run Load    failing    count=4000    in_flight=64    connections=4
    RETURN    ${failing}

Rest
    [Documentation]    Nothing is sent for the profile's time; the server is still looked at.
    ${rest} =    Let The Server Rest    ${COOL_DOWN}
    Stop Watching The Server
    RETURN    ${rest}

Everything Should Have Been Done Or Refused
    [Documentation]    The last load is the one with the failing messages.
    [Arguments]    @{loads}
    Load Should Be Lossless And Ordered    @{loads}
    So Many Messages Should Have Failed    2000    ${loads}[-1]
    The Ledger Should Agree With    @{loads}

The Server Should Be As Small As Before
    [Documentation]    No memory left behind by messages, no descriptor or task by connections, and as much work for the last
    ...    message as for the first.
    [Arguments]    ${before}    ${tasks}    ${rest}    @{loads}
    Memory Should Not Leak Under Load    50 B    @{loads}
    What Was Taken Should Be Given Back    ${before}    ${rest}    @{loads}
    No Tasks Should Be Left Over    ${tasks}
    Work Should Be Linear In The Messages    ${loads}[1]
