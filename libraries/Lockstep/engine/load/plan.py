"""What a load phase shall do, and the one command that a shard is started with. Everything here becomes JSON and comes back."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from ...targets.model import TargetFile

STRETCHES = 20
"""So many looks a phase has at least, if it lasts 4 s."""


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)  # inputs hold tokens


class Stage(NamedTuple):
    """A stretch of an open-loop schedule: the rate (msg/s, over all connections) goes evenly from one value to the other."""

    seconds: float
    begin: float
    end: float

    @property
    def messages(self) -> float:
        """How many messages fall due in it."""
        return self.seconds * (self.begin + self.end) / 2


class Plan(_Frozen):
    """The load of one phase over all connections and shards.

    Open loop: ``stages`` say when messages are due, whatever the answers do. Closed loop: ``window`` messages are unanswered on each
    connection at any time, for ``seconds`` or until each connection has sent its part of ``count``.
    """

    connections: int
    stages: tuple[Stage, ...] = ()
    burst: int = 1
    """Open loop: so many messages are due at one instant."""
    window: int | None = None
    seconds: float | None = None
    count: int | None = None
    size: int | None = None
    high_share: float = 0.0
    duplicate_share: float = 0.0
    seed: int = 1
    patience: float = 30.0
    """s without any answer after which what is left is taken for lost, whatever the target says of itself."""

    @property
    def scheduled(self) -> int | None:
        """How many messages the schedule holds; None where the answers decide it."""
        return math.floor(sum(stage.messages for stage in self.stages) + 1e-6) if self.stages else self.count

    @property
    def lasts(self) -> float | None:
        """s; how long messages fall due; None where the answers decide it."""
        return sum(stage.seconds for stage in self.stages) if self.stages else self.seconds

    @property
    def ramp(self) -> Stage | None:
        """The stage in which the rate grows to what is meant; what is due in it does not count for the rate of the phase."""
        return self.stages[0] if self.stages and self.stages[0].begin < self.stages[0].end else None

    @property
    def steady(self) -> float | None:
        """msg/s that are offered once the rate has got there; None where the answers decide it."""
        return self.stages[-1].end if self.stages else None

    @property
    def stretch(self) -> float:
        """S between two looks at it: one, or less in a short phase, so that its stretches still tell a trend."""
        return min(1.0, max(0.2, self.lasts / STRETCHES)) if self.lasts else 1.0

    def part_of(self, connection: int) -> int | None:
        """How many messages a connection sends; None where time decides it."""
        whole = self.scheduled
        return None if whole is None else (whole - connection - 1) // self.connections + 1


class Door(_Frozen):
    """How one connection is opened; holds the user's token, so it goes through pipes only, never into arguments or files."""

    number: int
    user: str
    prefix: str
    """Begins the message ids of this connection; unique in the run."""
    url: str
    headers: dict[str, str] = {}
    subprotocols: tuple[str, ...] = ()
    secret: str = ""
    """The token, to keep it out of what the target says when it closes."""
    hello: str | None = None
    """What the client says first, where the server waits for that."""


class Command(_Frozen):
    """All that a shard needs before it opens: plan, its share of the connections, and how to speak with the target."""

    schema_version: Literal[1] = 1
    shard: int = 0
    shards: int = 1
    every: float = 1.0
    """s between two lines."""
    plan: Plan
    doors: tuple[Door, ...]
    file: TargetFile
    path: str
    """Where the target file lies, beside which an adapter class of its own is looked for."""
