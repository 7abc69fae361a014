"""The journal: everything this process sent and received, in one order, never changed afterwards."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from time import monotonic
from typing import Any

import orjson

from ..checks.columns import Events
from ..checks.events import Event, Kind
from ..errors import UsageError

MOST_EVENTS = 5_000_000
"""Some 700 MB; a conversation that is longer belongs to the load lane, which counts instead of keeping events."""


class Journal:
    """Append-only; written by the loop thread only. Reading never consumes: a cursor says from where to look."""

    def __init__(self, clock: Callable[[], float] = monotonic, most: int = MOST_EVENTS) -> None:
        self.events = Events()
        self.clock = clock
        self.most = most

    def write(self, kind: Kind, client: str, connection: int, user: str, *fields: Any, time: float | None = None) -> int:
        """Appends one event and returns its index; ``fields`` follow the order of :class:`Event` from ``message_id`` on."""
        events = self.events
        return events.append(events.names.source(client, connection, user), self.clock() if time is None else time, kind, *fields)

    def check_room(self) -> None:
        """Raises when the journal holds as much as it may; what is sent and what arrives is checked, how it ended is always written."""
        if len(self.events) >= self.most:
            raise UsageError(f"the journal of this process is full ({self.most:,} events); split the case into several tests or robot calls")

    @property
    def cursor(self) -> int:
        """The index that the next event will have."""
        return len(self.events)

    def slice(self, since: int = 0, clients: Collection[str] | None = None) -> Events:
        """The events from a cursor on, of the named clients or of all."""
        events = self.events[since:]
        return events if clients is None else events.of_clients(clients)

    def save(self, path: Path, since: int = 0) -> Path:
        """Writes the events from a cursor on as JSON lines (contents of messages are not in it, only their digests)."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.writelines(orjson.dumps({"schema": 1, **_plain(event)}, default=str) + b"\n" for event in self.slice(since))
        return path


def _plain(event: Event) -> dict[str, Any]:
    return {name: value for name, value in event._asdict().items() if value is not None}
