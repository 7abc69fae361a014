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
    order_violations    at most    0    cases=rms-1

No message is lost
    [Tags]    fr-loss
    lost    at most    0    cases=rms-1, rms-b

A repeated message is processed once
    [Tags]    fr-idempotency
    duplicates_as_promised    at least    100 %    cases=rms-2
    answered_twice    at most    0

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
