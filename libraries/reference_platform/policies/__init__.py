"""The ports: every decision of the platform that a defect or a quirk may replace, each in a module of its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from .agents import Agents
from .audit import Audit
from .codec import Codec
from .duplicates import Duplicates
from .gate import Gate
from .heartbeat import Heartbeat
from .inbox import Inbox
from .outbox import Outbox
from .port import Port
from .sessions import Sessions
from .store import Store
from .streams import Streams
from .tokens import Tokens
from .wire import Wire
from .workers import Workers

if TYPE_CHECKING:
    from reference_platform.host import Host

PORTS: dict[str, type[Port]] = {
    "wire": Wire, "gate": Gate, "tokens": Tokens, "sessions": Sessions, "codec": Codec, "duplicates": Duplicates,
    "inbox": Inbox, "workers": Workers, "agents": Agents, "store": Store, "outbox": Outbox,
    "streams": Streams, "heartbeat": Heartbeat, "audit": Audit,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Policies:
    """The ports of one running platform."""

    wire: Wire
    gate: Gate
    tokens: Tokens
    sessions: Sessions
    codec: Codec
    duplicates: Duplicates
    inbox: Inbox
    workers: Workers
    agents: Agents
    store: Store
    outbox: Outbox
    streams: Streams
    heartbeat: Heartbeat
    audit: Audit

    @classmethod
    def build(cls, host: Host, replaced: Mapping[str, type[Port]]) -> Policies:
        """The correct platform but for ``replaced`` ports; ``host.policies`` is set."""
        ports = {item.name: replaced.get(item.name, PORTS[item.name])(host) for item in fields(cls)}
        host.policies = cls(**ports)  # type: ignore[arg-type]
        return host.policies


__all__ = [
    "PORTS", "Agents", "Audit", "Codec", "Duplicates", "Gate", "Heartbeat", "Inbox", "Outbox", "Policies", "Port", "Sessions", "Store", "Streams", "Tokens", "Wire",
    "Workers",
]  # fmt: skip
