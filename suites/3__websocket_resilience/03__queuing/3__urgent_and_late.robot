*** Settings ***
Documentation     Not everything that waits is worth the same: some of it is urgent, some of it is worth nothing when it is
...               late.
...
...               Whoever comes back reads the critical first and the unimportant last. What has waited too long does not
...               arrive at all, is counted, and the user is told. The clock is moved; nobody waits.

Resource          ../../../resources/waiting.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Timeout      2 minutes


*** Variables ***
@{SEVEN}    normal    high    normal    critical    low    high    normal


*** Test Cases ***
The Urgent First
    [Documentation]    Seven messages of four priorities, mixed: one critical, two high, three normal, one low is what she reads.
    [Tags]    wsr-3-4
    [Setup]    Agents Can Speak While Nobody Is There    outbound_priorities
    Given Alice Is Connected And Bob Works Beside Her
    And Alice Is Away
    When Let Agents Speak    alice    priorities=${SEVEN}
    And She Comes Back
    Then She Finds What Her Agents Have Said
    And Bob Has Heard His Own Agent At Once

Urgent Ones Of Several Agents
    [Documentation]    The same seven of each of three agents at the same time.
    [Tags]    wsr-3-4
    [Setup]    Agents Can Speak While Nobody Is There    outbound_priorities
    Given Alice Is Connected And Bob Works Beside Her
    And Alice Is Away
    When Let Agents Speak    alice    priorities=${SEVEN}    agents=analyst, writer, reviewer    every=5 ms
    And She Comes Back
    Then She Finds What Her Agents Have Said
    And Bob Has Heard His Own Agent At Once

Three Are Too Old
    [Documentation]    Three messages wait for longer than the two seconds that they may, then two more are said. Alice gets
    ...    those two.
    [Tags]    wsr-3-5
    [Setup]    Agents Can Speak While Nobody Is There    outbound_queue    advance_clock    loss_notice    waiting
    Given Alice Is Connected And Bob Works Beside Her
    And Limit Outbound Queue    100    alice    ttl=2 s
    When Alice Is Away While Three Grow Too Old
    ${fresh} =    And Let Agents Speak    alice    2
    And Outbound Queue Should Hold    2    alice    expired=3
    And She Comes Back
    Then She Finds What Her Agents Have Said    only=${fresh}
    And What Was Lost Should Be Said    alice    expired=3
    And Bob Has Heard His Own Agent At Once

Too Old While Nobody Looks
    [Documentation]    Nobody comes back, and nothing more is said: what has waited too long takes no room any more all the same.
    [Tags]    wsr-3-5
    [Setup]    Agents Can Speak While Nobody Is There    outbound_queue    advance_clock    loss_notice    waiting
    Given Alice Is Connected And Bob Works Beside Her
    And Limit Outbound Queue    100    alice    ttl=2 s
    When Alice Is Away While Three Grow Too Old
    Then Outbound Queue Should Hold    0    alice    expired=3
    And She Comes Back
    And Nothing Of It Arrives    expired=3
    And Bob Has Heard His Own Agent At Once

Critical Ones May Wait Longer
    [Documentation]    Of one critical and three ordinary messages the ordinary ones are too old, and the critical one is not.
    [Tags]    wsr-3-5
    [Setup]    Agents Can Speak While Nobody Is There    outbound_queue    advance_clock    loss_notice    outbound_priorities
    Given Alice Is Connected And Bob Works Beside Her
    And Limit Outbound Queue    100    alice    ttl=2 s    ttl_critical=2 minutes
    And Alice Is Away
    And Let Agents Speak    alice    3
    ${critical} =    And Let Agents Speak    alice    priorities=critical
    When Move The Clock By    1 minute
    And She Comes Back
    Then She Finds What Her Agents Have Said    only=${critical}
    And What Was Lost Should Be Said    alice    expired=3
    And Bob Has Heard His Own Agent At Once


*** Keywords ***
Alice Is Away While Three Grow Too Old
    [Documentation]    They may wait for two seconds.
    Alice Is Away
    Let Agents Speak    alice    3
    Move The Clock By    2.5 s

Nothing Of It Arrives
    [Documentation]    And she is told how much it was.
    [Arguments]    ${expired}
    What Was Lost Should Be Said    alice    expired=${expired}
    Nothing Should Be Missing After The Resume    alice
    She Goes On
