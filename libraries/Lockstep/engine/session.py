"""What a client remembers of its session from one connection to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..checks.events import Event


@dataclass(slots=True)
class SessionState:
    """The target's name for the session, and how far the client has received what it sends. Used by the loop thread only."""

    id: str = ""
    """Empty before the first greeting, and where the target names no session."""
    epoch: object = None
    """Which numbering the offsets belong to; a new one begins where the target cannot go on with the old one."""
    offset: int = 0
    """The last offset that was received in this epoch."""
    recovered: bool = False
    """Whether the target said, at the last reconnection, that this is the session as it was."""
    hello: Event | None = None
    """The last greeting."""

    def numbered(self, offset: int, said: Mapping[str, Any] | None) -> None:
        """Something with this offset arrived before the greeting; unless it says otherwise, it is counted in the epoch that is known."""
        said = said or {}
        if (str(said.get("session", self.id)), said.get("epoch", self.epoch)) == (self.id, self.epoch):
            self.offset = max(self.offset, offset)

    def greeted(self, hello: Event, early: int = 0) -> None:
        """A connection is ready: what the target says of the session holds from now on; `early` is the highest offset that came before it."""
        said = hello.details or {}
        before = self.id, self.epoch
        self.id, self.epoch = str(said.get("session", "")), said.get("epoch")
        if before != (self.id, self.epoch):
            told = said.get("offset")
            self.offset = max(told if isinstance(told, int) else 0, early)
        self.recovered = said.get("recovered") is True
        self.hello = hello

    @property
    def position(self) -> dict[str, object]:
        """What a client says that comes back to this session."""
        return {"session": self.id, "epoch": self.epoch, "offset": self.offset}
