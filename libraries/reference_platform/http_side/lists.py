"""Who and what is there, for those who look through control: sessions, connections and agents, each list of one moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reference_platform.outbound.queue import TOTALS, OutboundQueue

if TYPE_CHECKING:
    from reference_platform.host import Host

Items = list[dict[str, Any]]


def sessions(host: Host, user: str) -> Items:
    """Sessions with a connection, and resumable ones without; of one user, or of all ("")."""
    return [
        {
            "session": session.id,
            "user": session.user,
            "epoch": session.epoch,
            "offset": session.offset,
            "resumable": session.kept is not None,
            "live": session.is_live,
            "connection": session.connection_id if session.is_live else None,
            "created": session.created,
            "left": session.kept.left if session.kept is not None else None,
            "connections": session.kept.connections if session.kept is not None else 1,
        }
        for session in host.policies.sessions.open_sessions.values()
        if user in ("", session.user)
    ]


def connections(host: Host, user: str) -> Items:
    """Connections whose last message is not processed yet; of one user, or of all ("")."""
    now = host.uptime()
    return [
        {
            "connection": connection.id,
            "user": connection.session.user,
            "session": connection.session.id,
            "peer": connection.peer,
            "open_for": now - connection.opened_at,
        }
        for connection in host.connections.values()
        if user in ("", connection.session.user)
    ]


def streams(host: Host, user: str) -> Items:
    """Streams of open sessions; of one user, or of all ("")."""
    return [
        {
            "stream": stream.id,
            "session": group.session.id,
            "user": group.session.user,
            "kind": stream.description.kind,
            "state": stream.state,
            "agent": stream.agent,
            "chunks": stream.chunks,
            "bytes": stream.size,
            "written": stream.written,
            "sent": stream.sent,
            "kept_from": stream.first,
            "bytes_retained": stream.kept_bytes,
            "lost": sum(last - first + 1 for first, last in stream.lost),
        }
        for group in host.policies.streams.sessions.values()
        if user in ("", group.session.user)
        for stream in group.streams.values()
    ]


def agents(host: Host, user: str) -> Items:
    """How many agent objects of each user are in memory; of one user, or of all ("")."""
    return [{"user": owner, "instances": count} for owner, count in host.policies.agents.instances().items() if user in ("", owner)]


def waiting(host: Host, user: str) -> Items:
    """What agents have said into each resumable session, and how much of it waits; of one user, or of all ("")."""
    found = []
    for session in host.policies.sessions.open_sessions.values():
        if session.kept is None or user not in {"", session.user}:
            continue
        depth, queue = host.policies.outbox.depth(session), session.outbound or OutboundQueue()
        totals = {what: queue.totals[what] for what in TOTALS}
        found.append({"session": session.id, "user": session.user, "depth": depth, "bytes": queue.bytes, "by_priority": queue.by_priority(), **totals})
    return found
