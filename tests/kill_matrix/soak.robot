*** Settings ***
Documentation     Random faults between clients and the correct server, all of them made from one seed (--variable SEED:4711).
...
...               Four kinds of faults, each three times, dealt out to three clients; after every fourth schedule's faults the server is killed as
...               well. Whatever happens: each message has one effect and one end, and the server's ledger tells the clients' story.

Resource          ../../resources/high_volume.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Timeout      100 seconds

Test Tags         soak


*** Variables ***
${SEED}     4711
@{KINDS}    close    reset    half_open    cut_in_frame    cut_in_header    blackhole    latency    bandwidth    slice    coalesce    stop_reading


*** Test Cases ***
Whatever Happens On The Way
    [Documentation]    Three users send at a steady pace, and come back by themselves.
    Start Fault Proxy
    Set Reconnect Ladder    first=0.5 s    jitter=100 %    cap=5 s    tries=200
    FOR    ${user}    IN    alice    bob    carol
        Route Through The Fault Proxy    ${user}
        Connect As    ${user}    resumable=yes
    END
    Let Clients Reconnect By Themselves    everyone    ping_every=100 ms    patience=1 s
    ${kinds} =    Evaluate    ", ".join(random.Random(int($SEED)).sample($KINDS, 4))    modules=random
    Run Fault Plan    ${kinds}    each=3    within=50 frames    lasting=100 ms
    Send Burst    300    rate=100 msg/s    client=everyone
    Every Fault Should Have Struck    within=30 s
    End Faults    everyone
    IF    int($SEED) % 4 == 0    Killed With Messages Waiting
    Everything Should Have Been Delivered


*** Keywords ***
Killed With Messages Waiting
    [Documentation]    The users go on behind it.
    Let Each Message Take    5 ms    client=everyone
    Send Burst    50    client=everyone
    The Server Is Killed And Started Again
    Send Burst    50    client=everyone
    What Was Confirmed Should Survive The Kill    everyone
