*** Settings ***
Documentation     The service is restarted for maintenance, and says so before.
...
...               Everybody is told why and for how long, what was under way is finished, and only then the connections are
...               closed. Two seconds later the service is there again, and everybody finds the conversation and the step of the
...               work where they were.

Resource          ../../../resources/restart.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Timeout      2 minutes

Test Tags         wsr-5-1


*** Test Cases ***
Maintenance Is Announced
    [Documentation]    With the reason and an estimate of ten seconds.
    [Setup]    Everybody May Come Back    history    agent_memory    shutdown    restart_notice
    Given Alice Is Connected And Bob Works Beside Her, Both May Come Back
    And Alice Has Asked    5
    And The Agent Is At The Third Of Five Steps
    When Restart Target Gracefully    reason=maintenance    estimate=10 s    after=2 s
    And Everybody Is Back
    Then The Notice Should Have Come Before The Close
    And Her Session Is As It Was
    And She Goes On
    And Nothing Of Anybody Is Lost
    And The Outage Should Have Been Shorter Than    10 s

Work That Was Begun Is Finished
    [Documentation]    Twenty questions wait for the agent when the service is asked to end: they are answered before it does.
    [Setup]    Everybody May Come Back    shutdown    restart_notice    work_time    acknowledgement
    Given Alice Is Connected And Bob Works Beside Her, Both May Come Back
    And Twenty Questions Of Alice Take A Second
    When Restart Target Gracefully    reason=version 2    estimate=5 s    after=2 s
    And Everybody Is Back
    Then The Notice Should Have Come Before The Close
    And She Goes On
    And Nothing Of Anybody Is Lost
    And One Instance Should Have Followed The Other
    And The Outage Should Have Been Shorter Than    10 s


*** Keywords ***
Twenty Questions Of Alice Take A Second
    [Documentation]    They were accepted, and the agent is at the first ones.
    [Tags]    sending
    Let Each Message Take    50 ms    alice
    Send Burst    20    client=alice    acknowledge=yes
    Wait Until Everything Is Accepted Or Refused    alice
