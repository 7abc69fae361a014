*** Settings ***
Documentation     Ten times the connection ends, each time for one to five seconds.
...
...               The tenth return is like the first: everything is there, it takes no longer, and the server has not grown.

Resource          ../../../resources/resilience.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        The Network Can Be Disturbed    history    agent_memory
Test Timeout      5 minutes

Test Tags         wsr-1-4    serial


*** Test Cases ***
Ten Times Away And Ten Times Back
    [Documentation]    After each return Alice asks one question more. What she finds is compared with what she left, each
    ...    time.
    Given Alice Is Connected And Bob Works Beside Her
    And Alice Has Asked    5
    And The Agent Is At The Third Of Five Steps
    When She Is Away Ten Times
    Then Nothing Of Alice Is Lost
    And Bob Has Noticed Nothing
    And The Server Has Not Grown
    And Reconnecting Should Not Become Slower    ${RECONNECTIONS}    alice


*** Keywords ***
She Is Away Ten Times
    [Documentation]    For 1, 2, 3, 4 and 5 seconds, twice, each shortened to the profile's scale.
    ${figures} =    Take Server Figures
    VAR    @{reconnections} =    @{EMPTY}
    FOR    ${away}    IN    1 s    2 s    3 s    4 s    5 s    1 s    2 s    3 s    4 s    5 s
        ${back} =    Her Connection Ends And She Comes Back    after=${away}
        Her Session Is As It Was
        Alice Has Asked    1
        VAR    @{reconnections} =    @{reconnections}    ${back}
    END
    VAR    @{RECONNECTIONS} =    @{reconnections}    scope=TEST
    VAR    ${FIGURES} =    ${figures}    scope=TEST

The Server Has Not Grown
    [Documentation]    By five hundredths of what it had before, seen from outside.
    Server Memory Should Not Have Grown By More Than    5 %    since=${FIGURES}
