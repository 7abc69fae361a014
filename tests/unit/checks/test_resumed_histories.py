"""Histories of clients that came back, written by hand: what is legal then passes every check of messages, and what is not is found."""

import pytest
from random_histories import codes

from Lockstep.checks import Event, History, Kind
from Lockstep.checks.answers import (
    contents_intact,
    no_phantom_replies,
    nothing_answered_twice,
    nothing_lost,
    nothing_refused_was_processed,
)
from Lockstep.checks.duplicates import duplicates_accounted
from Lockstep.checks.offsets import offsets_agree, offsets_without_gap
from Lockstep.checks.order import replies_in_send_order
from Lockstep.checks.resume import resumes_are_sound

CHECKS = {
    check.__name__: check
    for check in (nothing_lost, nothing_answered_twice, no_phantom_replies, contents_intact, nothing_refused_was_processed, duplicates_accounted,
                  offsets_without_gap, offsets_agree, replies_in_send_order, resumes_are_sound)
}
PLACES = {"m1": 0, "m2": 1, "m3": 2, "m4": 3}


def story(*lines):
    """``send 1 m1 1``: what, on which connection, which message, which attempt (or offset and epoch); ``=7``: the offset of what arrives."""
    events = []
    for line in lines:
        what, connection, *said = line.split()
        offset = next((int(word[1:]) for word in said if word.startswith("=")), None)
        details = dict(word.split(":") for word in said if ":" in word)
        details = {name: {"yes": True, "no": False}.get(value, int(value) if value.isdigit() else value) for name, value in details.items()}
        named = [word for word in said if word[0] != "=" and ":" not in word]
        message, attempt = (named[0], int(named[1])) if named else (None, None)
        about = kind_of(what)
        events.append(Event(len(events), float(len(events)), about, "alice", int(connection), "u", message, attempt, PLACES.get(message), offset,
                            f"{PLACES[message]:016x}" if message and about in {Kind.SEND, Kind.REPLY} else None, None, details or None))
    return History(events)


def kind_of(what):
    return Kind("send_unknown" if what == "unknown" else what)


HELLO = ("connect 1", "connected 1 session:s epoch:1 offset:0 head:0 recovered:no")
BACK = "connect 2 session:s epoch:1 offset:{0}", "connected 2 session:s epoch:1 offset:{0} head:{1} recovered:yes"
NEXT = "connect 2 session:s epoch:1 offset:{0}", "connected 2 session:s epoch:2 offset:0 head:0 recovered:no reason:too_far_behind"


def back(offset, head, lines=BACK):
    return tuple(line.format(offset, head) for line in lines)


LEGAL = {
    "a reply that was missed is received behind the greeting": (
        *HELLO, "send 1 m1 1", "send 1 m2 1", "reply 1 m1 1 =1", "close 1 code:1006", "unknown 1 m2 1", *back(1, 2), "reply 2 m2 1 =2",
    ),
    "sent again since it never arrived, and answered": (
        *HELLO, "send 1 m1 1", "send 1 m2 1", "reply 1 m1 1 =1", "close 1 code:1006", "unknown 1 m2 1", *back(1, 1), "send 2 m2 2", "reply 2 m2 2 =2",
    ),
    "its reply was lost for good with the epoch, and sent again it is a duplicate": (
        *HELLO, "send 1 m1 1", "send 1 m2 1", "reply 1 m1 1 =1", "close 1 code:1006", "unknown 1 m2 1", *back(1, 0, NEXT), "send 2 m2 2", "duplicate 2 m2 2 =1",
        "send 2 m3 1", "reply 2 m3 1 =2",
    ),
    "still worked on when it came again: a duplicate, and then the reply to the first attempt": (
        *HELLO, "send 1 m1 1", "close 1 code:1006", "unknown 1 m1 1", *back(0, 0), "send 2 m1 2", "duplicate 2 m1 2 =1", "reply 2 m1 1 =2",
    ),
    "refused on the first connection, which is told on the second": (
        *HELLO, "send 1 m1 1", "send 1 m2 1", "close 1 code:1006", "unknown 1 m1 1", "unknown 1 m2 1", *back(0, 2), "reply 2 m1 1 =1",
        "refused 2 m2 1 =2 reason:queue_full", "send 2 m2 2", "reply 2 m2 2 =3",
    ),
    "unknown for good": (
        *HELLO, "send 1 m1 1", "reply 1 m1 1 =1", "send 1 m2 1", "close 1 code:1006", "unknown 1 m2 1", *back(1, 1), "send 2 m3 1", "reply 2 m3 1 =2",
    ),
    "lost twice": (
        *HELLO, "send 1 m1 1", "close 1 code:1006", "unknown 1 m1 1", *back(0, 0), "send 2 m1 2", "close 2 code:1006", "unknown 2 m1 2",
        "connect 3 session:s epoch:1 offset:0", "connected 3 session:s epoch:1 offset:0 head:1 recovered:yes", "reply 3 m1 2 =1", "send 3 m2 1", "reply 3 m2 1 =2",
    ),
    "sent again behind later ones, on another connection": (
        *HELLO, "send 1 m1 1", "send 1 m2 1", "close 1 code:1006", "unknown 1 m1 1", "unknown 1 m2 1", *back(0, 1), "reply 2 m1 1 =1", "send 2 m3 1", "send 2 m2 2",
        "reply 2 m3 1 =2", "reply 2 m2 2 =3",
    ),
}


@pytest.mark.parametrize("name", LEGAL)
def test_what_is_legal_after_a_resume_is_no_violation(name):
    history = story(*LEGAL[name])
    found = {check: [str(code) for code in codes(judge(history)) if code != "vacuous"] for check, judge in CHECKS.items()}
    assert {check: what for check, what in found.items() if what} == {}


WRONG = {
    "sent again and never answered": (
        (*HELLO, "send 1 m1 1", "close 1 code:1006", "unknown 1 m1 1", *back(0, 0), "send 2 m1 2", "send 2 m2 1", "reply 2 m2 1 =1"),
        {"nothing_lost": "lost", "duplicates_accounted": "miscounted_duplicates"},
    ),
    "the same reply on both connections": (
        (*HELLO, "send 1 m1 1", "reply 1 m1 1 =1", "close 1 code:1006", *back(1, 1), "reply 2 m1 1 =1"),
        {"nothing_answered_twice": "duplicated", "offsets_without_gap": "duplicated", "resumes_are_sound": "unsound_resume"},
    ),
    "answered to the first attempt and to the second": (
        (*HELLO, "send 1 m1 1", "close 1 code:1006", "unknown 1 m1 1", *back(0, 1), "send 2 m1 2", "reply 2 m1 1 =1", "reply 2 m1 2 =2"),
        {"nothing_answered_twice": "duplicated", "duplicates_accounted": "miscounted_duplicates"},
    ),
    "a reply that was missed does not come": (
        (*HELLO, "send 1 m1 1", "send 1 m2 1", "close 1 code:1006", "unknown 1 m1 1", "unknown 1 m2 1", *back(0, 2), "reply 2 m2 1 =2"),
        {"offsets_without_gap": "gap", "resumes_are_sound": "unsound_resume"},
    ),
    "an answer to an attempt that was never made": (
        (*HELLO, "send 1 m1 1", "close 1 code:1006", "unknown 1 m1 1", *back(0, 1), "reply 2 m1 2 =1"),
        {"no_phantom_replies": "phantom"},
    ),
    "overtaken within the new connection": (
        (*HELLO, "send 1 m1 1", "close 1 code:1006", "unknown 1 m1 1", *back(0, 0), "send 2 m1 2", "send 2 m2 1", "reply 2 m2 1 =1", "reply 2 m1 2 =2"),
        {"replies_in_send_order": "reordered"},
    ),
    "refused on both connections, and yet answered": (
        (*HELLO, "send 1 m1 1", "refused 1 m1 1 =1 reason:queue_full", "close 1 code:1006", *back(1, 1), "send 2 m1 2", "refused 2 m1 2 =2 reason:queue_full",
         "reply 2 m1 2 =3"),
        {"nothing_refused_was_processed": "aborted_effect", "duplicates_accounted": "miscounted_duplicates"},
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_after_a_resume_is_found_by_the_checks_that_are_there_for_it(name):
    lines, expected = WRONG[name]
    history = story(*lines)
    found = {check: sorted({str(code) for code in codes(judge(history))} - {"vacuous"}) for check, judge in CHECKS.items()}
    assert {check: what for check, what in found.items() if what} == {check: [code] for check, code in expected.items()}


def test_a_server_that_keeps_silent_about_duplicates_need_not_answer_the_second_attempt():
    history = story(*HELLO, "send 1 m1 1", "close 1 code:1006", "unknown 1 m1 1", *back(0, 0), "send 2 m1 2", "send 2 m2 1", "reply 2 m2 1 =1")
    assert nothing_lost(history, silent=True).violations == []
    (violation,) = nothing_lost(history).violations
    assert "message m1 was sent again when its fate was unknown (attempt 2), and that was never answered" in violation.sentence
