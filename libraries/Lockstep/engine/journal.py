"""The journal: everything this process sent and received, in one order, never changed afterwards."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Any

import orjson

from ..checks.columns import AT_ONCE, Events
from ..checks.events import Event, Kind
from ..errors import UsageError

MOST_EVENTS = 5_000_000
"""Some 700 MB; a conversation that is longer belongs to the load lane, which counts instead of keeping events."""


class Journal:
    """Append-only; written by the loop thread only. Reading never consumes: a cursor says from where to look."""

    def __init__(self, clock: Callable[[], float] = monotonic, most: int = MOST_EVENTS) -> None:
        self.clock = clock
        self.most = most
        self.cursor = 0
        """The index that the next event will have."""
        self._events = Events()
        self._fresh: list[tuple[Any, ...]] = []
        """Events that are not in columns yet: adding many at once is cheaper, and who sends should not pay for those who read."""
        self._lock = Lock()

    def write(  # noqa: PLR0917 - the fields of an event
        self, kind: Kind, client: str, connection: int, user: str, message_id: str | None = None, attempt: int | None = None,
        sequence_id: int | None = None, offset: int | None = None, digest: str | None = None, intended: float | None = None,
        details: Mapping[str, Any] | None = None, *, time: float | None = None,
    ) -> int:
        """Appends one event and returns its index."""
        index, fresh = self.cursor, self._fresh
        fresh.append((
            index, self.clock() if time is None else time, kind, client, connection, user, message_id, attempt, sequence_id, offset, digest, intended,
            details,
        ))
        self.cursor = index + 1
        if len(fresh) >= AT_ONCE:
            self._tidy()
        return index

    def _tidy(self) -> None:
        """Moves what is fresh into the columns; any thread may ask for it, while the loop thread goes on writing behind."""
        with self._lock:
            self._move()

    def _move(self) -> None:
        done = self._fresh[:]
        self._events.extend(done)
        del self._fresh[: len(done)]

    @property
    def events(self) -> Events:
        """All events that were written so far."""
        self._tidy()
        return self._events

    @property
    def has_room(self) -> bool:
        """Whether it may hold more."""
        return self.cursor < self.most

    def check_room(self) -> None:
        """Raises when the journal holds as much as it may; what is sent and what arrives is checked, how it ended is always written."""
        if not self.has_room:
            raise UsageError(f"the journal of this process is full ({self.most:,} events); split the case into several tests or robot calls")

    def slice(self, since: int = 0, clients: Collection[str] | None = None) -> Events:
        """The events from a cursor on, of the named clients or of all."""
        with self._lock:  # while columns grow one after the other, they are of different lengths
            self._move()
            events = self._events[since:]
        return events if clients is None else events.of_clients(clients)

    def save(self, path: Path, since: int = 0) -> Path:
        """Writes the events from a cursor on as JSON lines (contents of messages are not in it, only their digests)."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.writelines(orjson.dumps({"schema": 1, **_plain(event)}, default=str) + b"\n" for event in self.slice(since))
        return path


def _plain(event: Event) -> dict[str, Any]:
    return {name: value for name, value in event._asdict().items() if value is not None}
