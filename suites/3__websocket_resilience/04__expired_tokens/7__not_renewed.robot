*** Settings ***
Documentation     Refresh tokens for which nothing can be had.
...
...               A line more is a row more; `Try To Refresh` lists the forms that it knows.

Resource          ../../../resources/token_refresh.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        The Target Must Offer    token_renewal
Test Timeout      2 minutes
Test Template     A Refresh Token Is Refused

Test Tags         wsr-4-15    owasp-asvs-3.5.3


*** Test Cases ***
A Wrong One
    wrong

One Letter Changed
    changed

Too Short
    short

None At All
    empty

Expired
    expired

Used Already
    used

Revoked
    [Setup]    The Target Must Offer    token_renewal    revocation
    revoked

Somebody Else's
    another user's

An Access Token
    access token
