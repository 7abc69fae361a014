"""What a target promises: the part ``guarantees`` of its file, which the checks get as plain arguments."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from .parts import Bytes, Seconds, Strict
from .vocabulary import Positive, impossible

Share = Annotated[float, Field(ge=0, le=1)]


class Duplicates(Strict):
    """What the target promises about repeated messages."""

    key: Literal["message_id", "content", "none"] = "message_id"
    window: Seconds | None = None
    answer: Literal["reject", "silent", "replay"] = "reject"


class Priorities(Strict):
    """What the target promises about urgent messages: they go first, but not for ever."""

    high_in_a_row: Positive | None = None   # after so many a waiting normal message has its turn; none: not promised
    workers: Positive = 1                   # so many messages of one user are worked on at the same time
    replies: Literal["in_turn", "any"] = "any"   # in_turn: replies of a user leave in the order of the work, whatever their class


def _way(text: str) -> str:
    kind, _, code = text.partition(" ")
    if not (code.isdecimal() if kind in {"http", "close"} else kind == "error" and code.isidentifier()):
        raise impossible(f"must be a way to refuse such as 'close 1013', 'http 503' or 'error invalid_json', not '{text}'")
    return text


Ways = Annotated[list[Annotated[str, AfterValidator(_way)]], Field(min_length=1)]
"""How a target may refuse: ``http STATUS`` before the upgrade, ``close CODE`` or ``error REASON`` after it."""


class Refusals(Strict):
    """By which answers the target refuses openly."""

    crowded: Ways | None = None             # a connection above limits.clients
    expired: Ways | None = None             # one whose token expires, where the policy is to close it
    revoked: Ways | None = None             # one whose token is revoked meanwhile
    subprotocol: Ways | None = None         # one that names sub-protocols, and none that is spoken there
    token: Ways | None = None               # one whose token is bad, whatever is wrong with it
    origin: Ways | None = None              # one from a page that is not allowed
    refresh: Ways | None = None             # a new token that is not due to whoever wants it
    not_json: Ways | None = None            # a text that is no message at all
    not_message: Ways | None = None         # JSON that is no message: a part is missing or of the wrong type
    too_deep: Ways | None = None            # JSON with lists and objects nested too deep
    too_large: Ways | None = None           # a message above limits.message_size, compressed or not
    not_utf8: Ways | None = None            # a text frame with bytes that are no text
    too_many: Ways | None = None            # a message beyond the rate of its connection
    not_utf8_binary: Ways | None = None     # a binary frame with such bytes


class Pressure(Strict):
    """What the target promises to say unasked about a user's queue (``messages.pressure``), as shares of its capacity."""

    begins: Share                           # said when so much of the queue is taken
    ends: Share                             # and again when no more than so much of it is


class Sessions(Strict):
    """What the target promises about sessions that survive their connection."""

    window: Seconds | None = None           # so long after a drop a client may come back
    brief: Seconds | None = None            # up to here nothing at all is missed
    lifetime: Seconds | None = None         # so old a session may become
    after_restart: Literal["recovered", "next_epoch", "new_session"] = "new_session"
    takeover: Literal["at_once", "after_timeout", "refused"] = "refused"   # a resume while the old connection is still there


class Outbound(Strict):
    """What the target promises about what agents say while the user is away."""

    size: Positive | None = None            # so many messages wait
    overflow: Literal["drop_oldest", "drop_newest", "reject"] = "drop_oldest"
    ttl: Seconds | None = None              # so long
    ttl_critical: Seconds | None = None
    priorities: list[str] = Field(default_factory=list)   # the most urgent first; none: none is told from another
    order: Literal["per_session", "per_agent", "none"] = "per_agent"   # within what messages of one priority keep their order


class Streams(Strict):
    """What the target promises about answers that come in chunks, of one session."""

    kept: Bytes | None = None               # so many bytes are kept for a client that is away
    slots: Positive | None = None           # so many streams at a time
    overflow: Literal["stop", "drop_oldest"] = "stop"   # beyond the bound the agent waits, or the oldest chunks are lost and signalled


class Heartbeat(Strict):
    """What the target promises about pings of its own."""

    interval: Seconds                       # so often each connection is pinged
    regular: bool = True                    # and not at any other time
    timeout: Seconds | None = None          # it is given up when a ping stays unanswered for so long


class Shutdown(Strict):
    """What the target promises when it is asked to end."""

    close: Ways                             # how connections are closed, such as close 1012 (it restarts) or close 1001 (it goes away)


class Refresh(Strict):
    """What the target promises about tokens that were replaced by others."""

    old_token: Literal["revoked", "valid"] = "valid"   # noqa: S105 - for new connections


class Audit(Strict):
    """What the target promises about its audit trail."""

    trusted_proxies: list[str] = Field(default_factory=list)   # what they say in X-Forwarded-For is believed, and nobody else's word


class Guarantees(Strict):
    """What the target promises."""

    order: Literal["per_connection", "per_user", "none"] = "per_connection"
    duplicates: Duplicates = Duplicates()
    offsets: Literal["continuous", "none"] = "none"
    priorities: Priorities | None = None
    pressure: Pressure | None = None
    refusal: Refusals = Refusals()
    sessions: Sessions | None = None
    session_expiry: Literal["allow", "close"] = "allow"   # what becomes of a connection whose token expires, until control says otherwise
    token_leeway: Seconds = 0.0             # so long behind its end a token still counts, and so long before its beginning
    refresh: Refresh = Refresh()
    audit: Audit = Audit()
    outbound: Outbound | None = None
    streams: Streams | None = None
    heartbeat: Heartbeat | None = None
    shutdown: Shutdown | None = None
    compression: Literal["deflate", "none"] = "none"   # whether it understands permessage-deflate where a client asks for it
    handshake_within: Seconds | None = None   # a connection that has not finished its handshake by then is ended
    wire: Literal["strict", "lenient"] = "lenient"   # how closely RFC 6455 is followed where it says SHOULD: by the right code, or just by an end
