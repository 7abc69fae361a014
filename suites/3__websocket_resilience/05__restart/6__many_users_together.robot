*** Settings ***
Documentation    How the users of all shares came back is looked at together, as if one program had had them all.
...
...              A share that is missing makes it *not measured*, never better.

Resource         ../../../resources/restart.resource

Test Timeout     2 minutes

Test Tags        wsr-5-6    serial


*** Test Cases ***
Everybody In Four Programs Comes Back After A Crash
    [Documentation]    All of them, none much later than the others, and not all at one moment.
    Comeback Of All Shares Should Hold    crash in shares    limit=30 s
