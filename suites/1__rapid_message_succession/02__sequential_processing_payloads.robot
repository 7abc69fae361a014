*** Settings ***
Documentation     Texts of every size arrive whole.
...
...               Sizes around 64 KiB are where length fields and buffers change: a text that is cut there
...               is answered politely, and wrongly.

Resource          ../../resources/rapid_messages.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Timeout      1 minute
Test Template     Texts Of This Size Should Arrive Whole

Test Tags         rms-1


*** Test Cases ***    SIZE
One Byte    1 B

One Byte Below 64 KiB    65535 B

Exactly 64 KiB    65536 B

One Byte Above 64 KiB    65537 B

Seventy KiB    70 KiB


*** Keywords ***
Texts Of This Size Should Arrive Whole
    [Documentation]    Five texts of one size: whole, in order, each answered once.
    [Arguments]    ${size}
    Connect As    alice
    Send Burst    5    size=${size}
    The Conversation Should Be Intact
    The Agent Should Have Processed    5    last_sequence=4
