*** Settings ***
Documentation     A laptop is closed, a phone runs out of power: nobody says goodbye.
...
...               The platform finds out by itself, because its pings stay unanswered, and frees what it held for them. Whoever
...               answers, however late within the time allowed, is not taken for dead.

Resource          ../../../resources/heartbeat.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Timeout      2 minutes

Test Tags         rfc6455-5.5.2    rfc6455-5.5.3


*** Test Cases ***
Three Pings Are Answered
    [Documentation]    Every two seconds. Both sides answer the other at once, and everybody keeps the connection.
    [Tags]    wsr-7-1
    The Platform Pings    2 s    4 s    advance_clock
    Connect As    alice
    Bob Works Beside Her
    Connection And Application Are Probed    alice
    Let The Clock Run    7 s    everyone    step=200 ms
    Pings Should Have Been Answered    everyone    least=3
    Only Silent Clients Should Be Closed    0
    Both Have Answered    alice
    Bob Has Noticed Nothing

One Answers And One Does Not
    [Documentation]    Carol is gone without a sign. She loses her connection when her time is over; Alice and Bob keep theirs.
    [Tags]    wsr-7-2
    The Platform Pings    1 s    2 s
    Connect As    alice
    Bob Works Beside Her
    Somebody Is Silent    carol
    Only Silent Clients Should Be Closed    1
    Pings Should Have Been Answered    alice
    Bob Has Noticed Nothing

A Late Answer Is Still In Time
    [Documentation]    Alice is silent for two seconds of the four she has, and answers again. Carol, who was silent from the same
    ...    moment on, shows that the platform does lose patience.
    [Tags]    wsr-7-3
    The Platform Pings    1 s    4 s    advance_clock
    Connect As    alice
    Bob Works Beside Her
    Somebody Is Silent    carol
    Alice Is Silent For    2 s
    Let The Clock Run    4 s    everyone    step=200 ms
    Only Silent Clients Should Be Closed    1    slack=5 s
    The Connection Should Have Stayed Up    alice
    Bob Has Noticed Nothing

Three Answer And Two Do Not
    [Documentation]    Exactly the two silent ones lose their connections. One of the others needs half a second for each answer.
    [Tags]    wsr-7-4
    The Platform Pings    1 s    2 s
    Connect As    alice
    Connect As    erin
    Answer Pings After    500 ms    erin
    Bob Works Beside Her
    Somebody Is Silent    carol    dave
    Only Silent Clients Should Be Closed    2
    Pings Should Have Been Answered    alice
    Bob Has Noticed Nothing


*** Keywords ***
Alice Is Silent For
    [Documentation]    So long on the platform's clock she leaves pings unanswered, and answers those that come then.
    [Arguments]    ${time}
    Withhold Pongs    alice
    Let The Clock Run    ${time}    everyone    step=200 ms
    Answer Pings Again    alice
