"""Every reply is checked: what each wrong one is called, and what a right one leaves behind."""

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from Lockstep.engine.load.codec import Contents
from Lockstep.engine.load.columns import Columns
from Lockstep.engine.load.reading import reader
from Lockstep.engine.load.tally import Tally
from Lockstep.targets import load_target
from Lockstep.targets.mapping import JsonMapping

FILE = load_target("reference").file
CONTENTS = Contents(None, 1)


class Desk:
    """A tally with messages sent, and the frames that a target could answer with."""

    def __init__(self, sent=5, answer="reject", ordered=True, urgent=(), copies=()):
        self.columns = Columns(CONTENTS)
        self.columns.prefixes |= {"r.0.", "r.1."}
        adapter = JsonMapping(FILE.messages, FILE.questions, FILE.connect.ready)
        self.tally = Tally("connection 1", "r.0.", self.columns, reader(adapter, FILE), adapter, continuous=True, ordered=ordered, answer=answer)
        self.tally.next_offset = 1
        self.offset = 0
        for number in range(sent):
            self.tally.waiting[f"r.0.{number}"] = (number, number in urgent, 10.0, 10.0)
            if number in copies:
                self.tally.copies[f"r.0.{number}"] = 1
        self.tally.sent = sent

    def frame(self, **fields):
        self.offset += 1
        return orjson.dumps({"offset": self.offset, **fields})

    def reply(self, number, **fields):
        return self.frame(**{"type": "ai_response", "message_id": f"r.0.{number}", "attempt": 1, "sequence_id": number,
                             "digest": CONTENTS.digests[number % len(CONTENTS)], **fields})

    def took(self, *frames):
        return self.tally.took(list(frames), 10.5)

    @property
    def codes(self):
        return dict(self.columns.violations)


def test_right_replies_leave_counts_and_times_and_nothing_else():
    desk = Desk()
    assert desk.took(*(desk.reply(number) for number in range(5))) == 5
    assert (desk.tally.answered, desk.tally.times, desk.tally.waiting, desk.codes) == (5, [500_000] * 5, {}, {})


def test_latency_counts_from_the_intended_time_and_service_from_the_sending():
    desk = Desk(0)
    desk.tally.waiting["r.0.0"] = (0, False, 10.0, 10.25)
    desk.took(desk.reply(0))
    assert (desk.tally.times, desk.columns.services) == ([500_000], [250_000])


WRONG = {
    "reordered": (lambda desk: (desk.reply(1), desk.reply(0)), {"reordered": 1}),
    "twice": (lambda desk: (desk.reply(0), desk.reply(0)), {"duplicated": 1}),
    "stranger": (lambda desk: (desk.frame(type="ai_response", message_id="who", attempt=1, sequence_id=0, digest="0"),), {"phantom": 1}),
    "not sent yet": (lambda desk: (desk.reply(77),), {"phantom": 1}),
    "of another connection": (lambda desk: (desk.reply(0, message_id="r.1.0"),), {"leaked_to_other_user": 1}),
    "another text": (lambda desk: (desk.reply(0, digest=CONTENTS.digests[1]),), {"corrupted": 1}),
    "another number": (lambda desk: (desk.reply(0, sequence_id=1),), {"corrupted": 1}),
    "push missing": (lambda desk: (desk.reply(0), desk.reply(1, offset=3)), {"gap": 1}),
    "push back": (lambda desk: (desk.reply(0), desk.reply(1, offset=1)), {"reordered": 1}),
    "missing push among others": (lambda desk: (desk.frame(type="news", offset=2),), {"gap": 1}),
    "first sending rejected": (lambda desk: (desk.frame(type="duplicate_rejected", message_id="r.0.0", attempt=1),), {"miscounted_duplicates": 1}),
    "rejected out of the blue": (lambda desk: (desk.frame(type="duplicate_rejected", message_id="who", attempt=1),), {"phantom": 1}),
    "refused out of the blue": (lambda desk: (desk.frame(type="error", code="queue_full", message_id="who", attempt=1),), {"phantom": 1}),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_answer_has_its_code(name):
    frames, codes = WRONG[name]
    desk = Desk()
    desk.took(*frames(desk))
    assert desk.codes == codes


def test_an_urgent_message_may_overtake_normal_ones_but_not_another_urgent_one():
    desk = Desk(urgent={3, 4})
    desk.took(*(desk.reply(number) for number in (0, 3, 1, 4, 2)))
    assert desk.codes == {}
    desk = Desk(urgent={3, 4})
    desk.took(*(desk.reply(number) for number in (4, 3)))
    assert desk.codes == {"reordered": 1}


def test_where_no_order_is_promised_none_is_expected():
    desk = Desk(ordered=False)
    desk.took(desk.reply(1), desk.reply(0))
    assert desk.codes == {}


def test_a_refused_message_has_its_end_and_its_reason():
    desk = Desk()
    assert desk.took(desk.frame(type="error", code="queue_full", message_id="r.0.0", attempt=1)) == 1
    assert (desk.tally.refused, dict(desk.columns.reasons), desk.columns.refusals, desk.codes) == (1, {"queue_full": 1}, [500_000], {})


def refusal(desk, attempt):
    return desk.frame(type="error", code="queue_full", message_id="r.0.0", attempt=attempt)


@pytest.mark.parametrize(("frames", "ends"), [
    (lambda desk: (refusal(desk, 1), desk.reply(0, attempt=2)), (1, 0)),
    (lambda desk: (desk.reply(0), refusal(desk, 2)), (1, 0)),
    (lambda desk: (refusal(desk, 1), refusal(desk, 2)), (0, 1)),
])
def test_a_message_is_refused_only_where_its_copy_is_too(frames, ends):
    desk = Desk(1, copies={0})
    assert desk.took(*frames(desk)) == 1
    assert ((desk.tally.answered, desk.tally.refused), desk.tally.is_settled, desk.codes) == (ends, True, {})
    assert sum(desk.columns.reasons.values()) == desk.tally.refused


@pytest.mark.parametrize(("answer", "frames", "codes"), [
    ("reject", lambda desk: (desk.reply(0), desk.frame(type="duplicate_rejected", message_id="r.0.0", attempt=2)), {}),
    ("reject", lambda desk: (desk.reply(0), desk.reply(0, attempt=2)), {"duplicated": 1, "miscounted_duplicates": 1}),
    ("reject", lambda desk: (desk.reply(0),), {"miscounted_duplicates": 1}),
    ("silent", lambda desk: (desk.reply(0),), {}),
    ("silent", lambda desk: (desk.reply(0), desk.frame(type="duplicate_rejected", message_id="r.0.0", attempt=2)), {"miscounted_duplicates": 1}),
    ("replay", lambda desk: (desk.reply(0), desk.reply(0, attempt=2)), {}),
    ("replay", lambda desk: (desk.reply(0),), {"miscounted_duplicates": 1}),
])
def test_a_copy_is_answered_as_the_target_promises(answer, frames, codes):
    desk = Desk(1, answer, copies={0})
    desk.took(*frames(desk))
    desk.tally.write_off()
    assert desk.codes == codes


def test_what_is_written_off_is_lost_and_named():
    desk = Desk(3)
    desk.took(desk.reply(0))
    assert desk.tally.write_off() == 2
    assert desk.tally.is_settled
    assert (desk.codes, desk.tally.lost) == ({"lost": 2}, 2)
    assert [each["sentence"] for each in desk.columns.fold()["sentences"]] == [
        "connection 1: message 1 (r.0.1) was never answered", "connection 1: message 2 (r.0.2) was never answered"]


def test_thousands_of_violations_are_counted_and_the_first_of_each_kind_told():
    desk = Desk(2)
    desk.took(*(desk.reply(99) for _ in range(5000)), desk.reply(1), desk.reply(0))
    line = desk.columns.fold()
    assert line["violations"] == {"phantom": 5000, "reordered": 1}
    assert [each["code"] for each in line["sentences"]] == ["phantom"] * 20 + ["reordered"]
    assert desk.columns.fold()["violations"] == {}


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 9), max_size=30), st.lists(st.integers(1, 5), min_size=1))
def test_any_arrival_order_is_judged_as_the_obvious_way_judges_it(arrivals, cuts):
    """Reordered: a message sent later was answered before, first answers only. Duplicated: answered before. Lost: never."""
    desk = Desk(10)
    frames = [desk.reply(number) for number in arrivals]
    position = 0
    for cut in cuts * len(frames):
        desk.took(*frames[position : position + cut])
        position += cut
    desk.tally.write_off()
    first = list(dict.fromkeys(arrivals))
    expected = {
        "reordered": sum(any(later > number for later in first[:place]) for place, number in enumerate(first)),
        "duplicated": len(arrivals) - len(first), "lost": 10 - len(first),
    }
    assert desk.codes == {code: count for code, count in expected.items() if count}
