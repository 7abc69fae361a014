"""State: each check against its oracle."""

from __future__ import annotations

from hypothesis import strategies as st
from Lockstep.checks import Event, History, Kind
from Lockstep.checks.state import (
    counter_within_interval, processed_ids_once, reads_include_own_writes, state_equals, state_never_goes_back,
)
from random_histories import against_oracle, codes, expect, first_sends, open_attempts, told
from told_histories import Story

IDS = ("m1", "m2", "m3", "m4")


@st.composite
def questioned(draw: st.DrawFn) -> History:
    """Messages of one user, and snapshots that overlap with them and with each other."""
    story = Story()
    clients = ("phone", "desk")
    asked: list[str] = []
    kinds = st.sampled_from((Kind.SEND,) * 3 + (Kind.REPLY,) * 3 + (Kind.QUERY,) * 4 + (Kind.ANSWER,) * 4 + (Kind.REFUSED, Kind.QUERY_UNKNOWN))
    for _ in range(draw(st.integers(4, 20))):
        kind = draw(kinds)
        if kind is Kind.QUERY:
            asked.append(f"q{len(asked)}")
            story.query(asked[-1])
        elif kind in (Kind.ANSWER, Kind.QUERY_UNKNOWN):
            request = draw(st.sampled_from((*asked[-2:], *asked[-1:], "never asked"))) if asked else "never asked"
            fields: dict[str, object] = {}
            for field, values in (
                ("message_count", st.integers(0, 4)), ("version", st.integers(0, 2)),
                ("processed_message_ids", st.lists(st.sampled_from(IDS), max_size=3)),
            ):
                if draw(st.booleans()):
                    fields[field] = draw(values)
            story.add(kind, "alice", request, details={"question": draw(st.sampled_from(("agent_state",) * 5 + ("weather",))), "fields": fields})
        else:
            details = {"version": draw(st.integers(0, 2))} if kind is Kind.REPLY and draw(st.booleans()) else None
            story.add(kind, "alice", draw(st.sampled_from(IDS)), details=details)
        story.events[-1] = story.events[-1]._replace(client=clients[int(story.events[-1].message_id[-1:] == "3")])
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
