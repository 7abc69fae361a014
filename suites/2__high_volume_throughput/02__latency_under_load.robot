*** Settings ***
Documentation     Answers stay fast while messages pour in, from the first minute to the last.
...
...               Latency counts from the moment at which a message was due, so that a server which makes the sender
...               wait cannot hide it. An average hides what the slowest get: limits are percentiles.

Resource          ../../resources/high_volume.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Timeout      15 minutes

Test Tags         hvt-5    serial


*** Test Cases ***
A Hundred Probes Are Answered In Time
    [Documentation]    Ten messages a second on a platform that does nothing else; what it says of its own time can be true.
    Connect As    alice
    ${probes} =    Measure Phase    probes    rate=10 msg/s    count=100
    The Conversation Should Be Intact
    Stated Processing Times Should Be Possible
    Answers Should Come Within    ${LATENCY_P95}    ${probes}

Latency Keeps Its Limits Under Sustained Load
    [Documentation]    Each tenth of the time keeps the limits by itself, and the last is no slower than the first.
    ${load} =    Run Load    stress    rate=${SUSTAINED_RATE}    lasting=${STRESS_TIME}    connections=50
    Report Each Tenth Of    ${load}
    Nothing Should Be Lost Or Overtaken    ${load}
    Load Should Be Answered In Full    ${load}
    Latency Should Keep Its Limits In Each Tenth Of    ${load}
    Latency Should Not Rise During    ${load}
    Few Answers Should Stick Out    ${load}
