*** Settings ***
Documentation     A new version takes over from the old one, and nobody has to wait for it.
...
...               It is started beside the old one, on the same data, and stands by. Then the old one lets nobody in any more,
...               finishes what it has begun, hands over and ends. Clients keep the address that they know, as behind a switch: it
...               leads to the new one from then on.

Resource          ../../../resources/restart.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        Everybody Goes Through A Switch    second_instance    ledger    history
Test Timeout      2 minutes

Test Tags         wsr-5-3


*** Test Cases ***
A New Version Takes Over
    [Documentation]    While Bob works. The ledger shows both: first the old version, then the new one, and nothing left behind.
    Given Alice Is Connected And Bob Works Beside Her, Both May Come Back
    And Alice Has Asked    5
    When The New Version Is Started And Takes Over
    And Everybody Is Back
    Then The Notice Should Have Come Before The Close
    And She Finds The Conversation As It Was
    And She Goes On
    And Nothing Of Anybody Is Lost
    And One Instance Should Have Followed The Other
    And The Outage Should Have Been Shorter Than    5 s

Two Deployments In A Row
    [Documentation]    Five users send a hundred messages a second each, all the time.
    Given Five Users Send A Hundred Messages A Second Each
    When The New Version Is Started And Takes Over
    And Wait Until Reconnected    everyone
    And The New Version Is Started And Takes Over
    And Everybody Is Back And Works On    times=2
    Then The Notice Should Have Come Before The Close
    And Nothing Of Anybody Is Lost
    And One Instance Should Have Followed The Other
    And The Outage Should Have Been Shorter Than    5 s


*** Keywords ***
Everybody Goes Through A Switch
    [Documentation]    All clients know one address, which leads to the instance that serves.
    [Tags]    faults
    [Arguments]    @{needs}
    Everybody May Come Back    @{needs}
    Start Fault Proxy
    Route Through The Fault Proxy    everyone

The New Version Is Started And Takes Over
    [Documentation]    It stands by before the old one hands over.
    [Tags]    target
    Start Second Instance
    Hand Over To Second Instance    reason=a new version
