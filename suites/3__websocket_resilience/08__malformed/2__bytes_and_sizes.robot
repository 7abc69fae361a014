*** Settings ***
Documentation     Bytes that are no text, and messages that are too large.
...
...               One row is one input: bytes from resources/payloads/malformed_encodings.yaml, or a size. Sizes are those of the
...               whole message on the wire.

Resource          ../../../resources/malformed.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        The Target Must Offer    not_utf8    not_utf8_binary    too_large
Test Timeout      2 minutes
Test Template     The Input Is Refused And Harms Nobody

Test Tags         owasp-asvs-5.1.3


*** Test Cases ***
No Text: Whole
    [Tags]    wsr-8-4    rfc6455-8.1
    malformed_encodings    whole

No Text: Surrogate
    [Tags]    wsr-8-4    rfc6455-8.1
    malformed_encodings    surrogate

No Text: Overlong
    [Tags]    wsr-8-4    rfc6455-8.1
    malformed_encodings    overlong

No Text: Beyond Unicode
    [Tags]    wsr-8-4    rfc6455-8.1
    malformed_encodings    beyond_unicode

No Text: Character Cut Off
    [Tags]    wsr-8-4    rfc6455-8.1
    malformed_encodings    character_cut_off

No Text: Lonely Continuation
    [Tags]    wsr-8-4    rfc6455-8.1
    malformed_encodings    lonely_continuation

No Text: End Of The Message Cut Off
    [Tags]    wsr-8-4    rfc6455-8.1
    malformed_encodings    end_of_the_message_cut_off

No Text: Across Fragments
    [Tags]    wsr-8-4    rfc6455-8.1
    malformed_encodings    across_fragments

No Text: Inside A Code Point
    [Tags]    wsr-8-4    rfc6455-8.1
    malformed_encodings    inside_a_code_point

No Text: First Fragment Already
    [Tags]    wsr-8-4    rfc6455-8.1
    malformed_encodings    first_fragment_already

No Text: Last Fragment
    [Tags]    wsr-8-4    rfc6455-8.1
    malformed_encodings    last_fragment

No Text: Binary
    [Tags]    wsr-8-4    rfc6455-8.1
    malformed_encodings    binary

No Text: Binary Across Fragments
    [Tags]    wsr-8-4    rfc6455-8.1
    malformed_encodings    binary_across_fragments

A Hundred Thousand Bytes
    [Tags]    wsr-8-1
    [Template]    The Size Is Taken
    100000 B

A Million Bytes
    [Tags]    wsr-8-1
    [Template]    The Size Is Taken
    1 MB

Five Million Bytes
    [Tags]    wsr-8-1
    [Template]    The Size Is Taken
    5000000 B

Five Million And One Bytes
    [Tags]    wsr-8-1
    [Template]    The Size Is Refused And Harms Nobody
    5000001 B

Ten Million Bytes
    [Tags]    wsr-8-1
    [Template]    The Size Is Refused And Harms Nobody
    10 MB

Fifteen Million Bytes
    [Tags]    wsr-8-1
    [Template]    The Size Is Refused And Harms Nobody
    15 MB
