*** Settings ***
Documentation     In a lift: a tenth of a second of connection, a twentieth without, twenty times.
...
...               At the end there is one session and one agent, what each connection held was cleaned up, and the user simply
...               goes on.

Resource          ../../../resources/resilience.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        The Network Can Be Disturbed    history
Test Timeout      5 minutes

Test Tags         wsr-6-1


*** Test Cases ***
Twenty Times In Three Seconds
    [Documentation]    The connection is there for 100 ms and away for 50 ms, twenty times. Then a question is asked and
    ...    answered.
    Given Alice Is Connected And Bob Works Beside Her
    And Alice Has Asked    5
    When Her Connection Comes And Goes Twenty Times
    Then Reconnection Should Succeed    alice
    And She Finds The Conversation As It Was
    And She Goes On
    And Her Session Has Moved With Her
    And Bob Has Noticed Nothing
    And The Server Should Stay Small    memory=50 MB    client=alice

Twenty Times With Questions Under Way
    [Documentation]    The same with ten questions under way at each break: each takes effect once, and is answered.
    Given Alice Is Connected And Bob Works Beside Her
    When Her Connection Is Cut Twenty Times While She Asks
    Then Nothing Of Alice Is Lost
    And Reconnection Should Succeed    alice
    And Her Session Has Moved With Her
    And Bob Has Noticed Nothing


*** Keywords ***
Her Connection Comes And Goes Twenty Times
    [Documentation]    In real time: that it is so quick is the point. The server's memory is looked at meanwhile.
    Start Watching The Server    every=50 ms
    Reconnect So Often    20    alice    up=100 ms    down=50 ms
    Stop Watching The Server

Her Connection Is Cut Twenty Times While She Asks
    [Documentation]    What is not answered when the connection is cut she asks again.
    FOR    ${_}    IN RANGE    20
        Send Burst    10    client=alice
        Cut The Connection    alice
        Reconnect    alice    after=50 ms
    END
