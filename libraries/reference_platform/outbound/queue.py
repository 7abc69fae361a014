"""What waits for a user who is away: messages of agents, and word of those that were lost, until they are known to be received."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from reference_platform.messages import Fields

PRIORITIES = ("critical", "high", "normal", "low")
"""The most urgent first."""
RANK = {priority: rank for rank, priority in enumerate(PRIORITIES)}
LOSSES = ("expired", "dropped", "rejected")
"""How a message can be lost: it waited too long, gave way to others, or was not let in."""
TOTALS = ("queued", "delivered", *LOSSES)
"""What is counted of each queue."""

Overflow = Literal["drop_oldest", "drop_newest", "reject"]
State = Literal["sent", "queued", "expired", "dropped", "rejected"]


class Bounds(NamedTuple):
    """How much may wait for one session, and how long."""

    size: int
    overflow: Overflow
    ttl: float
    ttl_critical: float

    def age(self, message: AgentMessage) -> float:
        """So long (s of the platform's clock) this message may wait."""
        return self.ttl_critical if message.priority == "critical" else self.ttl


@dataclass(slots=True, eq=False)
class AgentMessage:
    """What an agent says of its own accord."""

    message_id: str
    agent: str
    sequence: int
    """1, 2, 3, … for each agent in each session."""
    priority: str
    content: str
    digest: str
    created_at: float
    """Platform time at which the agent spoke."""
    state: State = "queued"
    mark: tuple[int, int] = (0, 0)
    """Epoch and offset with which it was sent last."""

    @property
    def size(self) -> int:
        """Bytes of its text."""
        return len(self.content.encode())

    def fields(self) -> Fields:
        """The frame."""
        return {
            "type": "agent_message", "message_id": self.message_id, "agent": self.agent, "agent_sequence": self.sequence,
            "priority": self.priority, "content": self.content, "digest": self.digest, "created_at": self.created_at,
        }  # fmt: skip


@dataclass(slots=True, eq=False)
class Loss:
    """So many messages will never come, and why."""

    expired: int = 0
    dropped: int = 0
    rejected: int = 0
    mark: tuple[int, int] = (0, 0)
    """Epoch and offset with which that was said last."""

    @property
    def total(self) -> int:
        """All of them."""
        return self.expired + self.dropped + self.rejected

    def add(self, other: Loss) -> None:
        """What the other one tells, this one tells as well."""
        for name in LOSSES:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def fields(self) -> Fields:
        """The frame."""
        return {"type": "messages_lost", **{name: getattr(self, name) for name in LOSSES}, "total": self.total}


Waited = AgentMessage | Loss


@dataclass(slots=True, eq=False)
class OutboundQueue:
    """Of one session. Everything in it is durable; who changes it tells the store."""

    waiting: dict[str, AgentMessage] = field(default_factory=dict)
    """By message id, in the order in which agents spoke; nobody has been sent them yet."""
    untold: Loss = field(default_factory=Loss)
    """Losses that the user does not know of yet."""
    sent: deque[Waited] = field(default_factory=deque)
    """What has an offset, in order of sending; nobody knows whether it was received."""
    sequences: Counter[str] = field(default_factory=Counter)
    """By agent: how often it has spoken."""
    totals: Counter[str] = field(default_factory=Counter)
    """How many were queued, delivered, expired, dropped and rejected since the session began."""
    is_going_on: bool = False
    """Somebody is there, and gets what waits bit by bit, as it is read."""

    @property
    def bytes(self) -> int:
        """Of all texts that wait."""
        return sum(message.size for message in self.waiting.values())

    def by_priority(self) -> dict[str, int]:
        """How many of each wait."""
        counts = Counter(message.priority for message in self.waiting.values())
        return {priority: counts[priority] for priority in PRIORITIES}

    def received(self, epoch: int, offset: int) -> list[AgentMessage]:
        """The user has everything up to this offset of this epoch; returns the messages among it, which are done with."""
        sent, self.sent, done = self.sent, deque(), list[Waited]()
        for item in sent:
            (done if item.mark[0] == epoch and item.mark[1] <= offset else self.sent).append(item)
        return messages_of(done)

    def again(self) -> list[AgentMessage]:
        """Nothing of what was sent counts as delivered; returns the messages among it, which wait again, each in its place."""
        back, self.sent = list(self.sent), deque()
        for item in back:
            if isinstance(item, Loss):
                self.untold.add(item)
            else:
                item.state = "queued"
        found = messages_of(back)
        self.waiting = {message.message_id: message for message in (*found, *self.waiting.values())}
        return found

    def told(self) -> dict[str, Any]:
        """Everything but the messages, for the store."""
        losses = [self.untold, *(item for item in self.sent if isinstance(item, Loss))]
        return {
            "sequences": self.sequences, "totals": self.totals,
            "losses": [[loss.expired, loss.dropped, loss.rejected, loss.mark] for loss in losses],
        }  # fmt: skip

    def restore(self, told: dict[str, Any]) -> None:
        """The opposite of ``told``, for a queue without messages."""
        self.sequences, self.totals = Counter(told["sequences"]), Counter(told["totals"])
        self.untold, *sent = (Loss(expired, dropped, rejected, (epoch, offset)) for expired, dropped, rejected, (epoch, offset) in told["losses"])
        self.sent.extend(sent)


def messages_of(items: Iterable[Waited]) -> list[AgentMessage]:
    """Those that are messages."""
    return [item for item in items if isinstance(item, AgentMessage)]
