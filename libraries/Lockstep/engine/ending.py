"""How a connection ended: who closed it, with which code, and that in words."""

from __future__ import annotations

from websockets.exceptions import ConnectionClosed

from ..checks.events import Event


def how_it_ended(closed: ConnectionClosed, *, by_us: bool) -> tuple[int, str, str]:
    """Code, reason and who it was; ``by_us``: we were the first to want it."""
    if closed.rcvd is None and closed.sent is not None:  # we failed the connection: the target broke the protocol or a limit
        return closed.sent.code, closed.sent.reason, "us"
    by = "us" if by_us else "target"
    return (closed.rcvd.code, closed.rcvd.reason, by) if closed.rcvd else (1006, "", by)


def in_words(close: Event | None) -> str:
    """What a CLOSE of the journal says."""
    details = (close.details if close else None) or {}
    code, reason, by = details.get("code", "?"), details.get("reason"), details.get("by", "nobody")
    if code == 1006 and by == "target":
        return "broken off by the target without a closing handshake (code 1006)"
    if code == 1006 and by == "us" and not reason:
        return "dropped by us without a closing handshake (code 1006)"
    return f"closed by {by} with code {code}{f' ({reason!r})' if reason else ''}"
