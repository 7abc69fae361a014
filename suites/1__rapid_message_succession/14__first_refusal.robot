*** Settings ***
Documentation     A user who is turned away is not left waiting for the bad news.
...
...               Measured alone on the machine, as everything that is a matter of time.

Resource          ../../resources/rapid_messages.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        The Target Must Offer    hold
Test Timeout      2 minutes

Test Tags         rms-3    serial


*** Test Cases ***
Overload Is Signalled At Once
    [Documentation]    The queue of a held agent runs full; the first message that finds no place is refused soon.
    Connect As    alice
    Hold The Agent
    Send Burst    550    every=1 ms    acknowledge=yes
    Release The Agent
    Overload Should Be Signalled Within    ${REFUSAL_LIMIT}
