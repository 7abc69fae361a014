*** Settings ***
Documentation    The criteria for many users at once: rate, latency, headroom, memory.
...
...              Each test is one criterion in a stakeholder's words; see the criteria for rapid succession. A criterion
...              that both kinds of suites feed stands there: no message is lost, order, overload, urgent messages.

Resource         ../../resources/final_review.resource

Test Template    The Measured Value Should Be

Test Tags        final-review


*** Test Cases ***
Sustained throughput
    [Tags]    fr-throughput-sustained
    knee    at least    ${SUSTAINED_RATE}    cases=hvt-1
    benchmark_ramp    at least    ${SUSTAINED_RATE}    cases=hvt-b
    benchmark_sustained    at least    ${SUSTAINED_RATE}

Peak throughput
    [Tags]    fr-throughput-peak
    benchmark_peak    at least    ${PEAK_RATE}    cases=hvt-b

Sustained 5 000 and peak 10 000 messages per second
    [Tags]    fr-promise-rate
    benchmark_sustained    at least    5000 msg/s    cases=hvt-b    needs=full
    benchmark_peak    at least    10000 msg/s    needs=full

Latency under sustained load
    [Tags]    fr-latency
    stress_p50    at most    ${LATENCY_P50}    cases=hvt-5
    stress_p95    at most    ${LATENCY_P95}
    stress_p99    at most    ${LATENCY_P99}

Capacity headroom over the sustained rate
    [Tags]    fr-headroom
    headroom    reported    cases=hvt-1

No memory leak
    [Tags]    fr-memory-soak
    server_memory_per_message_most    at most    50 B/msg    cases=hvt-7
    server_memory_growth    at most    ${MEMORY_GROWTH}
    leaks_violations    at most    0

Up to 250 connections at once
    [Tags]    fr-connections-250
    connections_250_served    at least    250 connections    cases=hvt-6    needs=full
    connections_250_slowest_p95    at most    100 ms    needs=full
    connections_in_shares_250_served    at least    250 connections    needs=full
    connections_in_shares_250_slowest_p95    at most    100 ms    needs=full

Up to 500 connections at once
    [Tags]    fr-connections-500
    connections_500_served    at least    500 connections    cases=hvt-6    needs=full
    connections_in_shares_500_served    at least    500 connections    needs=full

No connection is starved
    [Tags]    fr-fairness
    jain    at least    0.95    cases=hvt-6

Delivery under connection loss
    [Tags]    fr-delivery
    delivered    surely at least    99.95 %    cases=hvt-3    needs=dev

Recovery after errors
    [Tags]    fr-recovery
    recovery_max    at most    30 s    cases=hvt-8
