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
    ...    within=${LATENCY_P95}
    Nothing Should Be Lost Or Overtaken    @{steps}
    The Target Should Keep Up With Each Step    ${steps}    up_to=${SUSTAINED_RATE}    within=${LATENCY_P95}
