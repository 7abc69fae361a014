*** Settings ***
Documentation     A flood: many times more than the agent can do.
...
...               It is refused openly and at once, urgent messages get through, nothing piles up in the server, and when
...               it is over everything is as it was.

Resource          ../../resources/high_volume.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Timeout      5 minutes

Test Tags         hvt-4    serial


*** Variables ***
${QUESTIONS}    8000    # answers to so many questions are tens of megabytes


*** Test Cases ***
A Flood Is Refused Openly And Then It Is Over
    [Documentation]    15 000 messages as fast as they can be written, for an agent that does 500 a second; ten of them urgent.
    ...    Each refusal is due, each accepted message is done, the urgent ones go first. Soon the queue is short again, and
    ...    answers come as they did before.
    [Setup]    The Target Must Offer    work_time    queue_state    priorities
    Connect As    alice
    ${baseline} =    Measure Phase    baseline    count=1000    rate=500 msg/s
    Alice Floods A Slow Agent
    The Queue Should Drain To    100    within=30 s
    The Flood Should Have Been Refused In Order
    Let Each Message Take    0
    ${recovery} =    Measure Phase    recovery    count=500    rate=310 msg/s
    Everything Should Be Answered As In    ${baseline}    ${recovery}
    It Should Be As Fast As Before    ${baseline}    ${recovery}
    Overload Should Be Signalled Within    ${REFUSAL_LIMIT}

Whoever Is Turned Away Hears It At Once
    [Documentation]    The queue is full, and a hundred messages more are always on their way: each refusal comes within 100 ms.
    ...    What is refused leaves nothing behind in the server.
    [Setup]    The Target Must Offer    work_time    bounded_queue    server_figures
    Let Each Message Take    2 ms    client=anybody
    Start Watching The Server    every=20 ms
    ${flood} =    Run Load    flood    count=15000    in_flight=550    size=2 KiB
    Stop Watching The Server
    Load Should Be Lossless And Ordered    ${flood}
    The Ledger Should Agree With    ${flood}
    Refused Messages Should Leave No Memory Behind    ${flood}
    Refusals Should Come Within    100 ms    ${flood}

Nothing Piles Up For Somebody Who Does Not Read
    [Documentation]    Bob asks and asks for what his agent knows, and reads no answer. The server must not keep them all for him:
    ...    it stops listening to him. When he reads again, he gets every answer.
    [Setup]    The Target Must Offer    server_figures    agent_state
    Connect As    bob
    Send Burst    200    in_flight=50
    Every Message Should Be Answered Exactly Once
    Start Watching The Server    every=20 ms
    Bob Asks And Does Not Read
    Stop Watching The Server
    Bob Reads Every Answer
    The Server Should Stay Small    memory=8 MB


*** Keywords ***
Alice Floods A Slow Agent
    [Documentation]    The queue is looked at all the while, until few messages are left in it.
    Let Each Message Take    2 ms
    Start Watching The Queue    every=20 ms
    Send Burst    15000    high_every=1500    acknowledge=yes
    Wait Until Everything Is Answered
    Stop Watching The Queue

The Flood Should Have Been Refused In Order
    [Documentation]    What holds of every overload: the queue kept its bound, each refusal was due and says what to do, and
    ...    nothing that was refused was processed.
    The Queue Should Stay Within Its Capacity
    Refusals Should Be Justified
    Refusals Should Name Message And Retry
    Pressure Should Have Been Told
    Every Message Should Be Answered Exactly Once
    Refused Messages Should Have No Effect
    Replies Should Arrive In Send Order
    Urgent Messages Should Go First
    No Message Should Starve

It Should Be As Fast As Before
    [Documentation]    310 messages a second were offered, so that a short pause of this machine does not hide 300.
    [Arguments]    ${baseline}    ${recovery}
    Throughput Should Be At Least    300 msg/s    ${recovery}
    Answers Should Come As Fast As In    ${baseline}    ${recovery}

Bob Asks And Does Not Read
    [Documentation]    Small questions with large answers, which would be tens of megabytes.
    Stop Reading    bob
    Start Asking    agent_state    ${QUESTIONS}    client=bob
    Wait Until The Server Is Idle

Bob Reads Every Answer
    [Documentation]    As many as he asked for.
    Start Reading    bob
    Stop Asking    bob
