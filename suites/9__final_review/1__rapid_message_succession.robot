*** Settings ***
Documentation    The criteria for users who type faster than the agent answers.
...
...              Each test is one criterion in a stakeholder's words. Each row compares one measurement of this run
...              with its agreed limit; words in capitals are limits of the profile. Nothing is measured here:
...              a criterion without a measurement is *not measured*, never met.
...
...              ``cases`` names the cases that must have measured it, ``needs`` the smallest profile that can.

Resource         ../../resources/final_review.resource

Test Template    The Measured Value Should Be

Test Tags        final-review


*** Test Cases ***
Messages are processed in the order they were sent
    [Tags]    fr-order
    order_violations    at most    0    cases=rms-1, hvt-2, hvt-6

No message is lost
    [Tags]    fr-loss
    lost    at most    0    cases=rms-1, rms-b, hvt-1, hvt-2, hvt-3, hvt-4, hvt-5, hvt-6, hvt-7, hvt-8, hvt-b

A repeated message is processed once
    [Tags]    fr-idempotency
    duplicates_as_promised    at least    100 %    cases=rms-2
    answered_twice    at most    0

Overload is refused openly, never silently
    [Tags]    fr-backpressure
    queue_violations    at most    0    cases=rms-3, hvt-4
    answers_violations    at most    0
    first_refusal    at most    ${REFUSAL_LIMIT}
    refusal_p95    at most    100 ms    cases=hvt-4
    drained    at most    30 s
    leaks_violations    at most    0

Up to 500 messages can wait without overflow
    [Tags]    fr-queue-500
    queue_accepted    at least    500 messages    cases=rms-3

Urgent messages go first, others still get through
    [Tags]    fr-priority
    priority_violations    at most    0    cases=rms-3, hvt-4
    order_violations    at most    0

The agent's memory of the conversation is right at every moment
    [Tags]    fr-state
    context_violations    at most    0    cases=rms-4
    state_violations    at most    0
    isolation_violations    at most    0

Connections stay up under bursts
    [Tags]    fr-stability
    disconnects    at most    0    cases=rms-5
    lost    at most    0

All agents agree on shared facts
    [Tags]    fr-agents
    agents_violations    at most    0    cases=rms-6

Memory in bursts
    [Tags]    fr-memory-burst
    server_memory_growth    at most    50 MB    cases=rms-4, rms-5

One user can send 50 messages per second
    [Tags]    fr-user-rate
    user_rate    at least    ${USER_RATE}    cases=rms-b
    user_rate_lost    at most    0

Minimum throughput
    [Tags]    fr-throughput-min
    throughput    at least    ${MINIMUM_RATE}    cases=rms-b

Answers within one second
    [Tags]    fr-response
    user_rate_mean    at most    ${RESPONSE_LIMIT}    cases=rms-b
    user_rate_p95    at most    ${RESPONSE_LIMIT}
    peak_p95    at most    ${RESPONSE_LIMIT}
