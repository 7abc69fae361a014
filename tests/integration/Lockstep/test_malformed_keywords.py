"""Keywords about malformed input, against the real platform: what they cannot do is said in a sentence, and an odd target is judged rightly."""

from __future__ import annotations

HEAD = """*** Settings ***
Library           Lockstep
Suite Setup       Start Target    {}
Suite Teardown    Stop Target
Test Timeout      1 minute

*** Test Cases ***
"""
WRONG = {
    "No Table": ("Send Malformed    malformed_jsn    truncated", "usage: there is no payload 'malformed_jsn'; did you mean malformed_json?"),
    "No Input": ("Send Malformed    malformed_json    truncatd", "usage: 'malformed_json' has no input 'truncatd'; did you mean truncated?"),
    "No Client": ("Send Malformed    malformed_json    truncated    carol", "usage: no client is called 'carol'"),
    "No Size": ("Send Message Of Size    0 B", "usage: size must be a whole number of bytes, 1 or more, not '0 B' (argument of 'Send Message Of Size')"),
    "Too Small": ("Send Message Of Size    20 B", "usage: a message of this target has at least"),
    "No Count": ("Send Malformed Burst    0    malformed_json", "usage: count must be a whole number, 1 or more, not 0 (argument of 'Send Malformed Burst')"),
    "No Rate": ("Limit Message Rate    0", "usage: rate must be more than 0 msg/s, not '0' (argument of 'Limit Message Rate')"),
    "Half A Message": ("Limit Message Rate    0.5", "usage: rate must be a whole number of messages a second, 1 or more, not 0.5"),
    "No Handshakes": ("The Unfinished Handshakes Should Have Been Ended", "usage: no handshake was left unfinished; use 'Leave Handshakes Unfinished' first"),
    "Nothing Was Sent": ("The Malformed Input Should Have Harmed Nobody", "violation: malformed input is refused: nothing was there to be checked"),
    "Nobody Else": ("Send Malformed    malformed_json    truncated\n    The Malformed Input Should Have Harmed Nobody",
                    "violation: malformed input harms nobody else: nothing was there to be checked"),
}  # fmt: skip
SILENT = """schema: 1
extends: reference
name: silent
guarantees: {refusal: {not_json: null, too_large: null, too_many: null}, compression: none, handshake_within: null}
"""
NOT_OFFERED = {
    "Malformed": ("Connect As    alice\n    Send Malformed    malformed_json    truncated", "not_json"),
    "Burst": ("Connect As    alice\n    Send Malformed Burst    2    malformed_json", "not_json"),
    "Size": ("Connect As    alice\n    Send Message Of Size    1 MB", "too_large"),
    "Compressed": ("Connect As    alice    compressed=yes", "compression"),
    "Handshakes": ("Leave Handshakes Unfinished    2", "handshake_limit"),
    "Rate": ("Connect As    alice\n    The Message Rate Should Have Been Kept    5", "too_many"),
}  # fmt: skip


def told(robot, target, calls):
    return robot.run(HEAD.format(target) + "".join(f"{name}\n    {call}\n" for name, call in calls.items())).messages


def test_what_cannot_be_is_refused_with_a_sentence(robot):
    found = told(robot, "", {name: f"Connect As    alice\n    {call}" for name, (call, _) in WRONG.items()})
    for name, (_, sentence) in WRONG.items():
        status, message = found[name]
        assert status == "FAIL"
        assert message.startswith(sentence), (name, message)
    assert robot.left_behind == []


def test_a_target_that_does_not_say_how_it_refuses_is_not_attacked(robot, tmp_path):
    (tmp_path / "silent.yaml").write_text(SILENT)
    found = told(robot, tmp_path / "silent.yaml", {name: call for name, (call, _) in NOT_OFFERED.items()})
    for name, (_, capability) in NOT_OFFERED.items():
        status, message = found[name]
        assert status == "FAIL"
        assert message.startswith(f"environment: Lockstep reference platform does not offer {capability}; begin the test with"), (name, message)


def test_a_table_of_ones_own_and_a_good_input_between_bad_ones(robot, tmp_path):
    (tmp_path / "mine.yaml").write_text(
        "schema: 1\ntitle: Mine\nrefused: not_json\n"
        "inputs: {bad: {text: '{'}, good: {levels: 3, accepted: true}, odd: {part: content, value: 7, refused: not_message}}\n"
    )
    found = told(robot, "", {"Mine": """Connect As    alice
    Connect As    bob
    Send Malformed    ${CURDIR}/mine.yaml    bad    alice
    Send Malformed    ${CURDIR}/mine.yaml    good    alice
    Send Malformed    ${CURDIR}/mine.yaml    odd    alice
    Send Malformed Burst    5    ${CURDIR}/mine.yaml    alice
    The Malformed Input Should Have Harmed Nobody    alice"""})
    assert found["Mine"][0] == "PASS", found["Mine"][1]
