*** Settings ***
Documentation     How soon a dead client is found depends on how exactly the platform keeps its own interval.
...
...               Ten intervals in a row, each within a tenth or a quarter of a second. A ping that is answered says only that
...               the connection lives: the application is asked beside it.

Resource          ../../../resources/heartbeat.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Timeout      2 minutes

Test Tags         wsr-7-5    rfc6455-5.5.2


*** Test Cases ***
Ten Intervals While Nobody Says A Word
    [Documentation]    Alice listens only. Each second a ping comes.
    The Platform Pings    1 s    10 s    regular_pings
    Connect As    alice
    Wait For Pings    11    alice
    Pings Should Come Regularly    alice
    Pings Should Have Been Answered    alice    least=11
    Only Silent Clients Should Be Closed    0

Ten Intervals While Everybody Works
    [Documentation]    The same while Alice's connection and her agent have much to do, and Bob works beside her.
    The Platform Pings    1 s    10 s    regular_pings
    Connect As    alice
    Bob Works Beside Her
    Connection And Application Are Probed    alice    every=10 ms
    Wait For Pings    11    everyone
    Pings Should Come Regularly    everyone
    Pings Should Have Been Answered    everyone    least=11
    Only Silent Clients Should Be Closed    0
    Both Have Answered    alice
    Bob Has Noticed Nothing

What Answers Pings Is Alive
    [Documentation]    For six seconds the connection is pinged and the application is asked. A pong for an application that has
    ...    died would be worse than none.
    The Platform Pings    1 s    10 s
    Connect As    alice
    Bob Works Beside Her
    Connection And Application Are Probed    alice    every=10 ms
    Wait For Pings    6    alice
    Only Silent Clients Should Be Closed    0
    Both Have Answered    alice
    Bob Has Noticed Nothing

The Interval That Is Promised
    [Documentation]    Nothing is set: five minutes and a half pass on the platform's clock, second by second, and a ping comes as
    ...    often as its file says (every 30 s).
    The Target Must Offer    regular_pings    advance_clock
    Connect As    alice
    Bob Works Beside Her
    Let The Clock Run    335 s    everyone    step=1 s
    Pings Should Come Regularly    everyone
    Pings Should Have Been Answered    everyone    least=11
    Only Silent Clients Should Be Closed    0
    Bob Has Noticed Nothing
