"""What the agent knows comes back from the store as it went in."""

from __future__ import annotations

import dataclasses

from reference_platform.agent_state import AgentState, Context, Member


def test_the_store_keeps_everything():
    state = AgentState("alice", 3, 7, 4, conversation="Plans", complete=True)
    state.context = Context("d1")
    for number in range(120):
        state.note(f"m{number}", f"t{number}", f"b{number}")
    state.team = {"data": Member(2, 7, {"k": ("v", 1)}), "analysis": Member()}
    state.shared = {"k": ("v", 1)}
    again = AgentState.unpacked(state.packed())
    assert dataclasses.asdict(again) == dataclasses.asdict(state)
    assert again.processed == [f"m{number}" for number in range(20, 120)]
    assert again.context.topics == [f"t{number}" for number in range(100, 120)]
    assert again.context.recent == [f"b{number}" for number in range(115, 120)]


def test_objects_are_what_is_held_and_bounded_without_a_team():
    state = AgentState("alice")
    assert state.objects() == 2
    for number in range(300):
        state.note(str(number), "general", "hello")
    assert state.objects() == 2 + 100 + 20 + 5
    state.team["data"] = Member(shared={"k": ("v", 1)})
    state.shared["k"] = ("v", 1)
    assert state.objects() == 127 + 3
