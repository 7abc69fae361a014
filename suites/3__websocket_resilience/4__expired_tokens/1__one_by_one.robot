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
    Then Every Attempt Should Be Refused
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
