*** Settings ***
Documentation     Tokens that somebody has made up: each differs from a good one in one thing, and none opens the door.
...
...               A line more is a row more; `Forge Token` lists the forms that it knows.

Resource          ../../../resources/tokens.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        Bad Tokens Can Be Tried
Test Timeout      2 minutes
Test Template     A Forged Token Is Refused


*** Test Cases ***
No Token
    [Tags]    wsr-4-7    owasp-asvs-3.5.3
    empty

Garbage
    [Tags]    wsr-4-7
    garbage

Base64 Noise
    [Tags]    wsr-4-7
    noise

Two Parts Of Three
    [Tags]    wsr-4-7
    two parts

Four Parts
    [Tags]    wsr-4-7
    four parts

More Than 64 KiB
    [Tags]    wsr-4-7
    64 KiB

Padded Base64
    [Tags]    wsr-4-7    rfc7515-2
    padded

No Signature
    [Tags]    wsr-4-7    rfc8725-3.3
    no signature

Wrong Signature
    [Tags]    wsr-4-7    rfc8725-3.3
    wrong signature

Shortened Signature
    [Tags]    wsr-4-7    rfc8725-3.3
    shortened signature

Algorithm None In Small Letters
    [Tags]    wsr-4-7    rfc8725-3.1
    alg none

Algorithm None
    [Tags]    wsr-4-7    rfc8725-3.1
    alg None

Algorithm None In Capitals
    [Tags]    wsr-4-7    rfc8725-3.1
    alg NONE

Algorithm None In Mixed Letters
    [Tags]    wsr-4-7    rfc8725-3.1
    alg nOnE

Key Of The Forger In The Header
    [Documentation]    Another algorithm, and the key to check it with: who believes the token is confused about keys.
    [Tags]    wsr-4-7    rfc8725-3.1
    key of the forger

Public Key Used As A Secret
    [Documentation]    The key with which anybody may check tokens is no key with which anybody may sign them.
    [Tags]    wsr-4-7    rfc8725-2.1
    [Setup]    Bad Tokens Can Be Tried    public_keys
    public key as secret

Empty Key
    [Tags]    wsr-4-7    rfc8725-3.5
    empty key

Key Id That Is A Path
    [Tags]    wsr-4-7    rfc8725-3.10
    kid path

Key Id That Is A Question To A Database
    [Tags]    wsr-4-7    rfc8725-3.10
    kid query

Key Id That Is An Address
    [Tags]    wsr-4-7    rfc8725-3.10
    kid address

Another Issuer
    [Tags]    wsr-4-7    rfc8725-3.8
    wrong issuer

No Issuer
    [Tags]    wsr-4-7    rfc8725-3.8
    no issuer

Another Audience
    [Tags]    wsr-4-7    rfc8725-3.9
    wrong audience

No Audience
    [Tags]    wsr-4-7    rfc8725-3.9
    no audience

Not Yet Good
    [Tags]    wsr-4-7    rfc7519-4.1.5
    not before

End As Text
    [Tags]    wsr-4-7    rfc7519-4.1.4
    exp as text

End As A Fraction
    [Tags]    wsr-4-7    rfc7519-4.1.4
    exp as fraction

End As A Truth Value
    [Tags]    wsr-4-7    rfc7519-4.1.4
    exp as truth

End As Nothing
    [Tags]    wsr-4-7    rfc7519-4.1.4
    exp as nothing

End As A List
    [Tags]    wsr-4-7    rfc7519-4.1.4
    exp as list

End Before All Times
    [Tags]    wsr-4-7    rfc7519-4.1.4
    exp negative

No End
    [Tags]    wsr-4-7    rfc7519-4.1.4
    exp missing

End Beyond All Numbers
    [Tags]    wsr-4-7    rfc7519-4.1.4
    exp beyond all numbers

Two Ends, The First One Over
    [Tags]    wsr-4-7    rfc7519-4
    exp twice, first over

Two Ends, The Last One Over
    [Tags]    wsr-4-7    rfc7519-4
    exp twice, last over

Two Subjects
    [Tags]    wsr-4-7    rfc7519-4
    sub twice

No Subject
    [Tags]    wsr-4-7    rfc8725-3.8
    sub missing

A Number For A Subject
    [Tags]    wsr-4-7    rfc7519-4.1.2
    sub as number

End Edited, Another Key
    [Tags]    wsr-4-10    rfc8725-3.3
    exp edited, other key

End Edited, Signature Of Before
    [Tags]    wsr-4-10    rfc8725-3.3
    exp edited, old signature

Subject Edited, Another Key
    [Tags]    wsr-4-10    rfc8725-3.3
    sub edited, other key

Subject Edited, Signature Of Before
    [Tags]    wsr-4-10    rfc8725-3.3
    sub edited, old signature

Permissions Edited, Another Key
    [Tags]    wsr-4-10    rfc8725-3.3
    permissions edited, other key

Permissions Edited, Signature Of Before
    [Tags]    wsr-4-10    rfc8725-3.3
    permissions edited, old signature
