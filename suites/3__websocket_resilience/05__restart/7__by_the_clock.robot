*** Settings ***
Documentation     How long the service is away for its users, for each way in which it can be restarted.
...
...               Time counts from the end of a connection to the first answer on the next, for whoever has to wait longest: what
...               the service needs to get up, and what its users wait before they try again.

Resource          ../../../resources/restart.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Timeout      2 minutes

Test Tags         wsr-5-7    serial


*** Test Cases ***
A Restart With Notice Takes Less Than Ten Seconds
    [Documentation]    With two seconds for the maintenance itself.
    [Setup]    Everybody May Come Back    shutdown
    Given Five Users Send A Hundred Messages A Second Each
    When Restart Target Gracefully    estimate=10 s    after=2 s
    And Everybody Is Back And Works On
    Then Nothing Of Anybody Is Lost
    And The Outage Should Have Been Shorter Than    10 s

A Crash Takes Less Than Half A Minute
    [Documentation]    With three seconds until somebody starts the service again.
    [Setup]    Everybody May Come Back
    Given Five Users Send A Hundred Messages A Second Each
    When Crash And Restart Target    after=3 s
    And Everybody Is Back And Works On
    Then Nothing Of Anybody Is Lost
    And The Outage Should Have Been Shorter Than    30 s

A New Version Takes Less Than Five Seconds
    [Documentation]    It stands by when the old one ends.
    [Setup]    Everybody May Come Back    second_instance
    Given Five Users Send A Hundred Messages A Second Each
    When Start Second Instance
    And Hand Over To Second Instance
    And Everybody Is Back And Works On
    Then Nothing Of Anybody Is Lost
    And The Outage Should Have Been Shorter Than    5 s
