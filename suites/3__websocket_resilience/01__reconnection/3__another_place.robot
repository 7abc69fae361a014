*** Settings ***
Documentation     The same user with the same token, but from another address and with another program.
...
...               People move from desk to telephone. The platform recognises them, says that the place is another, and does
...               not lock them out.

Resource          ../../../resources/resilience.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        The Network Can Be Disturbed    history    agent_memory
Test Timeout      2 minutes

Test Tags         wsr-1-3


*** Variables ***
&{DESK}         User-Agent=Desk/1.0 (Windows)    X-Forwarded-For=192.168.1.100
&{TELEPHONE}    User-Agent=Pocket/2.0 (iPhone)    X-Forwarded-For=10.0.0.50


*** Test Cases ***
From The Desk To The Telephone
    [Documentation]    Another source address, another program and another forwarding proxy, all at once. She is recognised;
    ...    the change of place is noticed, and not held against her.
    Given Alice Sits At Her Desk And Bob Works Beside Her
    When She Goes On With Her Telephone
    Then Her Session Is As It Was
    And The Greeting Should Say    alice    location_changed=${True}
    And Nothing Of Alice Is Lost
    And Bob Has Noticed Nothing

From The Desk To The Desk
    [Documentation]    Whoever comes back from where they were is not called a traveller.
    Given Alice Sits At Her Desk And Bob Works Beside Her
    When Her Connection Ends And She Comes Back    after=1 s
    Then Her Session Is As It Was
    And The Greeting Should Say    alice    location_changed=${False}
    And Nothing Of Alice Is Lost
    And Bob Has Noticed Nothing


*** Keywords ***
Alice Sits At Her Desk And Bob Works Beside Her
    [Documentation]    As the forwarding proxy of the office and the program on her desk tell it; with a conversation and an
    ...    agent at work.
    Connect As    alice    resumable=yes    headers=${DESK}
    Bob Works Beside Her
    Alice Has Asked    5
    The Agent Is At The Third Of Five Steps

She Goes On With Her Telephone
    [Documentation]    A second later, from another network.
    Switch Network    alice    to=127.0.0.2
    Alice Is Away For    1 s
    ${back} =    Reconnect    alice    headers=${TELEPHONE}
    RETURN    ${back}
