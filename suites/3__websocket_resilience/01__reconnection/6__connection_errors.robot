*** Settings ***
Documentation    What an analyst reads when a connection cannot be had or is lost.
...
...              Each error says what went wrong, where, and what to do next; and the kit works on as if nothing had been.

Resource         ../../../resources/resilience.resource

Test Teardown    Stop Target
Test Timeout     2 minutes

Test Tags        wsr-1-6


*** Test Cases ***
Nobody Listens
    [Documentation]    The target is not running, or its port is another.
    The Network Can Be Disturbed On A New Target
    Inject Fault    refuse    alice
    The Error Should Be
    ...    environment: alice could not connect to *Connection refused*nobody listens there*
    ...    Connect As
    ...    alice
    End Faults    alice
    The Kit Should Work On

The Connection Is Closed Already
    [Documentation]    Something is sent after the goodbye.
    The Network Can Be Disturbed On A New Target
    Connect As    alice
    Disconnect    alice
    The Error Should Be    usage: alice is disconnected; use 'Connect As*    Send Message    Hello?
    The Kit Should Work On

No Answer Comes
    [Documentation]    The path has died without a sign, and an answer is waited for.
    The Network Can Be Disturbed On A New Target    agent_state
    Connect As    alice
    Inject Fault    blackhole    alice
    The Error Should Be    environment: 'Take State Snapshot' got no answer: *alice*    She Asks For The State Of Her Agent
    End Faults    alice
    The Kit Should Work On

Nobody Knows The Name
    [Documentation]    The name of the target's host is misspelt.
    Start Target    ${CURDIR}/no_such_host.yaml
    The Error Should Be    environment: *its name is not known*'connect.url'*    Connect As    alice
    Stop Target
    Start Target
    The Kit Should Work On

No TLS Where TLS Is Asked For
    [Documentation]    The address says wss, and who listens there speaks ws.
    Start Target    ${CURDIR}/no_tls.yaml
    The Error Should Be    environment: *no TLS*use ws: in 'connect.url'*    Connect As    alice
    Stop Target
    Start Target
    The Kit Should Work On


*** Keywords ***
The Network Can Be Disturbed On A New Target
    [Documentation]    Each test has a target of its own, since some have one that cannot be reached.
    [Arguments]    @{needs}
    Start Target
    The Target Must Offer    @{needs}
    Start Fault Proxy
    Route Through The Fault Proxy    alice

The Error Should Be
    [Documentation]    Runs a keyword that must fail with this sentence, where * stands for anything.
    [Arguments]    ${sentence}    ${keyword}    @{arguments}
    Set Connect Policy    tries=1    pause=0
    Run Keyword And Expect Error    ${sentence}    ${keyword}    @{arguments}
    Set Connect Policy    tries=3    pause=1 s

She Asks For The State Of Her Agent
    [Documentation]    And does not wait for long.
    Take State Snapshot    client=alice    within=300 ms

The Kit Should Work On
    [Documentation]    Somebody connects, asks and is answered.
    Connect As    carol
    Send Burst    5    client=carol
    The Conversation Should Be Intact    carol
