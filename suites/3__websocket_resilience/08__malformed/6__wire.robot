*** Settings ***
Documentation     What may go over a WebSocket is written down in RFC 6455. Here is everything that it forbids, frame by frame.
...
...               Each row is tried on a connection of its own: the platform understands what is allowed and refuses what is not,
...               by the right code, and goes on serving Bob beside it. What is sent in a row, and what the platform may do, is in
...               resources/payloads/wire_conformance.yaml; a row more there is a line more here.

Resource          ../../../resources/wire.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        The Target Must Offer    hostile_input
Test Timeout      1 minute
Test Template     The Rule Should Hold And Bob Be Served

Test Tags         wsr-8-6


*** Test Cases ***
A Message In One Frame
    [Tags]    rfc6455-5.2
    a message in one frame

A Message Byte By Byte
    [Tags]    rfc6455-5.2
    a message byte by byte

An Unmasked Text
    [Tags]    rfc6455-5.1
    an unmasked text

An Unmasked Ping
    [Tags]    rfc6455-5.1
    an unmasked ping

An Unmasked Close
    [Tags]    rfc6455-5.1
    an unmasked close

A Length Of 5 In 16 Bits
    [Tags]    rfc6455-5.2
    a length of 5 in 16 bits

A Length Of 5 In 64 Bits
    [Tags]    rfc6455-5.2
    a length of 5 in 64 bits

A Length Of 300 In 64 Bits
    [Tags]    rfc6455-5.2
    a length of 300 in 64 bits

A Length With Its Highest Bit Set
    [Tags]    rfc6455-5.2
    a length with its highest bit set

A Length Of 2 To The 63 Minus 1
    [Tags]    rfc6455-10.4
    a length of 2^63 - 1

Half A Frame And No More
    [Tags]    rfc6455-7.1.1
    half a frame and no more

First Reserved Bit
    [Tags]    rfc6455-5.2
    first reserved bit

Second Reserved Bit
    [Tags]    rfc6455-5.2
    second reserved bit

Third Reserved Bit
    [Tags]    rfc6455-5.2
    third reserved bit

All Reserved Bits
    [Tags]    rfc6455-5.2
    all reserved bits

A Reserved Bit On A Ping
    [Tags]    rfc6455-5.2
    a reserved bit on a ping

A Reserved Bit On A Continuation
    [Tags]    rfc6455-5.2
    a reserved bit on a continuation

Opcode 3
    [Tags]    rfc6455-5.2
    opcode 3

Opcode 7
    [Tags]    rfc6455-5.2
    opcode 7

Opcode 11
    [Tags]    rfc6455-5.2
    opcode 11

Opcode 15
    [Tags]    rfc6455-5.2
    opcode 15

A Ping
    [Tags]    rfc6455-5.5.2
    a ping

A Ping Without A Word
    [Tags]    rfc6455-5.5.2
    a ping without a word

A Ping Of 125 Bytes
    [Tags]    rfc6455-5.5.2
    a ping of 125 bytes

A Ping Of Bytes That Are No Text
    [Tags]    rfc6455-5.5.2
    a ping of bytes that are no text

Ten Pings In A Row
    [Tags]    rfc6455-5.5.3
    ten pings in a row

A Pong That Nobody Asked For
    [Tags]    rfc6455-5.5.3
    a pong that nobody asked for

A Ping Of 126 Bytes
    [Tags]    rfc6455-5.5
    a ping of 126 bytes

A Pong Of 126 Bytes
    [Tags]    rfc6455-5.5
    a pong of 126 bytes

A Ping In Fragments
    [Tags]    rfc6455-5.4
    a ping in fragments

A Message In Two Fragments
    [Tags]    rfc6455-5.4
    a message in two fragments

A Message In Fragments Of One Byte
    [Tags]    rfc6455-5.4
    a message in fragments of one byte

Empty Fragments
    [Tags]    rfc6455-5.4
    empty fragments

Many Fragments Of One Byte
    [Tags]    rfc6455-5.4
    65 536 fragments of one byte

A Ping Between Fragments
    [Tags]    rfc6455-5.4
    a ping between fragments

A Continuation Of Nothing
    [Tags]    rfc6455-5.4
    a continuation of nothing

A Continuation Of Nothing That Goes On
    [Tags]    rfc6455-5.4
    a continuation of nothing that goes on

A Text Inside Fragments
    [Tags]    rfc6455-5.4
    a text inside fragments

A Binary Inside Fragments
    [Tags]    rfc6455-5.4
    a binary inside fragments

A Continuation Behind The Last Fragment
    [Tags]    rfc6455-5.4
    a continuation behind the last fragment

A Character Cut By Fragments
    [Tags]    rfc6455-5.6
    a character cut by fragments

Bytes That Are No Text
    [Tags]    rfc6455-8.1
    bytes that are no text

An Overlong Zero
    [Tags]    rfc6455-8.1
    an overlong zero

Half A Surrogate Pair
    [Tags]    rfc6455-8.1
    half a surrogate pair

A Character Above The Last One
    [Tags]    rfc6455-8.1
    a character above U+10FFFF

Half A Character At The End
    [Tags]    rfc6455-8.1
    half a character at the end

Bad Bytes Across Fragments
    [Tags]    rfc6455-8.1
    bad bytes across fragments

Half A Character In The Last Fragment
    [Tags]    rfc6455-8.1
    half a character in the last fragment

Bad Bytes In A Fragment That Goes On
    [Tags]    rfc6455-8.1
    bad bytes in a fragment that goes on

A Close With 1000
    [Tags]    rfc6455-5.5.1
    a close with 1000

A Close Without A Code
    [Tags]    rfc6455-5.5.1
    a close without a code

A Close With 3000
    [Tags]    rfc6455-7.4.2
    a close with 3000

A Close With 4999
    [Tags]    rfc6455-7.4.2
    a close with 4999

A Close With A Reason Of 123 Bytes
    [Tags]    rfc6455-5.5
    a close with a reason of 123 bytes

Data Behind The Close
    [Tags]    rfc6455-5.5.1
    data behind the close

A Close Of One Byte
    [Tags]    rfc6455-5.5.1
    a close of one byte

A Close Of 126 Bytes
    [Tags]    rfc6455-5.5
    a close of 126 bytes

A Close With Code 0
    [Tags]    rfc6455-7.4.2
    a close with code 0

A Close With Code 999
    [Tags]    rfc6455-7.4.2
    a close with code 999

A Close With Code 1004
    [Tags]    rfc6455-7.4.1
    a close with code 1004

A Close With Code 1005
    [Tags]    rfc6455-7.4.1
    a close with code 1005

A Close With Code 1006
    [Tags]    rfc6455-7.4.1
    a close with code 1006

A Close With Code 1016
    [Tags]    rfc6455-7.4.2
    a close with code 1016

A Close With Code 2999
    [Tags]    rfc6455-7.4.2
    a close with code 2999

A Close With Code 5000
    [Tags]    rfc6455-7.4
    a close with code 5000

A Close Whose Reason Is No Text
    [Tags]    rfc6455-8.1
    a close whose reason is no text

A Close In Fragments
    [Tags]    rfc6455-5.4
    a close in fragments

A Close Inside Fragments
    [Tags]    rfc6455-5.4
    a close inside fragments

An End Without A Close
    [Tags]    rfc6455-7.1.5
    an end without a close

A Handshake Byte By Byte
    [Tags]    rfc6455-4.2.1
    a handshake byte by byte

Frames That Do Not Wait For The Answer
    [Tags]    rfc6455-4.1
    frames that do not wait for the answer

Header Names And Values In Other Cases
    [Tags]    rfc6455-4.2.1
    header names and values in other cases

An Extension That Nobody Knows
    [Tags]    rfc6455-9.1
    an extension that nobody knows

A Version That Nobody Has Heard Of
    [Tags]    rfc6455-4.2.2
    a version that nobody has heard of

The Version Of A Draft
    [Tags]    rfc6455-4.2.2
    the version of a draft

No Version
    [Tags]    rfc6455-4.2.1
    no version

No Key
    [Tags]    rfc6455-4.2.1
    no key

A Key Of Five Bytes
    [Tags]    rfc6455-4.2.1
    a key of five bytes

A Key That Is Not Base64
    [Tags]    rfc6455-4.2.1
    a key that is not base64

No Upgrade Header
    [Tags]    rfc6455-4.2.1
    no Upgrade header

No Connection Header
    [Tags]    rfc6455-4.2.1
    no Connection header

An Upgrade To Something Else
    [Tags]    rfc6455-4.2.1
    an upgrade to something else

No Host Header
    [Tags]    rfc6455-4.2.1
    no Host header

POST In Place Of GET
    [Tags]    rfc6455-4.1
    POST in place of GET

An Old HTTP
    [Tags]    rfc6455-4.2.1
    HTTP/1.0

Another Path
    [Tags]    rfc6455-4.2.2
    another path

A First Line That Is No HTTP
    [Tags]    rfc6455-4.2.1
    a first line that is no HTTP

A Head Of Far Too Many Bytes
    [Tags]    rfc6455-10.4
    a head of 100 000 bytes
