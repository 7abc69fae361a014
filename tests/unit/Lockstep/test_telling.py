"""Failure texts and diagrams are a contract with their readers: compared with the approved files beside this one.

A text that changed on purpose is approved by `APPROVE=1 python -m pytest tests/unit/Lockstep/test_telling.py` and looked at before the commit.
"""

import os
from pathlib import Path

import pytest

from Lockstep.checks import Code, Event, History, Kind, LedgerRow, Verdict
from Lockstep.telling import failure_text
from Lockstep.telling.diagram import sequence_diagram

APPROVED = Path(__file__).with_name("approved")


@pytest.fixture
def approve(request):
    def compare(text, suffix="txt"):
        file = APPROVED / f"{request.node.name.removeprefix('test_')}.{suffix}"
        if os.environ.get("APPROVE"):
            file.write_text(text + "\n", encoding="utf-8")
        assert file.exists(), f"there is no approved text {file.name} yet"
        assert text + "\n" == file.read_text(encoding="utf-8")

    return compare


def conversation(answers=(0, 1, 2, 4, 3, 5, 6)):
    """Seven messages, answered in the given order."""
    events = [Event(100 + n, 10 + n / 100, Kind.SEND, "alice", 1, "u1", f"alice-7f.{n}", 1, n) for n in range(7)]
    events += [Event(200 + at, 11 + at / 10, Kind.REPLY, "alice", 1, "u1", f"alice-7f.{n}", 1, n) for at, n in enumerate(answers)]
    return History(events)


def verdict(*violations, check="send order"):
    one = Verdict(check, exercised=7)
    for violation in violations:
        one.violated(*violation)
    return one


def test_replies_out_of_order(approve):
    history = conversation()
    wrong = verdict((Code.REORDERED, "alice-7f.3 was answered after alice-7f.4, sent later", history.events[11], history.events[10]))
    approve(failure_text([wrong], history, 4711))


def test_several_violations_with_more_than_fit(approve):
    history = conversation()
    first = verdict(*[(Code.LOST, f"alice-7f.{n} was never answered", history.events[n]) for n in range(7)])
    row = LedgerRow(31, 1.0, "u1", "s", "c", "alice-7f.1", 1, 1, "d", "agent", "processed")
    second = verdict((Code.DUPLICATED, "alice-7f.1 was processed twice", row), check="once in the ledger")
    approve(failure_text([second, first], history, 1))


def test_nothing_to_check(approve):
    approve(failure_text([Verdict("answers").concluded()], History([]), 3))


def test_a_message_id_of_the_suites_own(approve):
    events = [Event(n, float(n), kind, "bob", 2, "u2", "My Id", 1) for n, kind in enumerate((Kind.SEND, Kind.REPLY))]
    approve(failure_text([verdict((Code.REORDERED, "My Id came too late.", events[1]))], History(events), 3))


def test_diagram_around_a_violation(approve):
    history = conversation()
    wrong = verdict((Code.REORDERED, "x", history.events[11], history.events[10]), check="order <of> replies")
    approve(sequence_diagram(history, wrong).replace("<tr", "\n<tr"), "html")


def test_diagram_of_strange_texts_and_a_close(approve):
    events = [
        Event(0, 0.0, Kind.SEND, "<b>eve</b>", 1, "u", '<script>alert("1")</script>', 2),
        Event(1, 0.5, Kind.CLOSE, "<b>eve</b>", 1, "u", details={"code": 1011, "reason": "<img src=x>", "by": "target"}),
    ]
    text = sequence_diagram(History(events), verdict((Code.WRONG_CLOSE, "x", events[1])))
    assert "<script>" not in text
    assert "<img" not in text
    assert "<b>" not in text
    approve(text.replace("<tr", "\n<tr"), "html")


def test_a_diagram_has_arrows_only_for_what_went_over_the_wire():
    facts = [(Kind.SEND, None), (Kind.FAULT, {"fault": "reset", "state": "done"}), (Kind.SEND_UNKNOWN, None), (Kind.REPLY, None)]
    events = [Event(n, float(n), kind, "eve", 1, "u", "m1", 1, details=details) for n, (kind, details) in enumerate(facts)]
    text = sequence_diagram(History(events), verdict((Code.GAP, "x", events[3])))
    assert [part in text for part in ("── send m1 ──▶", "·· fault m1 reset done ··", "·· send unknown m1 ··", "◀── reply m1 ──")] == [True] * 4


def test_diagram_without_evidence(approve):
    approve(sequence_diagram(conversation(), Verdict("answers").concluded()), "html")


def test_a_diagram_of_a_long_evidence_stays_short():
    events = [Event(n, float(n), Kind.SEND, "alice", 1, "u", f"m{n}", 1) for n in range(500)]
    wrong = verdict((Code.LOST, "x", *events[::3]))
    assert sequence_diagram(History(events), wrong).count("<tr") == 1 + 24
