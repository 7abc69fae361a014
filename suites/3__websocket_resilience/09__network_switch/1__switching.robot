*** Settings ***
Documentation     From the desk to the train: the network changes, and with it the user's address.
...
...               A TCP connection cannot survive that. The session does: nothing is lost, nothing comes twice, and what is
...               sent into the dead path is not called delivered.

Resource          ../../../resources/resilience.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        The Network Can Be Disturbed    history
Test Timeout      2 minutes


*** Test Cases ***
One Switch Between Two Questions
    [Documentation]    The old connection is closed. Alice goes on from another address.
    [Tags]    wsr-9-1
    Given Alice Is Connected And Bob Works Beside Her
    And Alice Has Asked    5
    When She Changes Her Network    to=127.0.0.2    old_path=closed
    Then She Finds The Conversation As It Was
    And She Goes On
    And Her Session Has Moved With Her
    And Nothing Of Alice Is Lost
    And Bob Has Noticed Nothing

One Switch While The Old Path Is Dead Without A Sign
    [Documentation]    Neither end learns that the old connection is gone: the server believes in it until Alice is back.
    [Tags]    wsr-9-1
    Given Alice Is Connected And Bob Works Beside Her
    And Alice Has Asked    5
    When She Changes Her Network    to=127.0.0.2    old_path=blackholed
    Then She Finds The Conversation As It Was
    And She Goes On
    And Her Session Has Moved With Her
    And Nothing Of Alice Is Lost
    And Bob Has Noticed Nothing

Three Switches In The Middle Of Work
    [Documentation]    Questions are asked before, during and after each switch. An answer that was sent into the dead path
    ...    comes again.
    [Tags]    wsr-9-2
    [Setup]    The Network Can Be Disturbed    hold
    Given Alice Is Connected And Bob Works Beside Her
    When She Works And Changes Her Network    times=3    old_path=closed
    Then Her Session Has Moved With Her
    And Nothing Of Alice Is Lost
    And Bob Has Noticed Nothing

Three Switches In The Middle Of Work With Dead Paths
    [Documentation]    The same while each old path swallows what is sent into it.
    [Tags]    wsr-9-2
    [Setup]    The Network Can Be Disturbed    hold
    Given Alice Is Connected And Bob Works Beside Her
    When She Works And Changes Her Network    times=3    old_path=blackholed
    Then Her Session Has Moved With Her
    And Nothing Of Alice Is Lost
    And Bob Has Noticed Nothing

Five Switches Within A Quarter Of A Second
    [Documentation]    Every 50 ms, as on a seam between two networks, each time with a dead path left behind. No connection
    ...    of before holds the session.
    [Tags]    wsr-9-3
    Given Alice Is Connected And Bob Works Beside Her
    And Alice Has Asked    5
    When She Changes Her Network Every    50 ms    times=5
    Then The Session Should Be Kept    alice
    And She Goes On
    And Her Session Has Moved With Her
    And Nothing Of Alice Is Lost
    And Bob Has Noticed Nothing
