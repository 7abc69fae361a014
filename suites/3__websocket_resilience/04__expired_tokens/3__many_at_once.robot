*** Settings ***
Documentation     Bad tokens in numbers: at one instant, mixed with good ones, and for a while without a pause.

Resource          ../../../resources/tokens.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        Bad Tokens Can Be Tried
Test Timeout      2 minutes


*** Test Cases ***
Twenty Users With Three Expired Tokens Each
    [Documentation]    All sixty at the same instant.
    [Tags]    wsr-4-9
    Given Bob Works Beside Her
    When Try To Connect Together    20    tries=3    form=expired
    Then Every Attempt Should Be Refused    60
    And Bob Has Noticed Nothing

Fifteen Users, Six Of Them With Good Tokens
    [Documentation]    In the crowd everybody is treated as the own token deserves.
    [Tags]    wsr-4-11
    Given Bob Works Beside Her
    When Try To Connect Together    15    valid=40 %
    Then Attempts Should Be Classified Rightly    15
    And Bob Has Noticed Nothing

Fifteen Users, Six Of Them With Good Tokens, Again And Again
    [Documentation]    Three times each, and the bad ones signed by somebody else.
    [Tags]    wsr-4-11
    Given Bob Works Beside Her
    When Try To Connect Together    15    tries=3    valid=40 %    form=wrong signature
    Then Attempts Should Be Classified Rightly    45
    And Bob Has Noticed Nothing

Ten Seconds Of Attempts Beside Normal Traffic
    [Documentation]    Five a second. Bob is answered as fast as before.
    [Tags]    wsr-4-12
    Given Bob Works Beside Her
    And Let Time Pass    2 s
    ${calm} =    And Remember This Moment
    When Mallory Shows    expired    times=50    every=200 ms
    Then Every Attempt Should Be Refused    50
    And Bob Is As Fast As Before    ${calm}


*** Keywords ***
Bob Is As Fast As Before
    [Documentation]    He is compared with himself, and noticed nothing else either.
    [Tags]    expectation
    [Arguments]    ${calm}
    Stop Sending    bob
    Nobody Should Be Held Up By    mallory    since=${calm}
    The Conversation Should Be Intact    bob
    The Connection Should Have Stayed Up    bob
