"""What a session remembers: bounded, all or nothing, and the same when it comes back from the store."""

from __future__ import annotations

import gc

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_platform.clock import Clock
from reference_platform.configuration import Configuration
from reference_platform.digests import digest
from reference_platform.host import Host
from reference_platform.messages import ContextUpdate, Invalid, UserMessage
from reference_platform.policies import Policies
from reference_platform.sessions import context as session_context
from reference_platform.sessions.context import SessionContext
from reference_platform.storage.batch import Batch
from reference_platform.storage.database import Database
from reference_platform.storage.ownership import Ownership


@pytest.fixture
def open_store(tmp_path):
    opened = []

    def open_it():
        for store in opened:
            store.close()
        opened[:] = [Database(tmp_path / "store.sqlite", Ownership(tmp_path / "store.sqlite"), synchronous="normal")]
        return opened[0]

    yield open_it
    opened[0].close()


def exchange(number, content="hello"):
    return UserMessage(f"m{number}", content, digest(content), number), {"content": f"noted {content}", "timestamp": 100.0 + number}


def update(**told):
    return ContextUpdate("r", **{"preferences": {}, "variables": {}, "workflow": None, "tool_call": None, "pending_operations": None, "results": {}, **told})


def test_a_conversation_tells_who_said_what_and_when():
    context = SessionContext("s")
    context.said(*exchange(0, "first"))
    context.said(*exchange(1, "second"))
    told = context.conversation()
    assert (told["session_id"], told["count"]) == ("s", 4)
    assert told["messages"][2:] == [
        {"message_id": "m1", "role": "user", "content": "second", "digest": digest("second"), "timestamp": 101.0, "sequence_id": 1},
        {"message_id": "m1", "role": "assistant", "content": "noted second", "digest": digest("noted second"), "timestamp": 101.0, "sequence_id": 1},
    ]
    assert context.last_activity == 101.0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 40), max_size=60))
def test_what_is_kept_against_an_obvious_model(sizes):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session_context, "ENTRIES", 20)
        patch.setattr(session_context, "TEXT", 300)
        context, everything = SessionContext("s"), []
        for number, size in enumerate(sizes):
            everything += context.said(*exchange(number, "x" * size))
            kept = everything[-20:]
            while sum(len(entry.content) for entry in kept) > 300 and len(kept) > 2:
                kept = kept[1:]
            assert list(context.entries) == kept
            assert context.count == len(everything) == kept[-1].number


def test_updates_are_merged_by_name_and_a_state_that_was_told_never_changes():
    context = SessionContext("s")
    assert context.memory()["last_activity"] is None
    workflow = {"current_step": 3, "total_steps": 5, "pending_steps": ["draft", "send"]}
    assert context.tell(update(preferences={"a": 1, "b": 2}, workflow=workflow), 5.0)
    before = orjson.dumps(context.memory())
    told = context.memory()
    operations = [{"name": "export", "progress": 0.75}]
    assert context.tell(update(preferences={"b": 3}, variables={"x": []}, tool_call={"name": "search"}, results={"q": 1}), 6.0)
    assert context.tell(update(pending_operations=operations, results={"r": [2]}), 6.0)
    assert orjson.dumps(told) == before
    assert context.memory() == {
        "session_id": "s", "version": 3, "preferences": {"a": 1, "b": 3}, "variables": {"x": []}, "workflow": workflow,
        "tool_calls": [{"name": "search"}], "pending_operations": operations, "results": {"q": 1, "r": [2]}, "last_activity": 6.0,
    }  # fmt: skip


def test_too_much_changes_nothing():
    context = SessionContext("s")
    context.tell(update(variables={"a": 1}), 5.0)
    before = context.memory()
    assert not context.tell(update(preferences={"b": 2}, variables={"big": "x" * session_context.TOLD}), 6.0)
    assert context.memory() == before
    for number in range(session_context.TOOL_CALLS + 5):
        assert context.tell(update(tool_call={"name": f"t{number}"}), 7.0)
    assert [call["name"] for call in context.told["tool_calls"]] == [f"t{number}" for number in range(5, session_context.TOOL_CALLS + 5)]


def test_the_store_gives_back_what_was_committed_and_no_more_than_is_kept(open_store):
    store = open_store()
    context = store.contexts.of("s")
    for number in range(150):
        batch = Batch(1)
        batch.remember(context, *exchange(number))
        context.tell(update(variables={"n": number}, tool_call={"name": f"t{number}"}), 500.0 + number)
        store.write(batch)
    store = open_store()
    again = store.contexts.of("s")
    assert again is not context
    assert (again.conversation(), again.memory()) == (context.conversation(), context.memory())
    assert (again.count, len(again.entries), again.entries[0].message_id) == (300, 200, "m50")
    again.said(*exchange(150))
    assert again.entries[-1].number == 302


def test_a_new_session_is_empty_and_an_ended_one_is_again(open_store):
    store = open_store()
    contexts = {name: store.contexts.of(name) for name in ("kept", "ended")}
    batch = Batch(1)
    for context in contexts.values():
        assert context.conversation() == {"session_id": context.session_id, "count": 0, "messages": []}
        batch.remember(context, *exchange(0))
    store.write(batch)
    store.contexts.forget(["ended"])
    store = open_store()
    assert [store.contexts.of(name).count for name in contexts] == [2, 0]


def test_all_who_ask_while_it_is_held_get_the_same(open_store):
    contexts = open_store().contexts
    context = contexts.of("s")
    assert contexts.of("s") is context
    context.version = 7
    del context
    gc.collect()
    assert contexts.of("s").version == 0, "nobody held it, and it was never committed"


DEEP = {"x": None}
for _ in range(40):
    DEEP = {"x": DEEP}


@pytest.mark.parametrize(
    ("told", "wrong"),
    [
        ({}, "at least one of preferences, variables, workflow, tool_call"),
        ({"preferences": []}, "must be objects"),
        ({"variables": 5}, "must be objects"),
        ({"variables": DEEP}, "32 levels"),
        ({"tool_call": {"name": "search", "result": [DEEP]}}, "32 levels"),
        ({"tool_call": {"arguments": {}}}, "tool_call must have a name"),
        ({"tool_call": "search"}, "tool_call must have a name"),
        ({"workflow": {"current_step": 1, "total_steps": 5}}, "pending_steps"),
        ({"workflow": {"current_step": -1, "total_steps": 5, "pending_steps": []}}, "whole numbers from 0"),
        ({"workflow": {"current_step": True, "total_steps": 5, "pending_steps": []}}, "whole numbers from 0"),
        ({"workflow": {"current_step": 1, "total_steps": 5, "pending_steps": [7]}}, "a list of names"),
        ({"workflow": []}, "workflow must have"),
    ],
)
def test_a_bad_update_is_refused_with_what_is_wrong(codec, told, wrong):
    refused = codec.decode(orjson.dumps({"type": "update_agent_context", "request_id": "r", **told}))
    assert isinstance(refused, Invalid)
    assert wrong in refused.reason
    assert refused.answer() == {"type": "error", "code": "invalid_message", "message": refused.reason, "request_id": "r"}


def test_a_good_update_is_read_and_what_is_null_is_absent(codec):
    told = {"workflow": {"current_step": 3, "total_steps": 5, "pending_steps": ["draft"], "mood": "x"}, "tool_call": {"name": "search", "mood": "x"}}
    told["pending_operations"] = [{"name": "export", "progress": 0.75, "mood": "x"}]
    assert codec.decode(orjson.dumps({"type": "update_agent_context", "request_id": "r", "preferences": {"a": None}, "variables": None, **told})) == (
        "r", {"a": None}, {}, {"current_step": 3, "total_steps": 5, "pending_steps": ["draft"]}, {"name": "search", "arguments": None, "result": None},
        [{"name": "export", "progress": 0.75}], {},
    )  # fmt: skip


@pytest.fixture
def codec():
    return Policies.build(Host(Configuration(), Clock(), 1), {}).codec
