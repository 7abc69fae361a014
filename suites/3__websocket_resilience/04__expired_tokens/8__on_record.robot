*** Settings ***
Documentation     Who was refused, when, from where and why: an investigator finds all of it, and is told aloud of what
...               looks like an attack. Each test comes from addresses of its own.

Resource          ../../../resources/audit.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        The Trail Can Be Read
Test Timeout      2 minutes

Test Tags         owasp-asvs-7.2.1


*** Test Cases ***
Five Attempts Of Three Users From One Place
    [Documentation]    Five in ten minutes from one address are an alert, although no single user has tried so often.
    [Tags]    wsr-4-4
    Given Bob Works Beside Her
    When Expired Token Is Shown    alice    3    127.0.0.11
    And Expired Token Is Shown    carol    1    127.0.0.11
    And Expired Token Is Shown    dave    1    127.0.0.11
    Then All Of Them Are Refused And On Record
    And The Audit Trail Should Tell    token_expired    3    alice
    And The Audit Trail Should Tell    token_expired    5
    And Alert Should Have Been Raised    repeated_expired_token_attempts    127.0.0.11
    And No Alert Should Have Been Raised    alice    carol    dave
    And Bob Has Noticed Nothing

Five Attempts Of Three Users From Three Places
    [Documentation]    No user and no address has five of them: no alert.
    [Tags]    wsr-4-4
    Given Bob Works Beside Her
    When Expired Token Is Shown    alice    3    127.0.0.12
    And Expired Token Is Shown    carol    1    127.0.0.13
    And Expired Token Is Shown    dave    1    127.0.0.14
    Then All Of Them Are Refused And On Record
    And No Alert Should Have Been Raised    alice    carol    dave    127.0.0.12    127.0.0.13    127.0.0.14
    And Bob Has Noticed Nothing

A Token That Is Over Is Replayed From Three Addresses
    [Documentation]    Somebody has it who should not. What a stranger says of his address counts nothing.
    [Tags]    wsr-4-5
    Given Bob Works Beside Her
    ${token} =    When Expired Token Is Shown    alice    1    127.0.0.21
    And Try To Connect    alice    ${token}    source=127.0.0.22
    And Try To Connect    alice    ${token}    source=127.0.0.23    forwarded_for=127.0.0.21
    Then All Of Them Are Refused And On Record
    And The Audit Trail Should Tell    token_expired    3    alice
    And Alert Should Have Been Raised    token_attack_pattern    token=${token}
    And Bob Has Noticed Nothing

Behind A Proxy That Is Trusted
    [Documentation]    The address that the proxy has seen counts, and not what it was told of others.
    [Tags]    wsr-4-5
    Given Bob Works Beside Her
    ${token} =    When Forge Token    expired    alice
    And Try To Connect    alice    ${token}    source=${PROXY}    forwarded_for=192.0.2.21
    And Try To Connect    alice    ${token}    source=${PROXY}    forwarded_for=198.51.100.7, 192.0.2.22
    Then All Of Them Are Refused And On Record
    And Bob Has Noticed Nothing

Fifteen Attempts In A Moment
    [Documentation]    Too many are told to wait, all are noted, and the alarm is raised. Carol comes from the same address with a
    ...    good token, and is let in.
    [Tags]    wsr-4-6
    Given Bob Works Beside Her
    When Expired Token Is Shown    mallory    15    127.0.0.31    every=50 ms
    And Connect As    carol    source=127.0.0.31
    And Send Burst    5    client=carol
    Then All Of Them Are Refused And On Record
    And The Audit Trail Should Tell    token_expired    15    mallory
    And Alert Should Have Been Raised    repeated_expired_token_attempts    mallory    127.0.0.31
    And The Conversation Should Be Intact    carol
    And Bob Has Noticed Nothing

An Attack Is Told From Mistakes
    [Documentation]    Mallory forges three tokens. Alice's token has run out while she was at lunch, and she tries three times.
    [Tags]    wsr-4-13
    Given Bob Works Beside Her
    When Expired Token Is Shown    alice    3    127.0.0.41
    FOR    ${form}    IN    wrong signature    alg none    sub edited, old signature
        ${token} =    And Forge Token    ${form}    mallory
        And Try To Connect    mallory    ${token}    source=127.0.0.42
    END
    Then All Of Them Are Refused And On Record
    And Alert Should Have Been Raised    token_attack_pattern    127.0.0.42
    And No Alert Should Have Been Raised    alice    127.0.0.41
    And Bob Has Noticed Nothing

Many Users From One Place
    [Documentation]    Whoever has a list of tokens tries one after the other, each once.
    [Tags]    wsr-4-13
    Given Bob Works Beside Her
    FOR    ${number}    IN RANGE    5
        When Expired Token Is Shown    user-${number}    1    127.0.0.43
    END
    Then All Of Them Are Refused And On Record
    And Alert Should Have Been Raised    token_attack_pattern    127.0.0.43
    And No Alert Should Have Been Raised    user-0    user-4
    And Bob Has Noticed Nothing

Nothing Is Missing And Nothing Is Given Away
    [Documentation]    Twenty attempts at once: each is on record, once and in order, and no token can be found there.
    [Tags]    wsr-4-14
    Given Bob Works Beside Her
    When Try To Connect Together    10    2
    Then All Of Them Are Refused And On Record
    And The Audit Trail Should Tell    token_expired    20
    And Bob Has Noticed Nothing

Renewals Are On Record As Well
    [Documentation]    Those that succeeded and those that were refused.
    [Tags]    wsr-4-3    wsr-4-14
    [Setup]    The Trail Can Be Read    token_renewal
    Given Bob Works Beside Her
    ${tokens} =    And Get Tokens    alice    10 minutes
    When Refresh Token    ${tokens}
    And Try To Refresh    wrong    alice
    Then The Audit Trail Should Tell    refresh_succeeded    1    alice
    And The Audit Trail Should Tell    refresh_failed    1
    And The Audit Trail Should Be Sound
    And Bob Has Noticed Nothing
