"""State: each check against its oracle."""

from __future__ import annotations

from hypothesis import strategies as st
from random_histories import against_oracle, choices, codes, expect, first_sends, open_attempts, told
from told_histories import Story

from Lockstep.checks import Event, History, Kind
from Lockstep.checks.state import (
    counter_within_interval,
    processed_ids_once,
    reads_include_own_writes,
    state_equals,
    state_never_goes_back,
)

IDS = ("m1", "m2", "m3", "m4")


@st.composite
def questioned(draw: st.DrawFn) -> History:
    """Messages of one user, and snapshots that overlap with them and with each other."""
    count, made = draw(choices(4, 20, 14))
    story = Story()
    asked = ["never asked"]
    for _ in range(count):
        kind = made.pick(*(Kind.SEND, Kind.REPLY) * 3, *(Kind.QUERY, Kind.ANSWER) * 4, Kind.REFUSED, Kind.QUERY_UNKNOWN)
        if kind is Kind.QUERY:
            asked.append(f"q{len(asked)}")
            story.query(asked[-1])
        elif kind in (Kind.ANSWER, Kind.QUERY_UNKNOWN):
            fields = {
                "message_count": made.pick(0, 1, 2, 3, 4), "version": made.pick(0, 1, 2),
                "processed_message_ids": [made.pick(*IDS) for _ in range(made.pick(0, 1, 2, 3))],
            }
            for field in list(fields):
                if made.pick(False, True):
                    del fields[field]
            question = made.pick(*("agent_state",) * 5, "weather")
            story.add(kind, "alice", made.pick(*asked[-2:], asked[-1], asked[0]), details={"question": question, "fields": fields})
        else:
            story.add(kind, "alice", made.pick(*IDS), details=made.pick(None, {"version": 1}, {"version": 2}) if kind is Kind.REPLY else None)
        story.events[-1] = story.events[-1]._replace(client="desk" if story.events[-1].message_id[-1] == "3" else "phone")
    return story.history


def pairs(history: History) -> list[tuple[Event, Event, dict]]:
    """Each answer with its last question, if both are about the state."""
    found = []
    for answer in history.events:
        asked = [
            e for e in history.events if e.kind is Kind.QUERY and e.index < answer.index
            and (e.client, e.message_id) == (answer.client, answer.message_id)
        ]
        if answer.kind is Kind.ANSWER and asked and answer.details["question"] == "agent_state":
            found.append((asked[-1], answer, answer.details["fields"]))
    return found


def answered(history: History, before: Event) -> list[Event]:
    """The first replies before an event, in order."""
    replies = [reply for first in first_sends(history) for reply in told(history, Kind.REPLY, first)[:1] if reply.index < before.index]
    return sorted(replies, key=lambda reply: reply.index)


def attempted(history: History, before: Event) -> int:
    return sum(any(s.index < before.index for s in open_attempts(history, first)[:1]) for first in first_sends(history))


@against_oracle(questioned(), st.integers(0, 1))
def test_the_count_is_at_least_what_was_answered_and_at_most_what_was_sent(history: History, base: int) -> None:
    taken = [(q, a, fields["message_count"]) for q, a, fields in pairs(history) if "message_count" in fields]
    wrong = [
        count for q, a, count in taken
        if count not in range(base + len(answered(history, q)), base + attempted(history, a) + 1)
    ]
    verdict = counter_within_interval(history, base)
    assert (verdict.exercised, codes(verdict)) == (len(taken), expect(*["miscounted"] * len(wrong)))


@against_oracle(questioned(), st.integers(0, 1))
def test_a_snapshot_shows_what_was_answered_before_it_was_asked_for(history: History, base: int) -> None:
    exercised, stale = 0, 0
    for query, answer, fields in pairs(history):
        known = answered(history, query)
        if known:
            exercised += 1
            version, ids = (known[-1].details or {}).get("version", 0), fields.get("processed_message_ids")
            room = attempted(history, answer) - len(known)
            stale += (
                fields.get("message_count", 99) < base + len(known)
                or fields.get("version", 99) < version
                or (ids is not None and known[-1].message_id not in ids and (not ids or room < len(ids)))
            )
    verdict = reads_include_own_writes(history, base)
    assert (verdict.exercised, codes(verdict)) == (exercised, expect(*["stale_read"] * stale))


@against_oracle(questioned())
def test_a_field_falls_when_an_earlier_answer_was_higher(history: History) -> None:
    exercised, fell = 0, 0
    for query, answer, fields in pairs(history):
        for field in ("version", "message_count"):
            before = [f[field] for _, a, f in pairs(history) if a.client == answer.client and a.index < query.index and field in f]
            if field in fields and before:
                exercised += 1
                fell += fields[field] < max(before)
    verdict = state_never_goes_back(history)
    assert (verdict.exercised, codes(verdict)) == (exercised, expect(*["went_back"] * fell))


@against_oracle(questioned(), st.dictionaries(st.sampled_from(("message_count", "version", "pending")), st.integers(0, 3), min_size=1))
def test_the_last_snapshot_has_the_expected_values(history: History, expected: dict[str, int]) -> None:
    taken = pairs(history)
    wrong = [field for field, value in expected.items() if taken[-1][2].get(field) != value] if taken else []
    verdict = state_equals(history, expected)
    assert (verdict.exercised, codes(verdict)) == (len(expected) if taken else 0, expect(*["miscounted"] * len(wrong)))


@against_oracle(questioned())
def test_no_id_is_listed_twice(history: History) -> None:
    lists = [fields.get("processed_message_ids", []) for _, _, fields in pairs(history)]
    verdict = processed_ids_once(history)
    assert verdict.exercised == sum(map(len, lists))
    assert codes(verdict) == expect(*["duplicated" for ids in lists for message_id in set(ids) if ids.count(message_id) > 1])


def test_the_sentence_names_field_expected_and_found() -> None:
    story = Story().exchange("m1")
    story.snapshot("q1", {"message_count": 1, "last_sequence_id": 1})
    assert state_equals(story.history, {"message_count": 1, "last_sequence_id": 0}).violations[0].sentence == (
        "alice's state at +0.300 s (snapshot 1 of 1) says last_sequence_id 1, where 0 is right"
    )


def test_a_reply_that_carries_a_version_is_a_floor_for_the_next_snapshot() -> None:
    for version, expected in ((4, {"stale_read": 1}), (5, {})):
        story = Story()
        story.send("m1")
        story.reply("m1", details={"version": 5})
        story.snapshot("q1", {"version": version})
        assert codes(reads_include_own_writes(story.history)) == expected


def test_a_message_may_be_pushed_out_of_the_list_by_newer_ones() -> None:
    story = Story().exchange("m1")
    story.query("q1")
    for message_id in ("m2", "m3"):
        story.send(message_id)
    story.answer("q1", {"processed_message_ids": ["m2", "m3"]})
    assert codes(reads_include_own_writes(story.history)) == {}
    story.snapshot("q2", {"processed_message_ids": []})
    assert codes(reads_include_own_writes(story.history)) == {"stale_read": 1}


def test_what_was_there_before_the_history_counts_too() -> None:
    story = Story().exchange("m1")
    story.snapshot("q1", {"message_count": 5})
    assert codes(reads_include_own_writes(story.history, base=4)) == {}
    assert codes(reads_include_own_writes(story.history, base=5)) == {"stale_read": 1}
