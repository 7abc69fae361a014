*** Settings ***
Documentation     Somebody else wants Alice's session.
...
...               Who knows a session's name does not own it. Nobody learns from the platform whether a name exists, and
...               whoever tries does not disturb its owner.

Resource          ../../../resources/resilience.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        The Network Can Be Disturbed    history
Test Timeout      2 minutes

Test Tags         wsr-1-7


*** Test Cases ***
Another User Asks For A Session That Is In Use
    [Documentation]    Mallory knows the name of Alice's session and asks for it with a good token of his own, while she
    ...    works.
    Given Alice Is Connected And Bob Works Beside Her
    And Alice Has Asked    5
    When Mallory Asks For Her Session
    Then Bob Has Noticed Nothing
    And Alice Has Noticed Nothing

Another User Asks For A Session Whose Owner Is Away
    [Documentation]    The same while nobody is there; afterwards Alice comes back as if nothing had happened.
    Given Alice Is Connected And Bob Works Beside Her
    And Alice Has Asked    5
    When Mallory Asks For Her Session While She Is Away
    Then Bob Has Noticed Nothing
    And Her Session Is Still Hers
    And Nothing Of Alice Is Lost

Names That Are Guessed
    [Documentation]    Neighbours of a real name, parts of it, nothing, far too much, and what a database might misunderstand.
    Given Alice Is Connected And Bob Works Beside Her
    And Alice Has Asked    5
    When Mallory Guesses Names
    Then Bob Has Noticed Nothing
    And Alice Has Noticed Nothing

Numbers That Never Were
    [Documentation]    The owner names an epoch that never was, or claims to have received what was never sent. Nothing is
    ...    made up: she is told that it cannot go on there, and the conversation is all there.
    Given Alice Is Connected And Bob Works Beside Her
    And Alice Has Asked    5
    When Alice Asks For What Never Was
    Then Bob Has Noticed Nothing
    And Her Session Is Still Hers

Names Tell Nothing About Other Names
    [Documentation]    Two hundred sessions: their names have no order and no neighbours, and at least 64 bits that nobody can
    ...    know.
    [Setup]    The Target Must Offer    resume
    ${names} =    Names Of New Sessions    200
    Session Ids Should Be Unguessable    ${names}


*** Keywords ***
Mallory Asks For Her Session
    [Documentation]    He names the session, the epoch and the beginning of what was said, and gets nothing.
    ${session} =    Get Session    alice
    ${attempt} =    Try To Resume    ${session.id}    mallory    epoch=${session.epoch}
    The Resume Should Be Refused    ${attempt}

Mallory Asks For Her Session While She Is Away
    [Documentation]    Her connection has ended, her session waits for her.
    ${session} =    Get Session    alice
    Cut The Connection    alice
    ${attempt} =    Try To Resume    ${session.id}    mallory    epoch=${session.epoch}
    The Resume Should Be Refused    ${attempt}
    Reconnect    alice

Mallory Guesses Names
    [Documentation]    Each guess is answered like any other: with a new session of his own, and nothing in it.
    ${session} =    Get Session    alice
    @{guesses} =    Guess Session Ids    ${session.id}
    FOR    ${guess}    IN    @{guesses}
        ${attempt} =    Try To Resume    ${guess}    mallory
        The Resume Should Be Refused    ${attempt}
    END

Alice Asks For What Never Was
    [Documentation]    The epoch before, the next one, and an offset far ahead, each on a new connection.
    ${session} =    Get Session    alice
    Disconnect    alice
    ${before} =    Try To Resume    ${session.id}    alice    epoch=0
    The Resume Should Be Refused    ${before}    reason=stale_epoch
    ${next} =    Try To Resume    ${session.id}    alice    epoch=99
    The Resume Should Be Refused    ${next}    reason=stale_epoch
    ${ahead} =    Try To Resume    ${session.id}    alice    epoch=${next.epoch}    offset=1000000
    The Resume Should Be Refused    ${ahead}    reason=stale_epoch
    Reconnect    alice

Alice Has Noticed Nothing
    [Documentation]    Her connection has stayed up, her conversation is whole, and nothing of hers went elsewhere.
    The Connection Should Have Stayed Up    alice
    She Finds The Conversation As It Was
    Users Should Not See Each Other
    The Conversation Should Be Intact    alice

Her Session Is Still Hers
    [Documentation]    With the whole conversation, and nothing of it went elsewhere.
    She Finds The Conversation As It Was
    Users Should Not See Each Other

Names Of New Sessions
    [Documentation]    One after the other, of one user, as the target gives them.
    [Arguments]    ${count}
    Connect As    alice    resumable=yes
    VAR    @{names} =    @{EMPTY}
    FOR    ${_}    IN RANGE    ${count}
        ${session} =    Get Session    alice
        VAR    @{names} =    @{names}    ${session.id}
        Reconnect    alice    resume=no
    END
    RETURN    ${names}
