"""Inbox: what waits, how much may wait, and in which order it is taken."""

from __future__ import annotations

from collections import deque
from functools import cached_property
from sys import getsizeof
from typing import TYPE_CHECKING

from reference_platform.messages import CapacityQuery, Fields, QueueQuery, UserMessage
from reference_platform.pressure import Pressure

from .port import Port

if TYPE_CHECKING:
    from reference_platform.connections.connection import Connection
    from reference_platform.host import Host

HIGH_IN_A_ROW = 9
"""After so many high ones the oldest normal message has its turn, so that a stream of high ones starves nobody."""


class Inbox(Port):
    """A bounded queue per user. Only waiting messages count; what a worker has taken has left its place."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.waiting: dict[str, tuple[deque[UserMessage], deque[UserMessage]]] = {}
        """By user: high and normal ones, oldest first. Users without waiting messages are absent."""
        self.high_in_a_row: dict[str, int] = {}
        self.held = 0
        """Bytes of all texts that wait, of all users."""

    @cached_property
    def pressure(self) -> Pressure:
        """Tells users how full their queues are."""
        return Pressure(self.host, self.capacity)

    @cached_property
    def capacity(self) -> int:
        """Places of one user, as clients are told."""
        return self.host.config.max_queue_size

    @cached_property
    def reserved_for_high(self) -> int:
        """The last so many places are for high priority only, as clients are told."""
        return self.capacity // 10

    def places(self, priority: str) -> int:
        """So many messages may wait when one of this priority comes, or it is refused."""
        return self.capacity if priority == "high" else self.capacity - self.reserved_for_high

    def admit(self, message: UserMessage) -> Fields | None:
        """Gets a claimed message; puts it into the queue and returns None, or returns the refusal to be sent.

        A refused message must leave no trace here: its claim is released and it may be tried again.
        """
        depth = self.depth(message.user)
        if depth >= self.places(message.priority):
            return self.refusal(message, depth)
        if self.held + getsizeof(message.content) > self.host.config.memory_limit:
            return self.no_memory(message)
        self.put(message)
        if depth + 1 >= self.pressure.begins:
            self.pressure.grown(message.user, depth + 1, self.reported_depth(message.user))
        return None

    def put(self, message: UserMessage) -> None:
        """Appends to the queue of its priority without asking for room (also for messages recovered from the store)."""
        queues = self.waiting.get(message.user)
        if queues is None:
            queues = self.waiting[message.user] = (deque(), deque())
        queues[message.priority != "high"].append(message)
        self.held += getsizeof(message.content)

    def take(self, user: str) -> UserMessage | None:
        """The message that is to be processed next for this user, removed from the queue; None if there is none."""
        queues = self.waiting.get(user)
        if queues is None:
            return None
        high, normal = queues
        if high and not (normal and self.normal_is_due(user)):
            message = high.popleft()
            self.high_in_a_row[user] = self.high_in_a_row.get(user, 0) + 1
        else:
            message = normal.popleft()
            if self.high_in_a_row:
                self.high_in_a_row.pop(user, None)
        if not high and not normal:
            del self.waiting[user]
        self.held -= getsizeof(message.content)
        if user in self.pressure.users:
            self.pressure.shrunk(user, len(high) + len(normal), self.reported_depth(user))
        return message

    def normal_is_due(self, user: str) -> bool:
        """Whether a waiting normal message of this user goes before the high ones now."""
        return self.high_in_a_row.get(user, 0) >= HIGH_IN_A_ROW

    def depth(self, user: str) -> int:
        """How many messages of this user wait, truly; decides on admission and whether the user needs a worker."""
        queues = self.waiting.get(user)
        return len(queues[0]) + len(queues[1]) if queues is not None else 0

    def reported(self, user: str) -> tuple[int, int]:
        """How many high and normal messages of this user wait, as clients are told."""
        high, normal = self.waiting.get(user, ((), ()))
        return len(high), len(normal)

    def reported_depth(self, user: str) -> int:
        """What clients are told as the depth."""
        return sum(self.reported(user))

    def state(self, query: QueueQuery, user: str, running: int) -> Fields:
        """The ``queue_state`` answer, all of one moment; ``running`` messages have left their places."""
        high, normal = self.reported(user)
        return {
            "type": "queue_state",
            "request_id": query.request_id,
            "queue_size": high + normal,
            "high": high,
            "normal": normal,
            "running": running,
            "max_capacity": self.capacity,
        }

    def limits(self, query: CapacityQuery) -> Fields:
        """The ``queue_capacity`` answer: the rule of admission and service."""
        return {
            "type": "queue_capacity",
            "request_id": query.request_id,
            "capacity": self.capacity,
            "reserved_for_high": self.reserved_for_high,
            "workers": 1,
            "high_in_a_row": HIGH_IN_A_ROW,
        }

    def total(self) -> int:
        """How many messages of all users wait."""
        return sum(len(high) + len(normal) for high, normal in self.waiting.values())

    def connection_closed(self, connection: Connection) -> None:
        """Nothing more comes from this connection; what it had sent stays in the queue."""

    def acceptance(self, message: UserMessage) -> Fields:
        """The ``message_accepted`` for a client that asked for one; leaves after the commit of the admission."""
        return {
            "type": "message_accepted",
            "message_id": message.message_id,
            "attempt": message.attempt,
            "sequence_id": message.sequence_id,
        }

    def refusal(self, message: UserMessage, depth: int) -> Fields:
        """The ``error`` that tells a client to come back later."""
        return {
            "type": "error",
            "code": "queue_full",
            "message": f"{depth} messages are waiting, there is no place for one of {message.priority} priority",
            "message_id": message.message_id,
            "attempt": message.attempt,
            "retry_after": 0.1,
            "queue_depth": self.reported_depth(message.user),
            "capacity": self.capacity,
        }

    def no_memory(self, message: UserMessage) -> Fields:
        """The ``error`` where the texts of all users would take more than ``memory_limit``."""
        return {
            "type": "error",
            "code": "memory_full",
            "message": "too much is waiting on this platform, there is no memory for this message",
            "message_id": message.message_id,
            "attempt": message.attempt,
            "retry_after": 0.1,
        }
