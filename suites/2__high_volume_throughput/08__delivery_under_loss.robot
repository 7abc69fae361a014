*** Settings ***
Documentation     Connections break off while messages pour in, and nothing is lost or done twice.
...
...               Five programs send at a steady pace through lines that are cut again and again, with messages under way each
...               time. They come back to their sessions by themselves, are told what they have missed, and repeat what was
...               never answered. Whatever was accepted is processed exactly once, by the clients' account and by the server's
...               own.

Resource          ../../resources/high_volume.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Timeout      5 minutes

Test Tags         hvt-3


*** Variables ***
${CUTS OF EACH KIND}    2
${CUT WITHIN}           400 frames


*** Test Cases ***
A Thousand Messages While Nothing Happens
    [Documentation]    The same promise on a line without faults: whoever fails here need not look further.
    Connect As    alice
    Send Burst    1000    rate=500 msg/s
    The Conversation Should Be Intact
    Every Message Should Be Processed Exactly Once

Connections Are Cut And The Server Is Killed
    [Documentation]    A tenth of the batches of a hundred messages is hit, and each kind of cut at least twice: the line ends,
    ...    is reset, stays half open so that the server hears nothing of it, or breaks in the middle of a frame.
    ...    Then the server is killed with messages waiting in it, and started again: what it had accepted it still
    ...    knows.
    [Setup]    The Target Must Offer    resume    work_time    restart
    Five Senders Come Back By Themselves
    Run Fault Plan    close, reset, half_open, cut_in_frame    each=${CUTS OF EACH KIND}    within=${CUT WITHIN}
    Send Burst    1000    rate=200 msg/s    client=everyone
    Every Fault Should Have Struck
    Everything Should Have Been Delivered
    The Server Is Killed In The Middle Of It
    What Was Confirmed Should Survive The Kill    everyone
    Everything Should Have Been Delivered
    Everybody Should Have Recovered Within    5 s


*** Keywords ***
The Server Is Killed In The Middle Of It
    [Documentation]    One of the agents is so slow that half of what it is sent waits; the others answer at once, up to the last
    ...    moment. All senders go on behind it.
    [Tags]    faults    sending
    Let Each Message Take    10 ms    client=sender-1
    Send Burst    200    rate=200 msg/s    client=everyone
    Start Sending    every=5 ms    in_flight=200    client=everyone
    The Server Is Killed And Started Again
    Stop Sending    everyone
