*** Settings ***
Documentation     Whose token is over gets a new one for a refresh token, which is good for once; and nobody else gets one.

Resource          ../../../resources/token_refresh.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        The Target Must Offer    token_renewal    token_refusal    token_revocation
Test Timeout      2 minutes

Test Tags         owasp-asvs-3.5.3


*** Test Cases ***
Over, Renewed, Connected Again
    [Documentation]    The new tokens are hers and new; with the old ones nothing can be had.
    [Tags]    wsr-4-3
    ${tokens} =    Given Get Tokens    alice    0 s
    And Bob Works Beside Her
    And Nobody Gets In With    ${tokens}
    ${renewed} =    When Refresh Token    ${tokens}
    And Connect As    alice    token=${renewed.tokens.token}
    And She Goes On
    Then Every Refresh Should Be Judged Rightly
    And Try Old Token    ${tokens}
    And Old Tokens Should Be Dead
    And Bob Has Noticed Nothing

Revoked, And Out At Once
    [Documentation]    A device is lost: who is in with its token is out, and nobody comes in with it any more.
    [Tags]    wsr-4-3    owasp-asvs-3.3.1
    [Setup]    The Target Must Offer    token_renewal    token_refusal    revocation
    ${tokens} =    Given Alice Is Connected With A Token For    10 minutes
    And She Goes On
    When Revoke Token    ${tokens}
    Then The Refusal Should Be As Promised    revoked    alice
    And Try Old Token    ${tokens}
    And Old Tokens Should Be Dead
    And Bob Has Noticed Nothing

Two Rotations
    [Documentation]    Each refresh token is good for once, and each new token takes the place of the one before.
    [Tags]    wsr-4-16
    ${first} =    Given Get Tokens    alice    10 minutes
    And Bob Works Beside Her
    ${second} =    When Refresh Token    ${first}
    ${third} =    And Refresh Token    ${second.tokens}
    Then Connect As    alice    token=${third.tokens.token}
    And Try Old Token    ${first}
    And Try Old Token    ${second.tokens}
    And Old Tokens Should Be Dead
    And Every Refresh Should Be Judged Rightly
    And Bob Has Noticed Nothing

Eight Programs Renew At Once
    [Documentation]    One of them gets new tokens, which are good; the others get none.
    [Tags]    wsr-4-17
    ${tokens} =    Given Get Tokens    alice    10 minutes
    And Bob Works Beside Her
    ${won} =    When Refresh Together    ${tokens}    8
    Then Each Race Should Have One Winner
    And Connect As    alice    token=${won.tokens.token}
    And Refresh Token    ${won.tokens}
    And Every Refresh Should Be Judged Rightly
    And Bob Has Noticed Nothing

The Service Answers Errors
    [Documentation]    Whoever wants a new token is told that there is none; who is connected works on.
    [Tags]    wsr-4-18
    [Setup]    Tokens Can Be Renewed In Band    refresh_trouble
    ${tokens} =    Given Alice Is Connected With A Token For    10 minutes
    And Let The Refresh Service Fail    2    status=500
    FOR    ${_}    IN RANGE    2
        ${failed} =    When Refresh Token    ${tokens}
        Then Should Be Equal    ${failed.way}    http 500
    END
    And She Goes On
    And The Connection Should Have Stayed Up    alice
    And Refresh Token    ${tokens}
    And Every Refresh Should Be Judged Rightly
    And Bob Has Noticed Nothing

Many Renew At Once
    [Documentation]    While others work. Everybody gets new tokens, and nobody waits for long.
    [Tags]    wsr-4-19
    Given Bob Works Beside Her
    FOR    ${round}    IN RANGE    3
        When Refresh For Many    20    prefix=user-${round}
    END
    Then Every Refresh Should Be Judged Rightly
    And Bob Has Noticed Nothing
    And Refreshes Should Take Less Than    200 ms    nearly_all=200 ms

The Answer Comes Too Late
    [Documentation]    The new tokens were made, and their owner never saw them. The same request, sent again, brings the same
    ...    ones: nothing is rotated twice, and her connection goes on.
    [Tags]    wsr-4-20
    [Setup]    Tokens Can Be Renewed In Band    refresh_trouble    clock
    ${tokens} =    Given Alice Is Connected With A Token For    10 minutes
    And Let The Refresh Service Fail    delay=2 s
    ${late} =    When Refresh Token    ${tokens}    request_id=r1    within=300 ms
    And Let The Refresh Service Fail    0
    ${again} =    And Refresh Token    ${tokens}    request_id=r1
    And Refresh Token In Band    ${again.tokens}    alice
    Then Should Be Equal    ${late.way}    no answer
    And She Goes On
    And She Has Noticed Nothing Either


*** Keywords ***
Nobody Gets In With
    [Documentation]    These tokens.
    [Tags]    connecting    expectation
    [Arguments]    ${tokens}
    Try To Connect    ${tokens.role}    ${tokens.token}
    Every Attempt Should Be Refused
