*** Settings ***
Documentation    What all shares have tried is looked at together, as if one program had done it.
...
...              A share that is missing makes it *not measured*, never better.

Resource         ../../../resources/tokens.resource

Test Timeout     2 minutes

Test Tags        wsr-4-9    serial


*** Test Cases ***
Sixty Expired Tokens From Four Programs
    [Documentation]    None of them opened the door.
    Attempts Of All Shares Should Be Refused    expired in shares    60
