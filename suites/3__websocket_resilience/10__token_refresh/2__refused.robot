*** Settings ***
Documentation     Tokens with which no connection may go on: each is refused, and the connection stays what it was.
...
...               A line more is a row more; `Try To Refresh In Band` lists the forms that it knows.

Resource          ../../../resources/token_refresh.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        Tokens Can Be Renewed In Band
Test Timeout      2 minutes
Test Template     A Token Is Refused In Band

Test Tags         wsr-10-5    owasp-asvs-3.5.3


*** Test Cases ***
A Token Of Somebody Else
    another user's

A Token That Was Replaced
    old

The Same Token Again
    same

A Token That Is Over
    expired

No Token At All
    garbage
