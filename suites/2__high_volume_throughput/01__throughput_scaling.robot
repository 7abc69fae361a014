*** Settings ***
Documentation     More is offered, step by step.
...
...               Up to the agreed sustained rate the platform answers everything in time. Above it the platform may
...               refuse what it cannot take, but openly: nothing is lost.

Resource          ../../resources/high_volume.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Timeout      15 minutes

Test Tags         hvt-1    serial


*** Test Cases ***
Throughput Grows With The Offered Rate
    [Documentation]    Each step is judged by itself. The last one that keeps all limits is the knee of the curve.
    ${steps} =    Run Load Steps    scaling    rates=${RATE_STEPS}    each=${SECONDS_PER_RATE_STEP}
    ...    within=${LATENCY_P95}    promised=${SUSTAINED_RATE}
    Nothing Should Be Lost Or Overtaken    @{steps}
    The Target Should Keep Up With Each Step    ${steps}    up_to=${SUSTAINED_RATE}    within=${LATENCY_P95}

What Is Answered Is Done
    [Documentation]    An answer is no receipt: whoever asks the agent after an answer finds that message in its memory.
    ...    A server that answers on arrival would show any throughput.
    [Setup]    The Target Must Offer    agent_state    work_time
    Connect As    alice
    Let Each Message Take    2 ms
    Start Taking Snapshots    every=5 ms
    Send Burst    300    in_flight=32
    Wait Until Everything Is Answered
    Stop Taking Snapshots
    Every Message Should Be Answered Exactly Once
    The Agent Should Have Processed    300
