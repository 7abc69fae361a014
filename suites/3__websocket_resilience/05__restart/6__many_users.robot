*** Settings ***
Documentation     Everybody is thrown out at the same instant, and everybody comes back.
...
...               Not all at one moment, since each waits a little differently: a service that is just getting up would fall over
...               again. How the tries were spread is reported.

Resource          ../../../resources/restart.resource

Suite Setup       Start Target    clients=120
Suite Teardown    Stop Target
Test Setup        Everybody May Come Back
Test Timeout      5 minutes

Test Tags         wsr-5-6


*** Test Cases ***
Everybody Comes Back After A Crash
    [Documentation]    As many users as the profile says, each with questions under way.
    Given Many Users Have Questions Under Way
    When Crash And Restart Target    after=2 s
    And Everybody Is Back    working=everyone
    Then Nothing Of Anybody Is Lost
    And What Was Confirmed Should Survive The Kill    everyone
    And Nobody Should Have Waited Much Longer Than Others
    And The Outage Should Have Been Shorter Than    30 s


*** Keywords ***
Many Users Have Questions Under Way
    [Documentation]    They come back by themselves; each wait is longer or shorter by half.
    [Tags]    connecting    sending
    Connect Users    ${RESTART_CLIENTS}    resumable=yes
    Let Clients Reconnect By Themselves    everyone
    Start Sending    every=50 ms    client=everyone
    Let Time Pass    500 ms
