"""Keywords about new tokens and the audit trail, and what they say where something is wrong."""

from __future__ import annotations

HEAD = """*** Settings ***
Resource          RESOURCES/token_refresh.resource
Test Setup        Start Target
Test Teardown     Stop Target

*** Test Cases ***
"""
TESTS = {
    "New Tokens": """
    ${tokens} =    Get Tokens    alice    10 minutes    refresh_lifetime=1 hour
    ${renewal} =    Refresh Token    ${tokens}
    Should Be True    ${renewal.accepted}
    Should Be Equal    ${renewal.way}    ${EMPTY}
    Should Be Equal    ${renewal.tokens.user}    ${tokens.user}
    ${again} =    Refresh Token    ${tokens}
    Should Be Equal    ${again.way}    http 401
    Run Keyword And Expect Error    violation: alice's renewal by her refresh token at * was refused by http 401, and should have been granted.*    Every Refresh Should Be Judged Rightly
""",
    "Revoked": """
    ${tokens} =    Get Tokens    alice
    Connect As    alice    token=${tokens.token}
    Revoke Token    ${tokens}
    The Refusal Should Be As Promised    revoked    alice
    Run Keyword And Expect Error    environment: end of the token of bob: * answered HTTP 401,*    Revoke Token    ${{ __import__("dataclasses").replace($tokens, role="bob", token=$tokens.refresh_token) }}
""",
    "Not Enough Samples": """
    Run Keyword And Expect Error    violation: renewals are fast: nothing was there to be checked.*    Refreshes Should Take Less Than    1 s
    Run Keyword And Expect Error    violation: a race has one winner: nothing was there to be checked.*    Each Race Should Have One Winner
""",
    "Wrong Words": """
    Connect As    alice
    Run Keyword And Expect Error    usage: there is no form 'wrnog' of a refresh token*wrong*Known are: wrong, changed*    Try To Refresh    wrnog    alice
    Run Keyword And Expect Error    usage: there is no form 'olde' of a token*old*Known are: another user's*    Try To Refresh In Band    olde    alice
    Run Keyword And Expect Error    usage: tokens must be what 'Get Tokens' returned, not 'mine'*    Refresh Token    mine
    Run Keyword And Expect Error    usage: 'Stop Keeping The Token Fresh' has nothing to stop for alice*    Stop Keeping The Token Fresh    alice
    Run Keyword And Expect Error    usage: say about whom or what*    No Alert Should Have Been Raised
""",
    "What Control Has Set Ends With The Test": """
    ${tokens} =    Get Tokens    alice
    Let The Refresh Service Fail    1    status=500
    ${failed} =    Refresh Token    ${tokens}
    Should Be Equal    ${failed.way}    http 500
    Let The Refresh Service Fail    delay=5 s
    ${late} =    Refresh Token    ${tokens}    request_id=r1    within=200 ms
    Should Be Equal    ${late.way}    no answer
    Let The Refresh Service Fail
    ${renewed} =    Refresh Token    ${tokens}    request_id=r1
    Should Be True    ${renewed.accepted}
""",
    "The Trail": """
    ${token} =    Forge Token    expired    mallory
    Try To Connect    mallory    ${token}    times=2
    @{trail} =    Read Audit Trail
    Length Should Be    ${trail}    2
    Should Be Equal    ${trail[0]}[type]    token_expired
    Every Refusal Should Be On Record
    Run Keyword And Expect Error    violation: the audit trail tells 2 times of token_expired about mallory, where 3 is right.*lost*    The Audit Trail Should Tell    token_expired    3    mallory
    Run Keyword And Expect Error    violation: the alert repeated_expired_token_attempts was not raised about mallory.*lost*    Alert Should Have Been Raised    repeated_expired_token_attempts    mallory
    Try To Connect    mallory    ${token}    times=3
    Alert Should Have Been Raised    repeated_expired_token_attempts    mallory
    Run Keyword And Expect Error    violation: the alert repeated_expired_token_attempts was raised about mallory*phantom*    No Alert Should Have Been Raised    mallory
""",
}  # fmt: skip


def test_what_each_keyword_does_and_says(robot):
    assert robot.run(HEAD + "".join(f"{name}{body}" for name, body in TESTS.items())).messages == dict.fromkeys(TESTS, ("PASS", "")), robot.said
