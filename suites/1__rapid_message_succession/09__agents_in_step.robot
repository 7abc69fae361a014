*** Settings ***
Documentation     Three agents work on one thing and agree on what they share.

Resource          ../../resources/rapid_messages.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        The Target Must Offer    configure_agents    all_agent_states
Test Timeout      2 minutes

Test Tags         rms-6


*** Test Cases ***
One Round Of Five Messages
    [Documentation]    Data, analysis and reporting pass a customer dashboard along, 100 ms from step to step.
    Given Three Agents Are At Work
    When The Dashboard Is Built    rounds=1    every=100 ms
    Then All Agents Should Agree
    And The Agents Should Have Processed    data=2    analysis=3    reporting=2
    And Contributions Should Name The Right Message

Two Hundred Rounds While Somebody Watches
    [Documentation]    The same, as fast as it can be done, while the state of all agents is read all the time.
    Given Three Agents Are At Work
    When The Dashboard Is Built While Somebody Watches    rounds=200
    Then All Agents Should Agree
    And The Agents Should Have Processed    data=400    analysis=600    reporting=400
    And Contributions Should Name The Right Message

Two Hundred Rounds While Another Program Watches
    [Documentation]    The same, read by another program of the same user: what it asks stands in no order with the messages.
    Given Three Agents Are At Work For Phone And Laptop
    When The Dashboard Is Built While The Laptop Watches    rounds=200
    Then All Agents Should Agree    client=everyone
    And The Agents Should Have Processed    data=400    analysis=600    reporting=400    client=phone

Two Teams Do Not Mix
    [Documentation]    Two users run teams with the same names and keys at the same time.
    Given Two Users Have Three Agents Each
    When Both Build Their Dashboard    rounds=20
    Then All Agents Should Agree    client=everyone
    And Users Should Not See Each Other


*** Keywords ***
Three Agents Are At Work
    [Documentation]    One user, a team of three.
    Connect As    alice
    Configure The Agents    data    analysis    reporting

Three Agents Are At Work For Phone And Laptop
    [Documentation]    One user with two programs, a team of three.
    Connect As    alice    client=phone
    Connect As    alice    client=laptop
    Configure The Agents    data    analysis    reporting    client=phone

Two Users Have Three Agents Each
    [Documentation]    The names are the same, the teams are not.
    Connect As    alice
    Connect As    bob
    Configure The Agents    data    analysis    reporting    client=alice
    Configure The Agents    data    analysis    reporting    client=bob

The Dashboard Is Built
    [Documentation]    customer_data → data; customer_segments → data and analysis; segment_metrics → analysis;
    ...    segment_report → analysis and reporting; dashboard_export → reporting.
    [Arguments]    ${rounds}    ${every}=${None}
    Coordinate The Agents    customer_dashboard    rounds=${rounds}    every=${every}    in_flight=64
    Nothing Should Have Stalled    8 s
    Every Message Should Be Answered Exactly Once

The Dashboard Is Built While Somebody Watches
    [Documentation]    The state of all agents is read meanwhile.
    [Arguments]    ${rounds}
    Start Watching The Agents    every=5 ms
    The Dashboard Is Built    ${rounds}
    Stop Watching The Agents

The Dashboard Is Built While The Laptop Watches
    [Documentation]    The phone sends, both look at the state of all agents.
    [Arguments]    ${rounds}
    Start Watching The Agents    every=5 ms    client=everyone
    Coordinate The Agents    customer_dashboard    rounds=${rounds}    in_flight=64    client=phone
    Every Message Should Be Answered Exactly Once    client=everyone
    Stop Watching The Agents    client=everyone

Both Build Their Dashboard
    [Documentation]    At the same time.
    [Arguments]    ${rounds}
    Coordinate The Agents    customer_dashboard    rounds=${rounds}    in_flight=64    client=everyone
    Every Message Should Be Answered Exactly Once    client=everyone
