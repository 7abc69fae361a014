*** Settings ***
Documentation     Bursts cost the server neither memory nor speed.
...
...               Memory, threads and open files are read from the server's process, not from what it says about itself.

Resource          ../../resources/rapid_messages.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        The Target Must Offer    server_figures
Test Timeout      5 minutes

Test Tags         rms-5    serial


*** Test Cases ***
Bursts Cost Little Memory
    [Documentation]    The profile's bursts; the server may grow a little and must not start a thread for each user.
    Connect As    alice
    Start Watching The Server
    Send Bursts    ${BURSTS}    of=10    every=50 ms    apart=${BURSTS_APART}
    The Conversation Should Be Intact
    Stop Watching The Server
    The Server Should Stay Small    memory=${BURST_MEMORY}    threads=5
    Sending Should Take    mean=0.5 s    at_most=2 s

Memory Does Not Grow With Every Message
    [Documentation]    After a warm-up, tens of thousands of messages leave nothing behind, no thread either.
    Connect As    alice
    Start Watching The Server    every=10 ms
    Send Burst    ${LEAK_MESSAGES}    in_flight=64
    Wait Until Everything Is Answered
    Stop Watching The Server
    Every Message Should Be Answered Exactly Once
    Memory Should Not Leak
    The Server Should Stay Small    threads=5

Answers Do Not Become Slower
    [Documentation]    The hundredth burst is answered as fast as the first.
    Connect As    alice
    Send Bursts    30    of=10    every=5 ms    apart=20 ms
    The Conversation Should Be Intact
    Latency Should Not Rise
