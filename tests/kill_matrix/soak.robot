*** Settings ***
Documentation     Random faults between clients and the correct server, all of them made from one seed (--variable SEED:4711).
...
...               Four kinds of faults, each three times, dealt out to three clients; one kind at least ends connections. After
...               every fourth schedule's faults the server is killed as well. Whatever happens: each message has one effect and
...               one end, and the server's ledger tells the clients' story.

Resource          ../../resources/high_volume.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Timeout      100 seconds

Test Tags         soak


*** Variables ***
${SEED}      4711
@{BREAKS}    close    reset    half_open    cut_in_frame    cut_in_header    blackhole
@{DELAYS}    latency    bandwidth    slice    coalesce    stop_reading


*** Test Cases ***
Whatever Happens On The Way
    [Documentation]    Three users send at a steady pace until every fault has struck, and come back by themselves.
    ...    A message takes longer than the time to the next one, so that each fault meets something that is under way.
    Three Users Are There And Come Back By Themselves
    ${kinds} =    Four Kinds Of Faults
    Run Fault Plan    ${kinds}    each=3    within=50 frames    lasting=100 ms
    Let Each Message Take    15 ms    client=everyone
    Start Sending    every=10 ms    client=everyone
    Every Fault Should Have Struck    within=60 s
    Stop Sending    everyone
    End Faults    everyone
    IF    int($SEED) % 4 == 0    Killed With Messages Waiting
    Everything Should Have Been Delivered


*** Keywords ***
Three Users Are There And Come Back By Themselves
    [Documentation]    Each through a door of their own, in which the faults are.
    Start Fault Proxy
    Set Reconnect Ladder    first=0.5 s    jitter=100 %    cap=5 s    tries=200
    FOR    ${user}    IN    alice    bob    carol
        Route Through The Fault Proxy    ${user}
        Connect As    ${user}    resumable=yes
    END
    Let Clients Reconnect By Themselves    everyone    ping_every=100 ms    patience=1 s

Four Kinds Of Faults
    [Documentation]    Where nothing broke, nobody would come back, and nothing would be shown of that.
    ${dice} =    Evaluate    random.Random(int($SEED))    modules=random
    ${first} =    Evaluate    $dice.choice($BREAKS)
    ${others} =    Evaluate    $dice.sample(sorted({*$BREAKS, *$DELAYS} - {$first}), 3)
    RETURN    ${{", ".join([$first, *$others])}}

Killed With Messages Waiting
    [Documentation]    The users go on behind it.
    Let Each Message Take    5 ms    client=everyone
    Send Burst    50    client=everyone
    The Server Is Killed And Started Again
    Send Burst    50    client=everyone
    What Was Confirmed Should Survive The Kill    everyone
