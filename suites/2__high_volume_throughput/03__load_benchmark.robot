*** Settings ***
Documentation     A working day in short: warm-up, ramp, sustained load, peak, cool-down.
...
...               All that is sent is answered. A rate is what was *answered* until the last answer, so a little more
...               is offered where the platform has to show an agreed rate.

Resource          ../../resources/high_volume.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Timeout      10 minutes

Test Tags         hvt-b    serial


*** Test Cases ***
Warm-Up
    [Documentation]    A fifth of the sustained rate.
    ${load} =    Run The Phase Of The Benchmark    warm-up
    Latency Percentile Should Be Below    p95    ${LATENCY_P95}    ${load}

Ramp To The Sustained Rate
    [Documentation]    The rate grows for half of the time, and is held for the other half.
    ${load} =    Run The Phase Of The Benchmark    ramp
    Throughput Should Be At Least    ${SUSTAINED_RATE}    ${load}
    Latency Percentile Should Be Below    p95    ${LATENCY_P95}    ${load}

Sustained Load
    [Documentation]    Halfway between the sustained and the peak rate.
    ${load} =    Run The Phase Of The Benchmark    sustained
    Throughput Should Be At Least    ${SUSTAINED_RATE}    ${load}
    Latency Percentile Should Be Below    p95    ${LATENCY_P95}    ${load}

Peak
    [Documentation]    The rate that the platform promises for its busiest moment.
    ${load} =    Run The Phase Of The Benchmark    peak
    Throughput Should Be At Least    ${PEAK_RATE}    ${load}
    Latency Percentile Should Be Below    p95    ${LATENCY_P95}    ${load}

Cool-Down
    [Documentation]    After the peak the platform is as it was before.
    ${load} =    Run The Phase Of The Benchmark    cool-down
    Latency Percentile Should Be Below    p95    ${LATENCY_P95}    ${load}
