"""Keywords at the edges of streams, against the real platform: where something stands, broken texts, and clients that come back by themselves."""

from __future__ import annotations

HEAD = """*** Settings ***
Resource          RESOURCES/streams.resource
Suite Setup       Start Target
Suite Teardown    Stop Target
Test Timeout      1 minute

*** Test Cases ***
"""
TESTS = {
    "A Place In A Stream": ("""
    Connect As    alice
    ${report} =    Start Stream    multipart    chunk=16 B    seed=7
    Stream Should Be Complete    ${report}
    ${first} =    Chunks Until    --${report.boundary}    ${report}
    Should Be Equal As Integers    ${first}    1
    ${second} =    Chunks Until    --${report.boundary}    ${report}    number=2
    Should Be True    2048 / 16 < ${second} < 2048 / 16 + 25
    """, ""),
    "A Place That Is Not There": ("""
    Connect As    alice
    ${report} =    Start Stream    multipart    chunk=16 B    seed=7
    Stream Should Be Complete    ${report}
    Chunks Until    --${report.boundary}    ${report}    number=5
    """, "usage: '--part-{*}' does not stand 5 times in the {*} characters that came of the stream"),
    "A Place In One Chunk": ("""
    Connect As    alice
    ${report} =    Start Stream    multipart    chunk=1 KiB
    Stream Should Be Complete    ${report}
    Chunks Until    Content-ID    ${report}
    """, "usage: 'Content-ID' lies whole in chunk 0; ask for smaller chunks, of 16 B for example"),
    "Broken Texts": ("""
    Connect As    alice
    Send Broken JSON    40
    Send Burst    3
    Every Message Should Be Answered Exactly Once
    What Is Broken Should Be Refused
    Connection Should Be Open
    """, ""),
    "No Broken Text": ("""
    Connect As    alice
    Send Burst    3
    What Is Broken Should Be Refused
    """, "violation: broken texts are refused: nothing was there to be checked."),
    "In Time": ("""
    Connect As    alice
    Start Stream    size=5 KB
    Stream Should Be Complete
    Streams Should End Within    30 s
    """, ""),
    "No Stream": ("""
    Connect As    alice
    Streams Should End Within    30 s
    """, "violation: streams end in time: nothing was there to be checked."),
    "She Comes Back By Herself From A Dead Path": ("""
    The Network Can Be Disturbed
    Connect As    alice    resumable=yes
    Let Clients Reconnect By Themselves    alice    ping_every=50 ms    patience=300 ms
    Inject Fault    cut_after_frames    alice    after=20 frames    how=blackhole    direction=to_client
    Start Stream    size=30 KB
    Stream Should Be Complete
    Every Fault Should Have Struck
    """, ""),
}


def test_the_edges_of_streams(robot):
    found = robot.run(HEAD + "".join(f"{name}{text}\n" for name, (text, _) in TESTS.items())).messages
    for name, (_, said) in TESTS.items():
        status, message = found[name]
        position = 0
        for part in said.split("{*}"):
            position = message.find(part, position)
            assert position >= 0, (name, message)
        assert status == ("FAIL" if said else "PASS"), (name, message)
