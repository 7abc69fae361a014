"""A correct server in one process: queue, priorities, agents and snapshots, with pipes that delay but never reorder.

Everything happens in small steps in any order, so that a short random run shows what a network and a scheduler may do. A defect
is a subclass that overrides one decision.
"""

from __future__ import annotations

import random
from collections import Counter, deque
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from Lockstep.checks import Event, History, Kind, LedgerRow


@dataclass(eq=False)
class Sent:
    """A message on its way, in a queue or done."""

    user: str
    connection: int
    message_id: str
    attempt: int
    sequence_id: int
    digest: str
    details: dict[str, Any]
    acknowledge: bool = False

    @property
    def high(self) -> bool:
        return self.details.get("priority") == "high"


@dataclass(eq=False)
class Account:
    """What the server knows of one user."""

    high: deque[Sent] = field(default_factory=deque)
    normal: deque[Sent] = field(default_factory=deque)
    running: Sent | None = None
    in_a_row: int = 0
    known: set[str] = field(default_factory=set)
    held: bool = False
    failing: int = 0
    processed: list[Sent] = field(default_factory=list)
    chain: str = ""
    writes: Counter[str] = field(default_factory=Counter)
    agents: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def depth(self) -> int:
        return len(self.high) + len(self.normal)


class ModelServer:
    """Steps that a test takes one by one, or many at random."""

    normal_places = 3
    high_places = 4
    high_in_a_row = 2
    team = ("data", "analysis", "reporting")

    def __init__(self, seed: int = 0, *, users: tuple[str, ...] = ("alice",), connections: int = 1, echo: bool = True,
                 duplicates: str = "reject") -> None:
        self.random = random.Random(seed)
        self.duplicates = duplicates
        self.echo = echo
        self.events: list[Event] = []
        self.ledger: list[LedgerRow] = []
        self.time = 0.0
        self.users = {user: Account(agents={name: fresh_agent() for name in self.team}) for user in users}
        self.owner: dict[int, str] = {}
        self.up: dict[int, deque[Any]] = {}
        self.down: dict[int, deque[Any]] = {}
        self.uncommitted: list[tuple[int, Any]] = []
        self.attempts: Counter[tuple[str, str]] = Counter()
        self.outstanding: dict[int, dict[tuple[str, int], Event]] = {}
        self.refused: list[Sent] = []
        self.sent: list[Sent] = []
        self.asked = 0
        for user in users:
            for _ in range(connections):
                self.connect(user)

    # the journal

    def write(self, kind: Kind, connection: int, message_id: str | None = None, attempt: int | None = None,
              sequence_id: int | None = None, digest: str | None = None, details: dict[str, Any] | None = None) -> Event:
        self.time += self.random.choice((0.0, 0.001, 0.02))
        event = Event(len(self.events), self.time, kind, f"client-{connection}", connection, self.owner[connection], message_id,
                      attempt, sequence_id, None, digest, None, details)
        self.events.append(event)
        return event

    @property
    def history(self) -> History:
        return History(self.events)

    @property
    def history_with_ledger(self) -> History:
        return History(self.events, self.ledger)

    def note(self, what: str, sent: Sent, reason: str = "") -> None:
        self.ledger.append(LedgerRow(len(self.ledger) + 1, self.time, sent.user, f"s{sent.connection}", "", sent.message_id, sent.attempt,
                                     sent.sequence_id, sent.digest, "", what, reason))

    # the client

    def connect(self, user: str) -> int:
        connection = len(self.owner) + 1
        self.owner[connection] = user
        self.up[connection], self.down[connection], self.outstanding[connection] = deque(), deque(), {}
        self.write(Kind.CONNECTED, connection, details={"session": f"s{connection}"})
        return connection

    def send(self, connection: int | None = None, *, again: Sent | None = None, high: bool = False, acknowledge: bool = True,
             **details: Any) -> Sent:
        connection = connection or min(self.up)
        user = self.owner[connection]
        number = len(self.sent)
        if high:
            details["priority"] = "high"
        if again is not None:
            message_id, sequence_id, digest, details = again.message_id, again.sequence_id, again.digest, again.details
        else:
            message_id, sequence_id, digest = f"{user}-{number}", number, digest_of(f"content {number} of {user}")
        self.attempts[user, message_id] += 1
        sent = Sent(user, connection, message_id, self.attempts[user, message_id], sequence_id, digest, details, acknowledge)
        event = self.write(Kind.SEND, connection, message_id, sent.attempt, sequence_id, digest, details or None)
        self.outstanding[connection][message_id, sent.attempt] = event
        self.up[connection].append(sent)
        self.sent.append(sent)
        return sent

    def ask(self, question: str, connection: int | None = None) -> None:
        connection = connection or min(self.up)
        self.asked += 1
        self.write(Kind.QUERY, connection, f"q{self.asked}", details={"question": question})
        self.up[connection].append((question, f"q{self.asked}"))

    def receive(self, connection: int) -> None:
        kind, message, details = self.down[connection].popleft()
        if isinstance(message, Sent):
            attempt = message.attempt if self.echo else None
            self.write(kind, connection, message.message_id, attempt, message.sequence_id, message.digest if kind is Kind.REPLY else None, details)
            if kind is not Kind.ACCEPTED:
                self.outstanding[connection].pop((message.message_id, message.attempt), None)
            if kind is Kind.REFUSED:
                self.refused.append(message)
        else:
            self.write(kind, connection, message, details=details)

    def drop(self, connection: int) -> int:
        """The connection dies: some of what was on the way arrives, none of what was coming."""
        user = self.owner[connection]
        self.write(Kind.FAULT, connection, details={"what": "cut"})
        self.write(Kind.CLOSE, connection, details={"code": 1006, "by": "target"})
        for (message_id, attempt), event in self.outstanding[connection].items():
            self.write(Kind.SEND_UNKNOWN, connection, message_id, attempt, event.sequence_id)
        while self.up[connection] and self.random.random() < 0.5:
            self.read(connection)
        del self.up[connection], self.down[connection]
        return self.connect(user)

    # the server

    def push(self, connection: int, kind: Kind, message: Any, details: dict[str, Any] | None = None) -> None:
        self.uncommitted.append((connection, (kind, message, details)))

    def commit(self) -> None:
        for connection, item in self.uncommitted:
            if connection in self.down:
                self.down[connection].append(item)
        self.uncommitted.clear()

    def read(self, connection: int) -> None:
        item = self.up[connection].popleft()
        account = self.users[self.owner[connection]]
        if not isinstance(item, Sent):
            question, request = item
            if question == "configure_agents":
                account.agents = {name: account.agents[name] if self.random.random() < 0.7 else fresh_agent() for name in self.team}
            self.push(connection, Kind.ANSWER, request, {"question": question, "fields": self.answer(account, question)})
        elif item.message_id in account.known:
            if self.duplicates == "reject":
                self.push(connection, Kind.DUPLICATE, item)
            elif self.duplicates == "replay" and item.message_id in [sent.message_id for sent in account.processed]:
                self.push(connection, Kind.REPLY, item)
        elif not self.has_room(account, item):
            self.note("refused", item, "queue_full")
            self.push(connection, Kind.REFUSED, item, self.refusal(account))
        else:
            account.known.add(item.message_id)
            (account.high if item.high else account.normal).append(item)
            self.note("accepted", item)
            if item.acknowledge:
                self.push(connection, Kind.ACCEPTED, item)

    def has_room(self, account: Account, sent: Sent) -> bool:
        return account.depth < (self.high_places if sent.high else self.normal_places)

    def refusal(self, account: Account) -> dict[str, Any]:
        return {"reason": "queue_full", "retry_after": 0.1, "queue_depth": self.told_depth(account), "capacity": self.high_places}

    def told_depth(self, account: Account) -> int:
        return account.depth

    def answer(self, account: Account, question: str) -> dict[str, Any]:
        return {
            "queue_state": self.queue_state, "queue_capacity": self.queue_capacity, "agent_state": self.agent_state,
            "all_agent_states": self.all_agent_states, "configure_agents": lambda _: {"agents": list(self.team)},
        }[question](account)

    def queue_state(self, account: Account) -> dict[str, Any]:
        return {"queue_size": self.told_depth(account), "high": len(account.high), "normal": len(account.normal),
                "running": int(account.running is not None), "max_capacity": self.high_places}

    def queue_capacity(self, account: Account) -> dict[str, Any]:
        return {"capacity": self.high_places, "workers": 1}

    def agent_state(self, account: Account) -> dict[str, Any]:
        done = account.processed
        labels = [label_of(sent.message_id) for sent in done]
        return {
            "version": len(done), "message_count": len(done), "last_sequence_id": done[-1].sequence_id if done else None,
            "processed_message_ids": [sent.message_id for sent in done][-5:], "context_digest": account.chain,
            "pending": account.depth + (account.running is not None), "topic": labels[-1] if labels else None, "topics": labels[-20:],
            "conversation": done[-1].details.get("conversation") if done else None,
            "recent": [sent.details.get("content", "never noted")[:9] for sent in done[-2:]],
            "conversation_complete": bool(done and done[-1].details.get("final")), "total_objects": 3 * len(done[-5:]),
        }

    def all_agent_states(self, account: Account) -> dict[str, Any]:
        return {"version": len(account.processed), "agents": {
            name: {**agent, "shared_state": {key: dict(view) for key, view in agent["shared_state"].items()}}
            for name, agent in account.agents.items()
        }}

    def take(self, account: Account) -> None:
        account.running = sent = self.next(account)
        account.in_a_row = account.in_a_row + 1 if sent.high else 0

    def next(self, account: Account) -> Sent:
        if account.high and not (account.normal and account.in_a_row >= self.high_in_a_row):
            return account.high.popleft()
        return account.normal.popleft()

    def finish(self, account: Account) -> None:
        sent = account.running
        assert sent is not None
        account.running = None
        if account.failing:
            account.failing -= 1
            account.known.discard(sent.message_id)
            self.note("refused", sent, "processing_failed")
            self.push(sent.connection, Kind.REFUSED, sent, {"reason": "processing_failed"})
            return
        self.push(sent.connection, Kind.REPLY, sent, self.apply(account, sent))

    def apply(self, account: Account, sent: Sent) -> dict[str, Any]:
        account.processed.append(sent)
        self.note("processed", sent)
        account.chain = digest_of(account.chain + sent.digest)
        details: dict[str, Any] = {"version": len(account.processed)}
        targets, key = sent.details.get("target_agents"), sent.details.get("shared_state_key")
        if targets:
            if key:
                account.writes[key] += 1
                details["shared"] = {"key": key, "value": sent.digest, "version": account.writes[key]}
            details["contributing_agents"] = [self.contribute(account, name, sent, key) for name in targets]
        return details

    def contribute(self, account: Account, name: str, sent: Sent, key: str | None) -> dict[str, Any]:
        agent = account.agents[name]
        agent["messages_processed"] += 1
        agent["last_sequence_id"] = sent.sequence_id
        if key:
            agent["shared_state"][key] = {"value": sent.digest, "version": account.writes[key]}
        return {"agent": name, "processed_sequence": sent.sequence_id, "shared_version": account.writes[key] if key else None}

    # many steps

    def step(self, **weights: int) -> None:
        """One step at random, of those that are possible."""
        steps: list[tuple[int, Any]] = []
        for name, weight in weights.items():
            steps += [(weight, getattr(self, f"maybe_{name}"))]
        steps += [(4, lambda c=c: self.read(c)) for c, items in self.up.items() if items]
        steps += [(4, lambda c=c: self.receive(c)) for c, items in self.down.items() if items]
        steps += [(3, lambda a=a: self.finish(a)) for a in self.users.values() if a.running]
        steps += [(3, lambda a=a: self.take(a)) for a in self.users.values() if a.depth and not a.running and not a.held]
        if self.uncommitted:
            steps.append((3, self.commit))
        (chosen,) = self.random.choices([step for _, step in steps], [weight for weight, _ in steps])
        chosen()

    def run(self, steps: int, **weights: int) -> ModelServer:
        for _ in range(steps):
            self.step(**weights)
        return self

    def settle(self) -> ModelServer:
        """Until nothing is on its way; what is held stays."""
        while (
            any(self.up.values()) or any(self.down.values()) or self.uncommitted
            or any(a.running or (a.depth and not a.held) for a in self.users.values())
        ):
            self.step()
        return self

    def maybe_send(self) -> None:
        self.send(self._any(), high=self.random.random() < 0.4, acknowledge=self.random.random() < 0.7)

    def maybe_coordinate(self) -> None:
        targets = self.random.sample(self.team, self.random.randint(1, len(self.team)))
        self.send(self._any(), target_agents=targets, **({"shared_state_key": self.random.choice("kj")} if self.random.random() < 0.8 else {}))

    def maybe_end(self) -> None:
        self.send(self._any(), final=True)

    def maybe_say(self) -> None:
        self.send(self._any(), conversation=self.random.choice(("prices", "plans")), content=f"number {len(self.sent)} of many")

    def maybe_again(self) -> None:
        if self.refused:
            sent = self.refused.pop(self.random.randrange(len(self.refused)))
            if sent.connection in self.up:
                self.send(sent.connection, again=sent)

    def maybe_copy(self) -> None:
        if self.sent:
            sent = self.random.choice(self.sent)
            self.send(self.random.choice([c for c in self.up if self.owner[c] == sent.user]), again=sent)

    def maybe_ask(self) -> None:
        self.ask(self.random.choice(("queue_state", "queue_capacity", "agent_state", "all_agent_states")), self._any())

    def maybe_configure(self) -> None:
        self.ask("configure_agents", self._any())

    def maybe_fail(self) -> None:
        self.random.choice(list(self.users.values())).failing += 1

    def maybe_drop(self) -> None:
        self.drop(self._any())

    def _any(self) -> int:
        return self.random.choice(list(self.up))


def fresh_agent() -> dict[str, Any]:
    return {"messages_processed": 0, "last_sequence_id": None, "shared_state": {}, "corrupted": False}


def digest_of(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]


def label_of(message_id: str) -> str:
    """What the kit and the server both say a message is about."""
    return ("sales", "regions", "alerts")[int(message_id.rsplit("-", 1)[1]) % 3]
