"""The history that checks read: journal events of this process and ledger rows of the server.

The engine writes :class:`Event`, the adapter reads :class:`LedgerRow`; checks read both and know nothing of either.
Both are tuples, so that nobody can change one after it was written; a long history keeps them in columns (:mod:`.columns`).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from sys import maxsize
from typing import Any, NamedTuple

NEVER = maxsize
"""The index of what did not happen."""


class Kind(StrEnum):
    """What happened. An operation is an invoke (connect, send, query) followed by ok, fail or unknown."""

    CONNECT = "connect"                # invoke: a connection is being opened; details: try, waited (s); session, epoch, offset if it asks to resume
    CONNECTED = "connected"            # ok: open and ready; details: session, epoch, offset, recovered, reason, head
    CONNECT_FAILED = "connect_failed"  # fail; details: reason, way, try, waited
    SEND = "send"                      # invoke: written before the bytes leave, under the sender's lock
    SEND_UNKNOWN = "send_unknown"      # unknown: the connection died before an answer
    ACCEPTED = "accepted"              # the server took the message in (not yet processed)
    REPLY = "reply"                    # ok: the message was processed, this is the answer
    DUPLICATE = "duplicate"            # the server says: this attempt repeats a message I know
    REFUSED = "refused"                # fail: the server did not take the message; details: reason
    QUERY = "query"                    # invoke of a question (agent state, ...); details: question
    ANSWER = "answer"                  # ok of a question; details: the named fields of the snapshot
    QUERY_UNKNOWN = "query_unknown"    # unknown: no answer before the connection died
    ERROR = "error"                    # an error that names neither message nor question
    OTHER = "other"                    # a push or an unknown message type; never a violation by itself
    CLOSE = "close"                    # details: code, reason, by
    FAULT = "fault"                    # written by the injector; details: fault, state (planned, done), direction, at
    MARK = "mark"                      # what the kit itself did or noticed: reading or not, a wait that was given up
    PING = "ping"                      # invoke: a ping was written to a connection
    PONG = "pong"                      # ok: its answer came; details: took (s)
    SAMPLE = "sample"                  # the server's own size; details: memory (bytes), threads, descriptors, processor (s)
    PRESSURE = "pressure"              # an unasked word of the server about a queue; details: active, queue_depth, capacity
    SPOKEN = "spoken"                  # the kit made an agent say this to the user; details: agent, priority, state, created_at, turn, depth
    AGENT_MESSAGE = "agent_message"    # and this arrived; details: agent, priority, created_at
    MESSAGES_LOST = "messages_lost"    # the server says that so many messages of agents are lost; details: expired, dropped, rejected, total
    NOTICE = "notice"                  # an unasked word of the server that it is about to end; details: reason, estimate (s)

    CHUNK = "chunk"                    # a part of a stream; message_id: the stream, sequence_id: its number from 0, digest; details: position, bytes
    STREAM_END = "stream_end"          # nothing comes behind it; digest: of the whole, as the server says; details: chunks, bytes, whole (as received)
    STREAM_LOST = "stream_lost"        # the server says that these chunks are lost; details: first, last

    PINGED = "pinged"                  # a ping of the server came; message_id: what it carries
    PONGED = "ponged"                  # and was answered

    number: int                        # its place in this list, which stands for it in columns

    def __init__(self, _text: str) -> None:
        self.number = len(type(self).__members__)  # of the kinds above this one


class Event(NamedTuple):
    """One journal entry. ``index`` is global per process and is the only order that checks trust."""

    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody needs
    time: float                        # s, monotonic clock of this process
    kind: Kind
    client: str                        # alias, unique per process
    connection: int                    # which TCP connection of this process, from 1
    user: str = ""
    message_id: str | None = None      # of a message; for a question its request id
    attempt: int | None = None         # 1 for the first sending; None where the server does not echo it
    sequence_id: int | None = None
    offset: int | None = None          # the server's number of this push within session and epoch
    digest: str | None = None          # of the content: as sent, or as the server says it saw it
    intended: float | None = None      # send only: when the schedule wanted it, s, monotonic
    details: Mapping[str, Any] | None = None


class LedgerRow(NamedTuple):
    """One line of the server's own account, in the order in which the effects became durable."""

    index: int  # type: ignore[assignment]
    time: float
    user: str
    session: str
    connection: str
    message_id: str
    attempt: int
    sequence_id: int | None
    digest: str
    agent: str
    what: str                          # received | accepted | duplicate | refused | processed | answered
    reason: str = ""
    instance: str = ""                 # which process of the server, where it tells
