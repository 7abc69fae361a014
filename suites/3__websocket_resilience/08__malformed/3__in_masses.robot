*** Settings ***
Documentation     Malformed input in a row, messages that are small on the wire and large in memory, and handshakes that
...               never end.

Resource          ../../../resources/malformed.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        The Target Must Offer    not_json    not_message    too_large
Test Timeout      2 minutes

Test Tags         owasp-asvs-5.1.3


*** Test Cases ***
Twenty Texts That Are No JSON In A Row
    [Documentation]    A client that has lost its mind sends one each 10 ms, while Bob works.
    [Tags]    wsr-8-5
    Given Alice Is There And Bob Works
    When Send Malformed Burst    20    malformed_json    alice    every=10 ms
    Then Bob Has Noticed Nothing
    And The Malformed Input Should Have Harmed Nobody    alice

Two Thousand Messages That Are None In A Row
    [Documentation]    As fast as they are taken, while Bob works.
    [Tags]    wsr-8-5
    Given Alice Is There And Bob Works
    And Start Watching The Server    every=50 ms
    When Send Malformed Burst    2000    malformed_messages    alice
    Then Bob Has Noticed Nothing
    And The Malformed Input Should Have Harmed Nobody    alice
    And Stop Watching The Server

More Than A Connection May Send
    [Documentation]    Where a connection may send a hundred messages a second, only so many of five hundred are looked at, and
    ...    the others refused for that. Bob has a rate of his own. A second later Alice is served again.
    [Tags]    wsr-8-5    owasp-asvs-11.1.4
    [Setup]    The Target Must Offer    not_json    too_many    message_rate
    Given Limit Message Rate    100 msg/s
    And Alice Is There And Bob Works
    When Send Malformed Burst    500    malformed_json    alice
    Then The Message Rate Should Have Been Kept    100 msg/s    alice
    And Let Time Pass    1 s
    And Bob Has Noticed Nothing
    And The Malformed Input Should Have Harmed Nobody    alice

Compressed Messages Are Understood
    [Documentation]    What inflates to the limit is a message like any other.
    [Tags]    wsr-8-1    rfc7692
    [Setup]    The Target Must Offer    too_large    compression
    Given Connect As    alice    compressed=yes
    When Send Message Of Size    1 kB    alice
    And Send Message Of Size    5 MB    alice
    Then The Conversation Should Be Intact    alice

A Few Bytes That Inflate To Very Many
    [Documentation]    64 MB of the same letter take 64 kB on the wire. Nobody makes room for them before it is known how
    ...    many they are.
    [Tags]    wsr-8-1    rfc7692
    [Setup]    The Target Must Offer    too_large    compression
    Given Connect As    alice    compressed=yes
    And Connect As    bob
    And Start Watching The Server    every=10 ms
    When Send Message Of Size    64 MB    alice
    Then The Malformed Input Should Have Harmed Nobody    alice    memory=50 MB
    And Stop Watching The Server

Two Hundred Handshakes That Are Never Finished
    [Documentation]    Whoever says nothing, or says it letter by letter, takes nobody's place, and is turned away when its
    ...    time is over: by the server's clock, which is moved.
    [Tags]    wsr-8-5    cwe-400
    [Setup]    The Target Must Offer    handshake_limit    advance_clock
    Given Bob Works Beside Her
    When Leave Handshakes Unfinished    200
    And Connect As    carol
    And Move The Clock By    11 s
    Then The Unfinished Handshakes Should Have Been Ended
    And Bob Has Noticed Nothing
    And The Connection Should Have Stayed Up    carol


*** Keywords ***
Alice Is There And Bob Works
    [Documentation]    Each on a connection of their own.
    Connect As    alice
    Bob Works Beside Her
