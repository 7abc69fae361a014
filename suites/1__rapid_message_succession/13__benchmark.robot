*** Settings ***
Documentation     How fast one user is answered.
...
...               Throughput is what was *answered*, not what was sent. Latency counts from the moment at which a
...               message was due, so that a server which makes the sender wait cannot hide it.

Resource          ../../resources/rapid_messages.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Timeout      5 minutes

Test Tags         rms-b    serial


*** Test Cases ***
A Hundred Messages, One After The Other
    [Documentation]    Closed loop: the next message is sent when the one before is answered.
    Connect As    alice
    ${phase} =    Measure Phase    throughput    count=100    in_flight=1
    The Conversation Should Be Intact
    Throughput Should Be At Least    ${MINIMUM_RATE}    ${phase}
    Answers Should Come Within    ${RESPONSE_LIMIT}    ${phase}

One User Sends Fifty Messages Per Second
    [Documentation]    Open loop: messages are due whether or not the last one was answered.
    Connect As    alice
    ${phase} =    Measure Phase    user rate    rate=${USER_RATE_OFFERED}    lasting=${USER_RATE_TIME}
    The Conversation Should Be Intact
    Throughput Should Be At Least    ${USER_RATE}    ${phase}
    Answers Should Come Within    ${RESPONSE_LIMIT}    ${phase}

One User Sends At The Peak Rate
    [Documentation]    Open loop at the rate that the platform promises for its busiest moment, all of it from one user.
    ${load} =    Run Load    peak    rate=${PEAK_RATE}    lasting=${PEAK_TIME}
    Load Should Be Lossless And Ordered    ${load}
    Latency Percentile Should Be Below    p95    ${RESPONSE_LIMIT}    ${load}
