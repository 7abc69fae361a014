"""Sessions: told by hand, and against a look at every row and event."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st
from random_histories import against_oracle, choices, codes, expect
from told_histories import Story

from Lockstep.checks import Event, History, Kind
from Lockstep.checks.sessions import every_end_cleaned, exactly_one_live, nothing_reaches_ghosts

LIVE = {"session": "s-1", "user": "alice", "live": True, "connection": "7"}
GONE = {"session": "s-0", "user": "alice", "live": False, "connection": None}
BOBS = {"session": "s-2", "user": "bob", "live": True, "connection": "8"}
OPEN = [{"connection": "7", "user": "alice"}, {"connection": "8", "user": "bob"}]
ONE = [{"user": "alice", "instances": 1}, {"user": "bob", "instances": 3}]


def test_one_live_session_beside_those_that_wait_is_right() -> None:
    verdict = exactly_one_live("alice", [GONE, LIVE, BOBS], OPEN, ONE, own=["s-1"])
    assert (verdict.exercised, verdict.counts) == (1, {})
    assert {figure.name: figure.value for figure in verdict.measurements} == {"live_sessions": 1, "agent_instances": 1}
    assert exactly_one_live("alice", [LIVE]).ok
    assert exactly_one_live("alice", [LIVE, {**LIVE, "session": "s-3"}], due=2).ok


@pytest.mark.parametrize(
    ("sessions", "connections", "agents", "found", "words"),
    [
        ([LIVE, {**LIVE, "session": "s-3"}], None, None, {"ghost_session": 1}, "alice has 1 open client, but the target lists 2 live sessions (s-1, s-3)"),
        ([GONE, BOBS], None, None, {"disagreement": 2}, "alice has 1 open client, but the target lists 0 live sessions"),
        ([{**LIVE, "session": "s-9"}], None, None, {"disagreement": 1}, "alice was told session s-1, which the target does not list as live (listed: s-9)"),
        ([LIVE], [*OPEN, {"connection": "9", "user": "alice"}], None, {"ghost_session": 1}, "the target lists 2 connections (7, 9)"),
        ([LIVE], [], None, {"disagreement": 1, "ghost_session": 1}, "alice's session s-1 is called live on connection 7, which the target does not list"),
        ([LIVE], None, [{"user": "alice", "instances": 2}], {"ghost_session": 1}, "alice has 2 agents in memory, where 1 is right"),
        ([LIVE], None, [{"user": "alice"}], {}, ""),
    ],
)
def test_ghosts_and_contradictions_are_named(sessions: Any, connections: Any, agents: Any, found: dict[str, int], words: str) -> None:
    verdict = exactly_one_live("alice", sessions, connections, agents, own=["s-1"])
    assert verdict.counts == found
    assert not found or any(words in violation.sentence for violation in verdict.violations), verdict.violations


def row(event: str, connection: str, user: str = "alice") -> dict[str, Any]:
    return {"event": event, "connection": connection, "user": user}


def test_each_end_needs_its_clean_up() -> None:
    events = [row("opened", "1"), row("left", "1"), row("cleaned", "1"), row("resumed", "2"), row("taken_over", "2"), row("opened", "3", "bob"), row("left", "3", "bob")]
    verdict = every_end_cleaned(events, "alice")
    assert (verdict.exercised, verdict.counts) == (2, {"ghost_session": 1})
    assert verdict.violations[0].sentence == "alice's connection 2 has ended (taken over), and nothing says that it was cleaned up"
    assert every_end_cleaned([*events, row("cleaned", "2")], "alice").ok
    assert every_end_cleaned([], "alice").counts == {"vacuous": 1}


def moved(*late: int, head: Any = 2, recovered: bool = True) -> Story:
    """Alice's session moves to connection 7; then these offsets arrive on the connection before it."""
    story = Story()
    story.add(Kind.CONNECT)
    story.connected()
    story.add(Kind.OTHER, offset=1)
    story.add(Kind.CONNECT, connection=7, details={"session": "s-1", "epoch": 1, "offset": 1})
    story.add(Kind.CONNECTED, connection=7, details={"session": "s-1", "epoch": 1, "recovered": recovered, "head": head})
    for offset in late:
        story.add(Kind.OTHER, offset=offset)
    return story


def test_what_is_new_belongs_to_the_new_connection() -> None:
    verdict = nothing_reaches_ghosts(moved(2, 3).history)
    assert (verdict.exercised, verdict.counts) == (1, {"ghost_session": 1})
    assert verdict.violations[0].sentence == (
        "alice's session s-1 had moved at +0.400 s (head 2), but offset 3 went to the connection before it, at +0.600 s"
    )


@pytest.mark.parametrize("story", [moved(), moved(2)])
def test_what_was_under_way_may_still_arrive(story: Story) -> None:
    assert nothing_reaches_ghosts(story.history).ok


@pytest.mark.parametrize("story", [moved(3, head=None), moved(3, recovered=False)])
def test_without_a_head_nobody_knows_what_is_new(story: Story) -> None:
    assert nothing_reaches_ghosts(story.history).counts == {"vacuous": 1}


# oracles ----------------------------------------------------------------------------------------------------------------------


@st.composite
def lists(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[dict[str, Any]] | None, list[dict[str, Any]] | None, int, list[str]]:
    count, made = draw(choices(0, 5, 9))
    sessions = [{"session": f"s-{made.pick(1, 2, 3)}", "user": made.pick("alice", "alice", "bob"), "live": made.pick(True, False), "connection": made.pick(1, 2)} for _ in range(count)]
    connections = [{"connection": made.pick(1, 2, 3), "user": made.pick("alice", "bob")} for _ in range(made.pick(0, 1, 1, 2, 3))]
    agents = [{"user": made.pick("alice", "alice", "bob"), "instances": made.pick(0, 1, 1, 2)} for _ in range(made.pick(0, 1, 1, 2))]
    return sessions, made.pick(None, connections), made.pick(None, agents), made.pick(1, 1, 2), made.pick([], ["s-1"])


@against_oracle(lists(), number=200)
def test_every_row_of_every_list_is_looked_at(told: Any) -> None:
    sessions, connections, agents, due, own = told
    live = [row for row in sessions if row["user"] == "alice" and row["live"]]
    found = wrong_number(len(live), due)
    found += ["disagreement"] * any(all(row["session"] != session for row in live) for session in own)
    if connections is not None:
        mine = [row["connection"] for row in connections if row["user"] == "alice"]
        found += wrong_number(len(mine), due) + ["ghost_session" for row in live if row["connection"] not in mine]
    if agents is not None:
        found += ["ghost_session"] * (sum(row["instances"] for row in agents if row["user"] == "alice") > 1)
    verdict = exactly_one_live("alice", sessions, connections, agents, due=due, own=own)
    assert (verdict.exercised, codes(verdict)) == (due, expect(*found))


def wrong_number(found: int, due: int) -> list[str]:
    return ["ghost_session"] * (found > due) + ["disagreement"] * (found < due)


@against_oracle(st.lists(st.tuples(st.sampled_from(["opened", "left", "taken_over", "cleaned"]), st.sampled_from("1234"), st.sampled_from(["alice", "bob"]))))
def test_every_end_is_looked_for_among_all_clean_ups(told: list[tuple[str, str, str]]) -> None:
    ended = {connection for event, connection, user in told if user == "alice" and event in ("left", "taken_over")}
    found = ["ghost_session" for connection in ended if ("cleaned", connection, "alice") not in told]
    verdict = every_end_cleaned([row(*one) for one in told], "alice")
    assert (verdict.exercised, codes(verdict)) == (len(ended), expect(*found))


@st.composite
def movings(draw: st.DrawFn) -> History:
    """Two users ask for sessions, their own or not, and numbered events arrive on old and new connections."""
    count, made = draw(choices(2, 14, 8))
    events: list[Event] = []
    connection = {"alice": 1, "bob": 2}
    for index in range(count):
        user = made.pick("alice", "alice", "bob")
        if made.pick(True, True, False):
            events.append(Event(index, 0.0, Kind.OTHER, user, made.pick(connection[user], max(1, connection[user] - 2)), user, offset=made.pick(1, 2, 3, 4)))
            continue
        connection[user] += 2
        asked = made.pick(None, {"session": "s"}, {"session": "s"}, {"session": "t"})
        events.append(Event(index, 0.0, Kind.CONNECT, user, connection[user], user, details=asked))
        told = {"session": made.pick("s", "s", "t"), "recovered": made.pick(True, True, False), "head": made.pick(1, 2, 3, None)}
        if made.pick(True, True, True, False):
            events.append(Event(index, 0.0, Kind.CONNECTED, user, connection[user], user, details=told))
    return History([event._replace(index=index) for index, event in enumerate(events)])


def greetings(history: History) -> list[tuple[Event, Event]]:
    """Each greeting with the invoke of its connection."""
    return [(next(e for e in history.events if e.kind is Kind.CONNECT and e.connection == g.connection), g) for g in history.events if g.kind is Kind.CONNECTED]


@against_oracle(movings(), number=200)
def test_every_arrival_on_the_connection_before_is_looked_at(history: History) -> None:
    found, exercised, both = [], 0, greetings(history)
    for place, (_, greeting) in enumerate(both):
        before = [g.connection for _, g in both[:place] if g.client == greeting.client][-1:]
        told = greeting.details
        if before and told["recovered"] and told["head"] is not None:
            exercised += 1
            of_old = next(g.details["session"] for _, g in both if g.connection == before[0])
            late = [e for e in history.events if e.index > greeting.index and e.kind is Kind.OTHER and e.connection == before[0]]
            found += ["ghost_session"] * (of_old == told["session"] and any(e.offset > told["head"] for e in late))
    verdict = nothing_reaches_ghosts(history)
    assert (verdict.exercised, codes(verdict)) == (exercised, expect(*found))
