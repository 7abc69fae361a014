*** Settings ***
Documentation     A token has an end. Behind it nobody gets in with it, and a second before it everybody does.

Resource          ../../../resources/tokens.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        Bad Tokens Can Be Tried
Test Timeout      2 minutes

Test Tags         rfc8725-3.10    owasp-asvs-3.5.3


*** Test Cases ***
A Token That Has Been Over For Five Minutes
    [Documentation]    Refused at once, and nothing is left of the attempt.
    [Tags]    wsr-4-1
    Given Bob Works Beside Her
    ${attempts} =    When Mallory Shows    expired    times=9
    Then Every Attempt Should Be Refused    9
    And Refusals Should Take Less Than    100 ms    ${attempts}
    And Bob Has Noticed Nothing

Around The End And The Beginning
    [Documentation]    By the server's own clock: a second past the end nobody gets in, half a minute before it everybody does,
    ...    and close to it as well.
    [Tags]    wsr-4-8
    [Setup]    Bad Tokens Can Be Tried    clock
    Given Bob Works Beside Her
    When Try To Connect At The Edges    mallory
    Then The Boundary Should Be Where Declared
    And Bob Has Noticed Nothing

A Token That Grows Old
    [Documentation]    Fetched like any other, good at first, and an hour later worth nothing.
    [Tags]    wsr-4-1
    [Setup]    Bad Tokens Can Be Tried    token_lifetime    advance_clock
    Given Bob Works Beside Her
    ${token} =    And Get Token    alice    lifetime=1 minute
    And Try To Connect    alice    ${token}
    And Attempts Should Be Classified Rightly    1
    When Move The Clock By    6 minutes
    And Try Again With What Is Over    alice    ${token}    times=5
    Then Bob Has Noticed Nothing

A Token Expires While Its User Is Connected
    [Documentation]    Where the policy is to close, the connection ends at once: what came before is answered, and nobody comes
    ...    back with the same token.
    [Tags]    wsr-4-2
    [Setup]    Bad Tokens Can Be Tried    token_lifetime    session_expiry    advance_clock
    Given Set Session Expiry    close
    And Bob Works Beside Her
    ${token} =    And Alice Is Connected With A Token For    1 minute
    When Send Burst    5    client=alice
    And Every Message Should Be Answered Exactly Once    alice
    And Move The Clock By    61 s
    Then The Refusal Should Be As Promised    expired    alice    within=30 s
    And Try To Connect    alice    ${token}    times=5
    And Every Attempt Should Be Refused    5
    And Bob Has Noticed Nothing

A Connection Outlives Its Token
    [Documentation]    Where the policy is to allow that, the connection goes on; but a new one cannot be opened with what is
    ...    over.
    [Tags]    wsr-4-2
    [Setup]    Bad Tokens Can Be Tried    token_lifetime    session_expiry    advance_clock
    Given Set Session Expiry    allow
    And Bob Works Beside Her
    ${token} =    And Alice Is Connected With A Token For    1 minute
    When Move The Clock By    61 s
    And Send Burst    5    client=alice
    Then Every Message Should Be Answered Exactly Once    alice
    And Try To Connect    alice    ${token}    times=5
    And Every Attempt Should Be Refused    5
    And Connection Should Be Open    alice
    And Bob Has Noticed Nothing

In The Address
    [Documentation]    A token may travel as a part of the address, for browsers cannot send headers.
    [Tags]    wsr-4-11
    [Setup]    Bad Tokens Can Be Tried    token_in_query
    [Template]    Good And Bad Tokens Travel
    query

As A Sub-Protocol
    [Documentation]    Or beside a sub-protocol that both ends speak.
    [Tags]    wsr-4-11    rfc6455-1.9
    [Setup]    Bad Tokens Can Be Tried    token_in_subprotocol
    [Template]    Good And Bad Tokens Travel
    subprotocol

As A Sub-Protocol And Nothing Else
    [Documentation]    A token is no language: who speaks none that is spoken there is let go again.
    [Tags]    wsr-4-11    rfc6455-1.9
    [Setup]    Bad Tokens Can Be Tried    token_in_subprotocol
    Given Bob Works Beside Her
    ${token} =    And Get Token    alice
    When Try To Connect    alice    ${token}    by=lone_subprotocol
    Then Every Attempt Should Be Refused    1    reason=subprotocol
    And Bob Has Noticed Nothing

As A Ticket
    [Documentation]    A ticket stands for a token, once.
    [Tags]    wsr-4-11
    [Setup]    Bad Tokens Can Be Tried    tickets
    Given Bob Works Beside Her
    ${ticket} =    And Get Ticket    alice
    When Try To Connect    alice    ${ticket}    by=ticket
    Then Attempts Should Be Classified Rightly    1
    When Try Again With What Is Over    alice    ${ticket}    by=ticket    times=5
    Then Bob Has Noticed Nothing
