*** Settings ***
Documentation     Ten users, each in the middle of something, and then the service dies.
...
...               All of them wait for long answers; half of them are away, and their agents have something to say meanwhile.
...               Each finds its own answer whole and its own messages, nobody sees anything of the others, and nobody has to
...               stand back.

Resource          ../../../resources/restart.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        Everybody May Come Back    streams    stream_resume    waiting_messages    speak    session_list
Test Timeout      3 minutes

Test Tags         wsr-5-6


*** Variables ***
@{HERE}    user-1    user-2    user-3    user-4    user-5
@{AWAY}    user-6    user-7    user-8    user-9    user-10


*** Test Cases ***
Answers And Messages Survive A Crash
    [Documentation]    Nobody is told before, and the service is there again at once.
    Given Ten Users Wait For Long Answers
    And Half Of Them Are Away And Are Spoken To
    When Crash And Restart Target
    And All Of Them Come Back Together
    Then Each Has Its Own Answer And Its Own Messages
    And All Of Them Are Served Alike

Answers And Messages Survive A Restart With Notice
    [Documentation]    Those who are there are told, those who are away are not.
    [Setup]    Everybody May Come Back    streams    stream_resume    waiting_messages    speak    session_list    shutdown
    Given Ten Users Wait For Long Answers
    And Half Of Them Are Away And Are Spoken To
    When Restart Target Gracefully    reason=maintenance    estimate=5 s
    And All Of Them Come Back Together
    Then The Notice Should Have Come Before The Close
    And Each Has Its Own Answer And Its Own Messages
    And All Of Them Are Served Alike


*** Keywords ***
Ten Users Wait For Long Answers
    [Documentation]    Each answer is another one, and takes its agent two seconds.
    [Tags]    connecting    streams
    Connect Users    10    resumable=yes
    FOR    ${number}    ${user}    IN ENUMERATE    @{HERE}    @{AWAY}    start=1
        Start Stream    text    ${user}    size=100 KB    chunk=1 KiB    rate=50 msg/s    seed=${number}
    END
    FOR    ${user}    IN    @{HERE}    @{AWAY}
        Wait For Chunks    3    client=${user}
    END

Half Of Them Are Away And Are Spoken To
    [Documentation]    Two agents of each user speak, also to those who are there.
    [Tags]    waiting
    FOR    ${user}    IN    @{AWAY}
        Disconnect    ${user}
        Wait Until The Absence Is Noticed    ${user}
    END
    FOR    ${user}    IN    @{HERE}    @{AWAY}
        Let Agents Speak    ${user}    3, 2    agents=analyst, writer    priorities=normal, critical
    END

All Of Them Come Back Together
    [Documentation]    At the same instant.
    [Tags]    reconnecting
    Reconnect So Often    1    client=everyone

Each Has Its Own Answer And Its Own Messages
    [Documentation]    Whole, once, in order; and nothing of anybody else.
    [Tags]    expectation    streams    isolation
    All Streams Should Be Complete    everyone
    FOR    ${user}    IN    @{HERE}    @{AWAY}
        Waiting Messages Should Arrive Once And In Order    ${user}
    END
    The Session Should Be Kept    everyone
    Nothing Should Be Missing After The Resume    everyone
    Users Should Not See Each Other
    Exactly One Session Should Be Live    everyone

All Of Them Are Served Alike
    [Documentation]    Nobody was let in much later than the others, and what they ask then is answered at nearly the same rate.
    [Tags]    expectation    fairness
    Nobody Should Have Waited Much Longer Than Others
    ${asked} =    Send Burst    50    client=everyone    in_flight=4
    Every Message Should Be Answered Exactly Once    everyone    since=${asked}
    Users Should Be Served Fairly
