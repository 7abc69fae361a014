"""One live session for each client, and nothing left of those before it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from . import wording
from .events import Event, Kind
from .history import History
from .reconnections import Reconnection
from .verdict import Verdict
from .violations import Code

Row = Mapping[str, Any]
"""What a target's list says of one session, connection, agent or event."""

def exactly_one_live(
    user: str, sessions: Sequence[Row], connections: Sequence[Row] | None = None, agents: Sequence[Row] | None = None, *, due: int = 1,
    own: Collection[str] = (),
) -> Verdict:
    """A user has as many live sessions, on as many connections, as clients (`due`), and one agent (*ghost_session*, *disagreement*).

    `sessions`, `connections` and `agents` are what the target lists, of whomever; None where it has no such list. `own` are the
    sessions that the clients were told. Measures live_sessions for each client. O(rows). Source: presence after flapping.
    """
    verdict = Verdict("exactly one session is live", exercised=due)
    live = [row for row in sessions if row.get("user") == user and row.get("live")]
    ids = [str(row.get("session")) for row in live]
    _judge_number(verdict, user, "live session", ids, due)
    if strange := [session for session in own if session not in ids]:
        verdict.violated(Code.DISAGREEMENT, f"{user} was told session {strange[0]}, which the target does not list as live (listed: {wording.listed(ids) or 'none'})")
    verdict.measured("live_sessions", len(live) / max(due, 1), "sessions", due)
    if connections is not None:
        open_ones = [str(row.get("connection")) for row in connections if row.get("user") == user]
        _judge_number(verdict, user, "connection", open_ones, due)
        for row in live:
            if str(row.get("connection")) not in open_ones:
                verdict.violated(
                    Code.GHOST_SESSION,
                    f"{user}'s session {row.get('session')} is called live on connection {row.get('connection')}, which the target does not list",
                )
    if agents is not None:
        instances = sum(int(row.get("instances") or 0) for row in agents if row.get("user") == user)
        verdict.measured("agent_instances", instances, "agents", 1)
        if instances > 1:
            verdict.violated(Code.GHOST_SESSION, f"{user} has {instances} agents in memory, where 1 is right")
    return verdict.concluded()


def _judge_number(verdict: Verdict, user: str, what: str, found: Sequence[str], due: int) -> None:
    """Too many are ghosts; with too few, the target and its clients disagree."""
    if len(found) != due:
        code = Code.GHOST_SESSION if len(found) > due else Code.DISAGREEMENT
        told = f" ({wording.listed(found)})" if found else ""
        verdict.violated(code, f"{user} has {wording.counted(due, 'open client')}, but the target lists {wording.counted(len(found), what)}{told}")


ENDS = ("left", "taken_over")


def every_end_cleaned(events: Sequence[Row], user: str) -> Verdict:
    """What a user's ended connections held was cleaned up, for each of them (*ghost_session*).

    `events` are what the target lists: opened, resumed, left, taken_over, cleaned and so on, each with its connection. O(events).
    """
    verdict = Verdict("every ended connection was cleaned up")
    own = [row for row in events if row.get("user") == user]
    cleaned = {row.get("connection") for row in own if row.get("event") == "cleaned"}
    ended = {row.get("connection"): str(row.get("event")) for row in own if row.get("event") in ENDS}
    verdict.exercised = len(ended)
    for connection, how in ended.items():
        if connection not in cleaned:
            verdict.violated(Code.GHOST_SESSION, f"{user}'s connection {connection} has ended ({how.replace('_', ' ')}), and nothing says that it was cleaned up")
    verdict.measured("cleaned", len(cleaned & set(ended)), "connections", verdict.exercised)
    return verdict.concluded()


def nothing_reaches_ghosts(history: History) -> Verdict:
    """What is new after a session has moved to another connection does not go to the one before (*ghost_session*).

    New is what lies behind the head that was told; up to there, it may have been under way already. O(n).
    """
    verdict = Verdict("nothing reaches ghosts")
    last: dict[str, int] = {}
    resumed = {one.connected.connection: one for one in history.reconnections if one.connected and one.told.get("recovered") is True}
    for greeting in history.events.of(Kind.CONNECTED):
        before, one = last.get(greeting.client), resumed.get(greeting.connection)
        last[greeting.client] = greeting.connection
        if before is not None and one is not None and isinstance(one.told.get("head"), int):
            verdict.exercised += 1
            late = _behind_the_head(history, before, one, greeting)
            if late:
                verdict.violated(
                    Code.GHOST_SESSION,
                    f"{wording.owner(greeting)}'s session {one.told.get('session')} had moved {wording.at(history, greeting)} (head {one.told['head']}), but offset "
                    f"{late[0].offset} went to the connection before it, {wording.at(history, late[0])}",
                    greeting, *late,
                )
    return verdict.concluded()


def _behind_the_head(history: History, connection: int, resume: Reconnection, greeting: Event) -> list[Event]:
    """What is new and arrived on this connection although its session had moved away."""
    positions = history.arrivals.get((connection, history.stream(greeting)), ())
    if not positions or history.events.indexes[positions[-1]] < greeting.index:
        return []
    return [event for event in history.events.at(positions) if event.index > greeting.index and (event.offset or 0) > resume.told["head"]]
