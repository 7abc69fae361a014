"""The memory of a conversation: each check against a fold over all messages, told anew for every snapshot."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from hypothesis import strategies as st
from random_histories import against_oracle, choices, codes, expect, first_sends, open_attempts, told
from told_histories import Story

from Lockstep.checks import Event, History, Kind
from Lockstep.checks.context import (
    complete_only_at_end,
    context_as_modelled,
    objects_within,
    snapshots_whole,
    versions_without_gap,
)

LABELS = {"m0": "sales", "m1": "alerts", "m2": "sales"}
Made = list[Event]


def model(made: Made) -> dict[str, Any]:
    """What an agent must say that has processed these messages."""
    chain = ""
    for send in made:
        chain = sha256((chain + (send.digest or "")).encode()).hexdigest()[:16]
    numbered = [send.sequence_id for send in made if send.sequence_id is not None]
    topics = [LABELS.get(str(send.message_id), "general") for send in made]
    return {
        "version": len(made), "message_count": len(made), "last_sequence_id": numbered[-1] if numbered else None, "context_digest": chain,
        "topics": topics, "topic": topics[-1] if topics else None, "processed_message_ids": [send.message_id for send in made],
    }


@st.composite
def remembered(draw: st.DrawFn) -> tuple[History, dict[str, Made]]:
    """Messages of two users, each processed at once, and what the server says of the conversation; fields are of another moment at times."""
    count, made = draw(choices(2, 12, 16))
    events: list[Event] = []
    done: dict[str, Made] = {"alice": [], "bob": []}
    names_version = made.pick(True, True, False)
    for number in range(count):
        user = made.pick("alice", "alice", "bob")
        mine, head = done[user], ("c", {"alice": 1, "bob": 2}[user], user)
        if made.pick(True, False):
            final = made.pick(None, None, {"final": True})
            send = Event(len(events), 0.0, Kind.SEND, *head, f"m{number}", 1, made.pick(number, None), None, made.pick("a", "b"), details=final)
            mine.append(send)
            events += [send, send._replace(index=send.index + 1, kind=Kind.REPLY, details={"version": len(mine)} if names_version else None)]
            continue
        now, then = model(mine), model(mine[: made.pick(0, 1, 2, 3, 4, 5)])
        wrong = {**now, "context_digest": "0" * 16, "last_sequence_id": 99, "topics": ["nonsense"], "message_count": made.pick(77, 0)}
        fields = {field: made.pick(now, now, now, now, now, then, wrong)[field] for field in now}
        fields |= {"conversation_complete": made.pick(True, False, None), "total_objects": made.pick(0, 4, 5, 6, None)}
        if made.pick(True, False):
            cut = made.pick(0, 1, 2)
            fields["processed_message_ids"] = fields["processed_message_ids"][-cut:] if cut else None
        for field in (made.pick("version", "message_count", "topic"), made.pick("topics", "last_sequence_id", "context_digest")):
            if made.pick(True, False):
                del fields[field]
        for kind in (Kind.QUERY, Kind.ANSWER):
            events.append(Event(len(events), 0.0, kind, *head, f"q{number}", details={"question": "agent_state", "fields": fields}))
    return History(events), done


def dated(history: History, done: dict[str, Made]) -> list[tuple[dict[str, Any], Made, Made]]:
    """The snapshots of a known version: what they say, the messages up to then, and all messages of the user in the end."""
    found = []
    for answer in history.events:
        if answer.kind is Kind.ANSWER:
            fields, mine = answer.details["fields"], done[answer.user]
            version = fields.get("version", fields.get("message_count"))
            if mine and version is not None and version <= len(mine):
                found.append((fields, mine[:version], mine))
    return found


def told_fields(history: History, *fields: str) -> list[str]:
    """Those of these fields that any snapshot tells: then each must."""
    return [f for f in fields if any(e.kind is Kind.ANSWER and e.details["fields"].get(f) is not None for e in history.events)]


def right_value(field: str, found: Any, made: Made) -> Any:
    """What a field must be; a list of ids may be cut to the last ones, of which one is the least."""
    value = model(made)[field]
    return value[-max(1, len(found or ())) :] if field == "processed_message_ids" else value


def wrong_field(field: str, found: Any, made: Made) -> bool:
    return (found or None) != (right_value(field, found, made) or None)


def right_elsewhere(field: str, found: Any, mine: Made) -> bool:
    return any(found == right_value(field, found, mine[:version]) for version in range(1, len(mine) + 1))


@against_oracle(remembered())
def test_a_snapshot_says_what_the_model_says_at_its_version(drawn: tuple[History, dict[str, Made]]) -> None:
    history, done = drawn
    exercised, found = 0, []
    said = told_fields(history, "context_digest", "processed_message_ids", "topics", "topic")
    for fields, made, mine in dated(history, done):
        wrong = [field for field in said if wrong_field(field, fields.get(field), made)]
        exercised += bool(said)
        if wrong:
            found.append("torn_snapshot" if right_elsewhere(wrong[0], fields.get(wrong[0]), mine) else "context_lost")
    verdict = context_as_modelled(history, LABELS)
    assert (verdict.exercised, codes(verdict)) == (exercised, expect(*found))


@against_oracle(remembered())
def test_a_field_is_torn_that_was_right_at_another_version(drawn: tuple[History, dict[str, Made]]) -> None:
    history, done = drawn
    exercised, torn = 0, 0
    said = told_fields(history, "message_count", "last_sequence_id", "context_digest", "processed_message_ids")
    for fields, made, mine in dated(history, done):
        exercised += len(said) > ("version" not in fields)
        torn += sum(wrong_field(field, fields.get(field), made) and right_elsewhere(field, fields.get(field), mine) for field in said)
    verdict = snapshots_whole(history)
    assert (verdict.exercised, codes(verdict)) == (exercised, expect(*["torn_snapshot"] * torn))


@against_oracle(remembered())
def test_a_conversation_is_complete_when_its_last_message_ended_it(drawn: tuple[History, dict[str, Made]]) -> None:
    said = [(f["conversation_complete"], made[-1:]) for f, made, _ in dated(*drawn) if f["conversation_complete"] is not None]
    wrong = sum(complete != any(send.details for send in last) for complete, last in said)
    verdict = complete_only_at_end(drawn[0])
    assert (verdict.exercised, codes(verdict)) == (len(said), expect(*["incomplete_stream"] * wrong))


@against_oracle(remembered())
def test_too_many_objects_are_as_many_as_the_limit_or_more(drawn: tuple[History, dict[str, Made]]) -> None:
    held = [e.details["fields"]["total_objects"] for e in drawn[0].events if e.kind is Kind.ANSWER]
    verdict = objects_within(drawn[0], 5)
    assert verdict.exercised == sum(count is not None for count in held)
    assert codes(verdict) == expect(*["leak" for count in held if count in (5, 6)])


@st.composite
def versioned(draw: st.DrawFn) -> History:
    """Messages of two users and what became of them; replies carry versions, mostly the next one."""
    count, made = draw(choices(2, 18, 6))
    events: list[Event] = []
    newest = {"alice": 0, "bob": 0}
    for number in range(count):
        user = made.pick("alice", "alice", "bob")
        name = f"m{number}"
        events.append(Event(len(events), 0.0, Kind.SEND, "c", 1, user, name, 1))
        kind = made.pick(*(Kind.REPLY,) * 8, Kind.REFUSED, Kind.SEND_UNKNOWN, Kind.ACCEPTED)
        for _ in range(made.pick(1, 1, 1, 1, 1, 2)):
            newest[user] += kind is Kind.REPLY and made.pick(1, 1, 1, 1, 1, 1, 2, 0)
            version = made.pick(*(newest[user],) * 6, None)
            events.append(Event(len(events), 0.0, kind, "c", 1, user, name, 1, details={"version": version} if version else None))
    return History(events)


@against_oracle(versioned())
def test_versions_are_of_one_message_each_and_missing_ones_are_of_messages_whose_fate_is_open(history: History) -> None:
    exercised, found = 0, []
    for user in ("alice", "bob"):
        carried: list[tuple[int, str]] = []
        open_ = 0
        for first in first_sends(history):
            if first.user == user:
                replies = told(history, Kind.REPLY, first)
                carried += [(reply.details["version"], first.message_id) for reply in replies if reply.details]
                open_ += sum(not reply.details for reply in replies) if replies else len(open_attempts(history, first))
        exercised += len(carried)
        first_of: dict[int, str] = {}
        for reply in history.events:
            if reply.kind is Kind.REPLY and reply.user == user and reply.details:
                other = first_of.setdefault(reply.details["version"], reply.message_id)
                found += ["disagreement"] * (other != reply.message_id)
        versions = [version for version, _ in carried]
        missing = [version for version in range(min(versions), max(versions)) if version not in versions] if versions else []
        found += ["gap"] * (len(missing) > open_)
    verdict = versions_without_gap(history)
    assert (verdict.exercised, codes(verdict)) == (exercised, expect(*found))


def test_the_last_twenty_topics_are_listed() -> None:
    story = Story()
    for number in range(25):
        story.send(f"m{number}")
        story.reply(f"m{number}", details={"version": number + 1})
    story.snapshot("q1", {"version": 25, "topics": ["general"] * 20})
    assert codes(context_as_modelled(story.history, LABELS)) == {}
    story.snapshot("q2", {"version": 25, "topics": ["general"] * 21})
    assert codes(context_as_modelled(story.history, LABELS)) == {"context_lost": 1}
