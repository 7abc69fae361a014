"""Continuity: told by hand, and against the obvious comparison of everything with everything."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import strategies as st
from random_histories import against_oracle, choices, codes, expect
from told_histories import Story

from Lockstep.checks import Event, History, Kind
from Lockstep.checks.continuity import (
    conversation_as_held,
    conversation_unchanged,
    memory_reads_include_updates,
    memory_unchanged,
)


def entry(message_id: str, role: str = "user", **said: Any) -> dict[str, Any]:
    return {"message_id": message_id, "role": role, "content": f"text of {message_id}", "digest": "d", "timestamp": 1.5, "sequence_id": 0, **said}


def told(*entries: dict[str, Any], count: int | None = None) -> dict[str, Any]:
    return {"count": len(entries) if count is None else count, "messages": list(entries)}


A, B, C = entry("a"), entry("a", "assistant"), entry("b")


@pytest.mark.parametrize("kept", [told(A), told(A, B, C), told(A, B, C, count=900)])
def test_the_same_conversation_is_unchanged(kept: dict[str, Any]) -> None:
    verdict = conversation_unchanged(kept, dict(kept))
    assert (verdict.exercised, verdict.counts) == (len(kept["messages"]), {})


@pytest.mark.parametrize(
    ("after", "found", "words"),
    [
        (told(), {"context_lost": 1}, "of 3 entries before 3 are missing after: message a (user), message a (assistant), message b (user)"),
        ({}, {"context_lost": 1}, "3 are missing"),
        ({"messages": "none"}, {"context_lost": 1}, "3 are missing"),
        ({"messages": ["a", "b"]}, {"context_lost": 1}, "3 are missing"),
        (told(A, B), {"went_back": 1}, "of 3 entries the last 1 are missing"),
        (told(B, C), {"context_lost": 1}, "1 are missing after: message a (user)"),
        (told(A, B, C, C), {"duplicated": 1}, "message b (user) stood in the conversation 1 time before, and 2 times after"),
        (told(A, B, C, entry("z")), {"phantom": 1}, "message z (user) stands in the conversation after"),
        (told(A, C, B), {"reordered": 1}, "another order"),
        (told(A, B, C, count=4), {"miscounted": 1}, "had 3 entries before and has 4 after"),
        (told(A, B, entry("b", content="other")), {"context_lost": 1}, "message b (user) had the content text of b before, and other after"),
        (told(A, B, entry("b", timestamp=2.5)), {"context_lost": 1}, "timestamp 1.5 before, and 2.5 after"),
        (told(A, B, entry("b", digest="e", sequence_id=1)), {"context_lost": 2}, "digest"),
        (told(A, B, entry("b", "assistant")), {"context_lost": 1, "phantom": 1}, "message b (assistant)"),
    ],
)
def test_a_change_of_the_conversation_is_named(after: dict[str, Any], found: dict[str, int], words: str) -> None:
    verdict = conversation_unchanged(told(A, B, C), after)
    assert verdict.counts == found
    assert any(words in violation.sentence for violation in verdict.violations), verdict.violations


def test_an_empty_conversation_shows_nothing() -> None:
    assert conversation_unchanged(told(), told()).counts == {"vacuous": 1}


def held(*answered: str, unanswered: str = "") -> History:
    story = Story()
    for message_id in (*answered, *unanswered):
        story.send(message_id)
    for message_id in answered:
        story.reply(message_id)
    return story.history


def said(message_id: str, **fields: Any) -> list[dict[str, Any]]:
    """The question and its answer."""
    return [entry(message_id, digest=f"d-{message_id}", **fields), entry(message_id, "assistant", digest="of the answer")]


@pytest.mark.parametrize("told_of", [
    told(*said("a"), *said("b"), *said("c")), told(*said("b"), *said("c"), count=6), told(*said("c"), count=6), told(*said("a"), *said("b"), *said("c"), *said("z")),
    told(*(one | {"digest": None} for one in (*said("a"), *said("b"), *said("c")))),
])
def test_a_conversation_that_tells_what_was_said_or_the_latest_of_it_is_right(told_of: dict[str, Any]) -> None:
    assert conversation_as_held(told_of, held("a", "b", "c", unanswered="z")).counts == {}


@pytest.mark.parametrize(("told_of", "found", "words"), [
    (told(*said("a"), *said("b")), {"context_lost": 1}, "message c (assistant) was answered, and does not stand in the conversation"),
    (told(*said("a"), *said("b"), said("c")[0]), {"context_lost": 1}, "message c (assistant)"),
    (told(), {"context_lost": 3}, "message a (whoever says it)"),
    (told(count=6), {"vacuous": 1}, "nothing"),
    (told(*said("b"), said("c")[0], count=6), {"context_lost": 1}, "message c (assistant)"),
    (told(*said("a"), *said("b"), *said("c"), *said("q")), {"phantom": 2}, "message q (user) stands in the conversation, and was never sent"),
    (told(*said("a"), *said("b"), *said("c"), said("b")[0]), {"duplicated": 1}, "message b (user) stands in the conversation 2 times"),
    (told(*said("a"), *said("c"), *said("b")), {"reordered": 1}, "another order than they were answered"),
    (told(*said("a"), entry("b", digest="d-c"), said("b")[1], *said("c")), {"corrupted": 1}, "message b stands in the conversation with other words"),
])
def test_a_conversation_that_tells_something_else_is_named(told_of: dict[str, Any], found: dict[str, int], words: str) -> None:
    verdict = conversation_as_held(told_of, held("a", "b", "c", unanswered="z"))
    assert verdict.counts == found
    assert any(words in violation.sentence for violation in verdict.violations), verdict.violations


MEMORY = {
    "version": 4, "preferences": {"language": "de"}, "variables": {"quarter": "Q3", "rows": [1, 2]}, "tool_calls": [{"name": "query", "result": 7}],
    "workflow": {"current_step": 3, "total_steps": 5, "pending_steps": ["render", "send"]}, "last_activity": 10.0,
}


@pytest.mark.parametrize("change", [{}, {"last_activity": 99.0}, {"version": 5}])
def test_the_same_memory_is_unchanged(change: dict[str, Any]) -> None:
    verdict = memory_unchanged(MEMORY, MEMORY | change, acknowledged=4)
    assert (verdict.exercised, verdict.counts) == (4, {})


@pytest.mark.parametrize(
    ("change", "found", "words"),
    [
        ({"version": 3}, {"went_back": 1, "stale_read": 1}, "was at version 4 before, and is at 3 after"),
        ({"version": None}, {"went_back": 1, "stale_read": 1}, "is at version nothing, where version 4 had been confirmed"),
        ({"version": "4"}, {"went_back": 1, "stale_read": 1}, "version nothing"),
        ({"preferences": {}}, {"context_lost": 1}, "preferences.language was de before, and is nothing after"),
        ({"variables": {"quarter": "Q3", "rows": [1, 3], "more": 1}}, {"context_lost": 2}, "variables.rows.2 was 2 before, and is 3 after"),
        ({"variables": {"quarter": "Q3", "rows": [1]}}, {"context_lost": 1}, "variables.rows was [1, 2] before, and is [1] after"),
        ({"workflow": None}, {"context_lost": 1}, "workflow was {'current_step': 3"),
        ({"workflow": MEMORY["workflow"] | {"current_step": 2}}, {"context_lost": 1}, "workflow.current_step was 3 before, and is 2 after"),
        ({"tool_calls": [*MEMORY["tool_calls"], 1]}, {"context_lost": 1}, "tool_calls was"),
    ],
)
def test_a_change_of_memory_is_named(change: dict[str, Any], found: dict[str, int], words: str) -> None:
    verdict = memory_unchanged(MEMORY, MEMORY | change, acknowledged=4)
    assert verdict.counts == found
    assert any(words in violation.sentence for violation in verdict.violations), verdict.violations
    assert all(len(violation.sentence) < 250 for violation in verdict.violations)


def test_memory_that_was_empty_shows_nothing() -> None:
    assert memory_unchanged({"version": 0}, {"version": 0}).counts == {"vacuous": 1}


def test_an_older_version_is_stale_also_on_another_connection() -> None:
    story = Story()
    story.connected()
    ask(story, "u1", "update_agent_context", 1)
    ask(story, "u2", "update_agent_context", 2)
    story.add(Kind.CLOSE)
    story.connected(connection=5)
    ask(story, "c1", "agent_context", 1, connection=5)
    verdict = memory_reads_include_updates(story.history)
    assert verdict.counts == {"stale_read": 1}
    assert verdict.violations[0].sentence == (
        "alice's agent context at +0.800 s says version 1, but version 2 had been confirmed at +0.400 s, before the question"
    )


def ask(story: Story, request: str, question: str, version: int, **fields: Any) -> None:
    story.add(Kind.QUERY, message_id=request, details={"question": question}, **fields)
    story.add(Kind.ANSWER, message_id=request, details={"question": question, "fields": {"version": version}}, **fields)


# oracles ----------------------------------------------------------------------------------------------------------------------


@st.composite
def two_conversations(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """A conversation, and the same with some entries lost, repeated, changed, new or out of place."""
    count, made = draw(choices(0, 5, 6))
    before = [entry(f"m{number}", made.pick("user", "assistant")) for number in range(count)]
    after: list[dict[str, Any]] = []
    for said in before:
        after += [dict(said)] * made.pick(1, 1, 1, 1, 1, 0, 2)
    for said in after:
        said[made.pick("content", "content", "digest", "timestamp", "sequence_id")] = made.pick(*(said["content"],) * 7, "x") if made.pick(0, 0, 0, 1) else said["content"]
    if made.pick(False, False, True):
        after.insert(made.pick(0, len(after)), entry("new"))
    if made.pick(False, False, False, True):
        after.reverse()
    if made.pick(False, False, True):
        del after[made.pick(0, 1, 2) :]
    return told(*before), told(*after, count=count + made.pick(0, 0, 0, 1))


@against_oracle(two_conversations())
def test_conversations_are_compared_entry_by_entry(both: tuple[dict[str, Any], dict[str, Any]]) -> None:
    before, after = both
    was, now = before["messages"], after["messages"]
    found: list[str] = []
    firsts = [said for place, said in enumerate(now) if key(said) not in map(key, now[:place])]
    for said in firsts:
        same = [one for one in was if key(one) == key(said)]
        found += ["phantom"] * (not same)
        found += ["duplicated"] * (bool(same) and sum(key(one) == key(said) for one in now) > 1)
        found += ["context_lost" for part in ("content", "digest", "timestamp", "sequence_id") for one in same if one[part] != said[part]]
    names = [key(said) for said in firsts]
    missing = [key(said) for said in was if key(said) not in names]
    if missing:
        is_beginning = bool(names) and names == [key(said) for said in was][: len(names)]
        found.append("went_back" if is_beginning else "context_lost")
    places = [[key(said) for said in was].index(name) for name in names if name in map(key, was)]
    found += ["reordered"] * (places != sorted(places))
    found += ["miscounted"] * (sorted(map(key, now)) == sorted(map(key, was)) and before["count"] != after["count"])
    verdict = conversation_unchanged(before, after)
    assert (verdict.exercised, codes(verdict)) == (len(was), expect(*found))


def key(said: dict[str, Any]) -> tuple[str, str]:
    return said["message_id"], said["role"]


@st.composite
def told_and_held(draw: st.DrawFn) -> tuple[dict[str, Any], History]:
    """Messages of which not all are answered, and a conversation in which some are missing, repeated, changed, strange or out of place."""
    count, made = draw(choices(0, 5, 8))
    story = Story()
    ids = [f"m{number}" for number in range(count)]
    for message_id in ids:
        story.send(message_id)
    answered = [message_id for message_id in ids if made.pick(True, True, True, False)]
    for message_id in answered:
        story.reply(message_id)
    entries = [one for message_id in ids for one in said(message_id) if message_id in answered or made.pick(True, False)]
    entries = [one for one in entries for _ in range(made.pick(1, 1, 1, 1, 1, 1, 0, 2))]
    for one in entries:
        one["digest"] = made.pick(*(one["digest"],) * 7, "x", None)
    entries += said("q") if made.pick(False, False, False, True) else []
    if made.pick(False, False, False, True):
        entries.reverse()
    left_out = made.pick(0, 0, 1, 2, 3)
    return told(*entries[left_out:], count=len(entries) + made.pick(0, 0, 0, 1)), story.history


@against_oracle(told_and_held())
def test_a_conversation_is_compared_with_what_was_sent_and_answered(both: tuple[dict[str, Any], History]) -> None:
    told_of, history = both
    entries = told_of["messages"]
    sent = [event.message_id for event in history.events if event.kind is Kind.SEND]
    answered = [event.message_id for event in history.events if event.kind is Kind.REPLY]
    names = [one["message_id"] for one in entries]
    stand = [name for place, name in enumerate(names) if name not in names[:place] and name in answered]
    due = list(answered)
    if told_of["count"] != len(entries):
        due = [name for name in answered if stand and answered.index(name) >= answered.index(stand[0])]
    keys = {key(one) for one in entries}
    found = ["phantom" for name, _ in keys if name not in sent]
    found += ["duplicated" for one in keys if one[0] in sent and sum(key(other) == one for other in entries) > 1]
    for name in due:
        whole = name in names and all((name, role) in keys for role in {one["role"] for one in entries})
        theirs = {one["digest"] for one in entries if one["message_id"] == name}
        found += ["context_lost"] * (not whole)
        found += ["corrupted"] * (whole and f"d-{name}" not in theirs and any(theirs))
    found += ["reordered"] * ([answered.index(name) for name in stand] != sorted(answered.index(name) for name in stand))
    verdict = conversation_as_held(told_of, history)
    assert (verdict.exercised, codes(verdict)) == (len(due), expect(*found))


@st.composite
def memories(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any], int | None]:
    """A memory, and what is left of it."""
    _, made = draw(choices(1, 1, 30))
    before = {field: made.pick(None, {}, {"x": made.pick(1, 2), "y": [1, 2]}) for field in ("preferences", "variables", "workflow", "tool_calls")}
    after = {field: value if made.pick(True, True, False) else made.pick(None, {"x": 1}, {"y": [1, 3], "x": 2}) for field, value in before.items()}
    return before | {"version": made.pick(None, 1, 2)}, after | {"version": made.pick(None, 1, 2, 3)}, made.pick(None, None, 1, 2)


@against_oracle(memories())
def test_memories_are_compared_leaf_by_leaf(both: tuple[dict[str, Any], dict[str, Any], int | None]) -> None:
    before, after, acknowledged = both
    found: list[str] = []
    for field in ("preferences", "variables", "workflow", "tool_calls"):
        one, other = before[field], after[field]
        if isinstance(one, dict) and isinstance(other, dict):
            pairs = [(one.get(name), other.get(name)) for name in {*one, *other}]
            pairs = [pair for mine, theirs in pairs for pair in (zip(mine, theirs, strict=True) if isinstance(mine, list) and isinstance(theirs, list) else [(mine, theirs)])]
            found += ["context_lost" for mine, theirs in pairs if mine != theirs]
        else:
            found += ["context_lost"] * (one != other)
    now = after["version"] or 0
    found += ["went_back"] * (before["version"] is not None and now < before["version"])
    found += ["stale_read"] * (acknowledged is not None and now < acknowledged)
    verdict = memory_unchanged(before, after, acknowledged)
    assert (verdict.exercised, codes(verdict)) == (sum(bool(before[f]) for f in ("preferences", "variables", "workflow", "tool_calls")), expect(*found))


@st.composite
def readings(draw: st.DrawFn) -> History:
    """Updates and readings of two sessions, which may overlap, with versions that mostly rise."""
    count, made = draw(choices(2, 12, 8))
    events: list[Event] = []
    waiting: list[tuple[str, str, int]] = []
    for number in range(count):
        if not waiting or made.pick(True, False):
            question, connection = made.pick("agent_context", "agent_context", "update_agent_context"), made.pick(1, 1, 2)
            waiting.append((f"q{number}", question, connection))
            kind, (request, question, connection), fields = Kind.QUERY, waiting[-1], None
        else:
            request, question, connection = waiting.pop(made.pick(0, -1))
            kind, fields = Kind.ANSWER, {"version": made.pick(number, number, number - 3, None)}
        details = {"question": question, **({"fields": fields} if fields else {}), **made.pick({}, {}, {"session": "s-1"})}
        events.append(Event(number * 2, 0.0, kind, "c", connection, "alice", request, details=details))
    return History(events)


@against_oracle(readings())
def test_a_reading_is_no_older_than_what_came_before_its_question(history: History) -> None:
    answers = [e for e in history.events if e.kind is Kind.ANSWER and e.details["fields"]["version"] is not None]
    found, exercised = Counter[str](), 0
    for answer in (e for e in answers if e.details["question"] == "agent_context"):
        query = next(e for e in history.events if e.kind is Kind.QUERY and e.message_id == answer.message_id)
        for question, code in (("update_agent_context", "stale_read"), ("agent_context", "went_back")):
            before = [
                e.details["fields"]["version"] for e in answers
                if e.details["question"] == question and e.index < query.index and session(e) == session(answer)
            ]
            exercised += bool(before)
            found[code] += bool(before) and answer.details["fields"]["version"] < max(before)
    verdict = memory_reads_include_updates(history)
    assert (verdict.exercised, codes(verdict)) == (exercised, {code: count for code, count in found.items() if count})


def session(event: Event) -> str:
    return event.details.get("session", f"connection {event.connection}")
