"""What a target file may say. Every key has one meaning; an unknown key is an error with its place, never ignored."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from .connect import Connect
from .guarantees import Guarantees
from .parts import Bytes, Condition, Seconds, Strict
from .vocabulary import (
    AskShape,
    ControlShape,
    Path,
    Positive,
    PositiveRate,
    QuestionName,
    SendShape,
    impossible,
    placeholders,
)

DIFFERENT_IN_COPIES = ("attempt", "timestamp", "client")
"""Placeholders that differ from one copy of a message to the next."""


class FromEnvironment(Strict):
    """A value that the environment may set."""

    environment: str
    default: str | None = None


class Rule(Strict):
    """Which incoming message this is, and where its parts are found (dotted paths)."""

    where: Condition
    message_id: Path | None = None
    request_id: Path | None = None
    attempt: Path | None = None
    sequence_id: Path | None = None
    offset: Path | None = None
    session: Path | None = None
    epoch: Path | None = None
    digest: Path | None = None      # first 16 hex digits of SHA-256 of the content, as the server saw it
    echo: Path | None = None        # or the content itself, as the server saw it
    reason: Path | None = None
    fields: dict[str, Path] = Field(default_factory=dict)


Rules = Annotated[list[Rule], BeforeValidator(lambda value: [value] if isinstance(value, dict) else value)]


class Messages(Strict):
    """The wire mapping: what is sent and how answers are recognised."""

    send: SendShape
    reply: Rules
    accepted: Rules = Field(default_factory=list)
    duplicate: Rules = Field(default_factory=list)
    refused: Rules = Field(default_factory=list)
    error: Rules = Field(default_factory=list)
    notice: Rules = Field(default_factory=list)     # pushes that say that the server is about to end
    pressure: Rules = Field(default_factory=list)   # pushes that say how full the queue is
    agent_message: Rules = Field(default_factory=list)  # what agents say of their own accord; fields: agent, priority, created_at
    messages_lost: Rules = Field(default_factory=list)  # that some of it is lost; fields: expired, dropped, rejected, total
    stream_chunk: Rules = Field(default_factory=list)   # a part of a stream: message_id is the stream's id, sequence_id counts from 0
    stream_end: Rules = Field(default_factory=list)     # what comes behind the last part
    stream_lost: Rules = Field(default_factory=list)    # parts that nobody can have any more
    offset: str | None = None       # where any pushed message carries its number
    session: str | None = None
    epoch: str | None = None


class Question(Strict):
    """A question about state and how its answer is recognised. Without ``request_id`` answers are matched in order."""

    ask: AskShape
    answer: Rule
    in_order: bool = False          # the answer comes behind the answers to all that was sent before on this connection


class Request(Strict):
    """One HTTP request of the target's control interface."""

    method: Literal["GET", "POST"] = "GET"
    url: str
    body: ControlShape = Field(default_factory=dict)


class Control(Strict):
    """What the target lets a tester do beside the wire; what is not named here is not offered."""

    ledger: Request | None = None
    clock: Request | None = None            # the target's time under "now", s since 1970
    advance_clock: Request | None = None
    work_time: Request | None = None
    hold: Request | None = None
    release: Request | None = None
    fail: Request | None = None     # the next messages of a user fail in the agent
    origins: Request | None = None          # pages from {origins} may connect from now on, and no others; from any where that is left out
    message_rate: Request | None = None     # connections opened from now on may send {rate} messages a second; as many as they can where that is left out
    session_expiry: Request | None = None   # what becomes of a connection whose token expires from now on: {policy} is allow or close
    auth: Request | None = None             # the next {count} renewals of tokens fail with a {status}; each answer comes {delay} s late
    audit: Request | None = None            # what was noted for an investigator after index {since}, as JSON lines
    alerts: Request | None = None           # a JSON list under this name: what it was told aloud
    sessions: Request | None = None         # who is there: JSON lists under these names, of {user} or, where that is empty, of all
    connections: Request | None = None
    agents: Request | None = None
    speak: Request | None = None            # {agent} says {messages}: a list of content and priority
    waiting: Request | None = None          # a JSON list under this name: what agents have said into each session, how much of it waits
    outbound_queue: Request | None = None   # how much may wait: {size}, {overflow}, {ttl} and {ttl_critical} (s)
    streams: Request | None = None          # what is kept of streams of {user}, as such a list
    stream_limits: Request | None = None    # how many {bytes} and {slots} the streams of a {user} may take, and what an {overflow} does
    heartbeat: Request | None = None        # all connections are pinged each {interval} (s) from now on, and have {timeout} (s) to answer
    shutdown: Request | None = None         # ends the server in its orderly way, with a {reason} and an {estimate} (s) until it serves again
    hand_over: Request | None = None        # gives the store to the second instance that stands by, for a {reason}
    events: Request | None = None           # what happened to sessions and connections after index {since}, as JSON lines


class Needs(Strict):
    """Python packages of a target that the kit itself does without."""

    modules: list[str] = Field(min_length=1)
    requirements: str               # the file that installs them, beside run.py


class Url(Strict):
    """An address that answers with HTTP 2xx once the server is ready."""

    url: str
    headers: dict[str, str] = Field(default_factory=dict)


def _readiness(value: Any) -> Any:
    if value != "json_line" and not isinstance(value, dict | Url):
        raise impossible(f"must be json_line, or an address that answers once the server is ready such as {{url: 'http://127.0.0.1:{{free_port}}/'}}, not {value!r}")
    return value


Readiness = Annotated[Literal["json_line"] | Url, BeforeValidator(_readiness)]


class Second(Strict):
    """Another process on the store of the first, which stands by until the first hands over (``control.hand_over``)."""

    start: list[str] = Field(min_length=1)


class Lifecycle(Strict):
    """How the target is started and ended; without it the target is somebody else's and is left alone."""

    needs: Needs | None = None
    start: list[str] = Field(min_length=1)
    environment: dict[str, str] = Field(default_factory=dict)
    ready: Readiness = "json_line"
    ready_within: Seconds = 20.0
    room: list[str] = Field(default_factory=list)   # words added to start where a suite wants room for so many {clients}
    stop: Literal["close_stdin", "terminate"] = "close_stdin"
    stop_within: Seconds = 10.0
    restart: bool = True
    second: Second | None = None


class Load(Strict):
    """How much load a target that is not on this machine lets us put on it."""

    rate: float
    connections: int


class Permissions(Strict):
    """What the owner of the target allows; nothing unless said."""

    load: Load | None = None
    faults: bool = False
    hostile: bool = False


class Limits(Strict):
    """What the target can take; stimuli stay below, and what they cannot show then is *not measured*."""

    message_size: Bytes | None = None
    rate: PositiveRate | None = None    # msg/s of one user
    burst: Positive | None = None       # messages of one user in one sending, however fast
    clients: Positive | None = None     # connected at the same time
    queue_capacity: Positive | None = None
    normal_capacity: Positive | None = None
    """How many normal messages may wait while the agent is held (the rest of the places is reserved)."""

    @field_validator("normal_capacity")
    @classmethod
    def _within_the_queue(cls, value: int | None, info: ValidationInfo) -> int | None:
        capacity = info.data.get("queue_capacity")
        if value is not None and capacity is not None and value > capacity:
            raise impossible(f"must be at most 'limits.queue_capacity' ({capacity}), not {value}")
        return value


class TargetFile(Strict):
    """The whole file."""

    schema_version: Literal[1] = Field(alias="schema")
    name: str
    title: str = ""
    reference: bool = False
    endpoints: dict[str, str | FromEnvironment] = Field(default_factory=dict)
    lifecycle: Lifecycle | None = None
    adapter: str | None = None      # FILE.py:Class beside this file, for a wire that the mapping alone cannot say
    connect: Connect
    messages: Messages
    questions: dict[QuestionName, Question] = Field(default_factory=dict)
    control: Control = Control()
    guarantees: Guarantees = Guarantees()
    limits: Limits = Limits()
    permissions: Permissions = Permissions()

    @field_validator("guarantees")
    @classmethod
    def _copies_are_identical(cls, value: Guarantees, info: ValidationInfo) -> Guarantees:
        messages = info.data.get("messages")
        if value.duplicates.key == "content" and messages is not None:
            telling = next((name for name in placeholders(messages.send) if name in DIFFERENT_IN_COPIES), None)
            if telling is not None:
                raise impossible(
                    f"says that identical messages are duplicates ('duplicates.key: content'), but 'messages.send' uses {{{telling}}}, "
                    "so that no two copies are identical; leave it out of 'messages.send' or choose another key: message_id, none"
                )
        return value
