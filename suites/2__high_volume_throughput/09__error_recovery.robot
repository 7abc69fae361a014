*** Settings ***
Documentation     Things go wrong for some, and others do not notice; then everything is as it was.
...
...               Five programs have trouble: their lines are cut, their network is gone, their agents are flooded or fail, the
...               server is restarted. A bystander works beside them and is served as before. Every error is answered or shows
...               by itself, none leaves half an effect, none spreads, and everybody is back within half a minute.

Resource          ../../resources/high_volume.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Timeout      10 minutes

Test Tags         hvt-8    serial


*** Test Cases ***
Connections Are Cut
    [Documentation]    More than one in twenty batches of a hundred messages is hit: the line ends, is reset, or stays half
    ...    open.
    [Setup]    The Target Must Offer    resume
    ${before}    ${trouble} =    Five Senders And A Bystander
    The Senders Work
    Run Fault Plan    close, reset, half_open    each=5    within=80 frames
    Trouble Lasts For    ${SCENARIO_TIME}
    Everybody Stops
    Everything Should Have Been Delivered
    Everybody Should Have Recovered Within    30 s
    The Bystander Should Not Have Noticed    ${trouble}
    Everything Should Be As Before    ${before}

The Network Is Gone And Comes Back
    [Documentation]    First in both directions; then only answers do not arrive, while what is sent is still processed.
    [Setup]    The Target Must Offer    resume
    ${before}    ${trouble} =    Five Senders And A Bystander
    The Senders Work
    FOR    ${direction}    IN    both    to_client
        The Network Is Gone For A While    ${direction}
    END
    Everybody Stops
    Everything Should Have Been Delivered
    Everybody Should Have Recovered Within    30 s
    The Bystander Should Not Have Noticed    ${trouble}
    Everything Should Be As Before    ${before}

The Agents Are Flooded
    [Documentation]    Each is sent twice as much as it can do, with a queue that is full from the beginning on.
    [Setup]    The Target Must Offer    resume    work_time    bounded_queue
    ${before}    ${trouble} =    Five Senders And A Bystander
    Let Each Message Of A Sender Take    20 ms
    FOR    ${sender}    IN    @{SENDERS}
        Send Burst    500    client=${sender}
    END
    The Senders Work    in_flight=5000
    Trouble Lasts For    ${SCENARIO_TIME}
    Everybody Stops
    Let Each Message Of A Sender Take    0
    Every Error Should Have Been Answered
    The Bystander Should Not Have Noticed    ${trouble}
    Everything Should Be As Before    ${before}

One Message In Ten Fails
    [Documentation]    The agents say so of each, and it is as if it had never been sent.
    [Setup]    The Target Must Offer    resume    fail
    ${before}    ${trouble} =    Five Senders And A Bystander
    ${failing} =    A Tenth Of What Is Sent Will Fail
    The Senders Work
    Trouble Lasts For    ${SCENARIO_TIME}
    Everybody Stops
    Every Error Should Have Been Answered
    ${after} =    Work Should Go On As Before    ${before}
    FOR    ${sender}    IN    @{SENDERS}
        Failed Messages Should Have No Effect    ${failing}    client=${sender}
    END
    The Bystander Should Not Have Noticed    ${trouble}
    It Should Be As Fast As Before    ${before}    ${after}

The Server Is Restarted
    [Documentation]    Nobody can be spared that, not even the bystander. Nothing is lost, and all are back.
    [Setup]    The Target Must Offer    resume    restart
    ${before}    ${_} =    Five Senders And A Bystander
    The Senders Work
    Trouble Lasts For    ${SCENARIO_TIME}    share=0.5
    The Server Is Killed And Started Again
    Trouble Lasts For    ${SCENARIO_TIME}    share=0.5
    Everybody Stops
    Everything Should Have Been Delivered
    What Was Confirmed Should Survive The Kill    everyone
    Everybody Should Have Recovered Within    30 s
    Everything Should Be As Before    ${before}


*** Keywords ***
Five Senders And A Bystander
    [Documentation]    The bystander has a line of its own to the server. How it is served before the trouble is what all is
    ...    compared with.
    [Tags]    connecting
    Five Senders Come Back By Themselves
    Connect As    bystander    resumable=yes
    Let Clients Reconnect By Themselves    bystander
    ${before} =    Measure Phase    before    rate=100 msg/s    lasting=1 s    client=bystander
    ${moment} =    Remember This Moment
    RETURN    ${before}    ${moment}

The Senders Work
    [Documentation]    A hundred messages a second each, and the bystander beside them.
    [Tags]    sending
    [Arguments]    ${in_flight}=200
    Start Sending    every=10 ms    in_flight=${in_flight}    client=everyone

Trouble Lasts For
    [Documentation]    So long, or for a share of it, everybody works with whatever was done to them.
    [Tags]    waiting
    [Arguments]    ${time}    ${share}=1
    Let Time Pass    ${time}    share=${share}

The Network Is Gone For A While
    [Documentation]    Nothing passes, and nobody is told; then it passes again.
    [Tags]    faults
    [Arguments]    ${direction}
    Inject Fault    blackhole    everyone    direction=${direction}
    Trouble Lasts For    ${SCENARIO_TIME}    share=0.3
    End Faults    everyone
    Trouble Lasts For    ${SCENARIO_TIME}    share=0.2

Everybody Stops
    [Documentation]    What is still under way is awaited by whoever judges it.
    [Tags]    sending
    Stop Sending    everyone

Let Each Message Of A Sender Take
    [Documentation]    The agents of the senders become slow; that of the bystander does not.
    [Tags]    control
    [Arguments]    ${time}
    FOR    ${sender}    IN    @{SENDERS}
        Let Each Message Take    ${time}    client=${sender}
    END

Every Error Should Have Been Answered
    [Documentation]    Each message has one answer, a refusal among them; what was refused had no effect, what was not had
    ...    exactly one.
    [Tags]    expectation    ledger
    Every Message Should Be Answered Exactly Once    everyone
    Refused Messages Should Have No Effect    everyone
    Every Message Should Be Processed Exactly Once    everyone

The Bystander Should Not Have Noticed
    [Documentation]    It got as many answers a second as before; its connection, and every other that nothing was done to,
    ...    stayed up.
    [Tags]    expectation    isolation
    [Arguments]    ${trouble}
    The Connection Should Have Stayed Up    everyone
    The Bystander Should Keep Its Throughput    bystander    since=${trouble}

A Tenth Of What Is Sent Will Fail
    [Documentation]    Of each sender's messages the first ones. Returns how many.
    [Tags]    control
    ${failing} =    Evaluate    round(robot.utils.timestr_to_secs($SCENARIO_TIME) * 10)
    FOR    ${sender}    IN    @{SENDERS}
        Let Messages Fail    ${failing}    client=${sender}
    END
    RETURN    ${failing}

Everything Should Be As Before
    [Documentation]    Somebody who was in trouble is let in, answered at the rate of before and about as fast.
    [Tags]    expectation    figures
    [Arguments]    ${before}
    ${after} =    Work Should Go On As Before    ${before}
    It Should Be As Fast As Before    ${before}    ${after}

Work Should Go On As Before
    [Documentation]    Somebody who was in trouble sends again, and all of it is let in and answered.
    [Tags]    expectation    sending
    [Arguments]    ${before}
    ${after} =    Measure Phase    after    rate=110 msg/s    lasting=1 s    client=sender-1
    Everything Should Be Answered As In    ${before}    ${after}
    RETURN    ${after}

It Should Be As Fast As Before
    [Documentation]    110 messages a second were offered, so that a short pause of this machine does not hide 100.
    [Tags]    expectation    figures
    [Arguments]    ${before}    ${after}
    Throughput Should Be At Least    100 msg/s    ${after}
    Answers Should Come As Fast As In    ${before}    ${after}
