"""Isolation: the check against its oracle."""

from __future__ import annotations

from hypothesis import strategies as st
from random_histories import against_oracle, codes, expect, first_sends, histories, told
from told_histories import Story

from Lockstep.checks import History, Kind
from Lockstep.checks.isolation import nothing_leaked

CANARIES = {"alice": "canary-1", "bob": "canary-12"}
OWN = (Kind.SEND, Kind.SEND_UNKNOWN, Kind.FAULT)
texts = st.sampled_from(("nothing", "a canary-1 here", "a canary-12 here", "both: canary-1 canary-12"))
details = st.none() | st.dictionaries(st.sampled_from(("content", "canary-1", "note")), texts | st.lists(texts) | st.integers(), max_size=2)


def carries(value: object, owner: str) -> bool:
    """Whether the text is in there, and not merely as the beginning of a longer one."""
    text = repr(value)
    return "canary-12" in text if owner == "bob" else "canary-1" in text.replace("canary-12", "")


@against_oracle(histories(), st.lists(details, min_size=14, max_size=14))
def test_a_leak_is_a_strangers_text_or_the_fate_of_a_strangers_message(history: History, said: list) -> None:
    events = [event._replace(details=told_details) for event, told_details in zip(history.events, said, strict=False)]
    found = []
    for event in events:
        stranger = "bob" if event.user == "alice" else "alice"
        if event.kind not in OWN and event.details is not None and carries(event.details, stranger):
            found.append("leaked_to_other_user")
        sends = [e for e in events if e.kind is Kind.SEND and e.message_id == event.message_id]
        mine = [e for e in sends if e.user == event.user and e.index < event.index]
        if event.kind is not Kind.SEND and event.kind in (*OWN[:2], *ANSWERS) and not mine and any(e.user == stranger for e in sends):
            found.append("leaked_to_other_user")
    for first in first_sends(History(events)):
        duplicates = len(told(history, Kind.DUPLICATE, first))
        only = duplicates >= len(told(history, Kind.SEND, first)) and not told(history, Kind.REPLY, first)
        if only and any((s.message_id == first.message_id and s.user != first.user) for s in events if s.kind is Kind.SEND):
            found.append("leaked_to_other_user")
    assert codes(nothing_leaked(History(events), CANARIES)) == expect(*found)


ANSWERS = (Kind.REPLY, Kind.DUPLICATE, Kind.ACCEPTED, Kind.REFUSED)


def test_nested_texts_are_looked_through() -> None:
    story = Story()
    story.add(Kind.OTHER, "alice", details={"list": [{"deep": ("x", {"deeper": "say canary-12 now"})}, 7]})
    verdict = nothing_leaked(story.history, CANARIES)
    assert codes(verdict) == {"leaked_to_other_user": 1}
    assert verdict.violations[0].sentence == "alice got a text of bob in a other at +0.000 s"


def test_without_a_text_to_look_through_the_check_is_vacuous() -> None:
    assert "vacuous" in nothing_leaked(Story().exchange("m1").history, {}).counts


def test_a_duplicate_of_a_message_that_was_answered_is_no_leak() -> None:
    story = Story().exchange("m1", user="bob").exchange("m1", user="alice", details={"content": "mine"})
    story.duplicate("m1", user="alice")
    assert codes(nothing_leaked(story.history, CANARIES)) == {}
