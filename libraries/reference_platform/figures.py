"""What the platform measures of itself: counted when it becomes durable, so that a figure never runs ahead of the ledger."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from operator import itemgetter
from time import monotonic
from typing import TYPE_CHECKING

from .memory import Memory
from .messages import Fields, StatsQuery
from .storage.ledger import DUPLICATE, PROCESSED, RECEIVED, REFUSED, STAGES, Row

if TYPE_CHECKING:
    from .host import Host

COMMITS = 1000
"""So many of the last commits are remembered by their length."""
RATE_OVER = 1.0
"""Seconds over which the present rate is counted."""

_stages = itemgetter(STAGES)


class Figures:
    """One per platform. A row of the ledger counts by its stages; refusals without a message id have no row and do not count."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._rows: Counter[int] = Counter()
        self.commits = 0
        self.commit_seconds = 0.0
        self.failed = 0
        """Messages whose agent failed; they are among the refused."""
        self._lengths: deque[float] = deque(maxlen=COMMITS)
        self.memory = Memory(host.config.state_sync_interval)
        self._memory_at_start = self.memory.resident()
        self._marks: deque[tuple[float, int]] = deque([(monotonic(), 0)])
        """Time and messages processed by then, at most one a quarter of :data:`RATE_OVER`."""

    def committed(self, rows: list[Row], seconds: float) -> None:
        """A transaction with these rows is durable; it took so long."""
        self._rows.update(map(_stages, rows))
        self.commits += 1
        self.commit_seconds += seconds
        self._lengths.append(seconds)
        self._mark(monotonic())

    def counted(self, stage: int) -> int:
        """How many rows passed this stage."""
        return sum(count for stages, count in self._rows.items() if stages & stage)

    @property
    def rate(self) -> float:
        """Messages processed per second, over the last second or a little more."""
        now = monotonic()
        self._mark(now)
        since, before = self._marks[0]
        return (self.counted(PROCESSED) - before) / max(now - since, 1e-3)

    def commit_length(self, share: float) -> float:
        """So many seconds (or fewer) took this share of the last commits; 0 before the first."""
        lengths = sorted(self._lengths)
        return lengths[min(int(len(lengths) * share), len(lengths) - 1)] if lengths else 0.0

    def told(self, query: StatsQuery) -> Fields:
        """The ``performance_stats`` answer."""
        memory = self.memory.resident()
        policies = self._host.policies
        return {
            "type": "performance_stats",
            "request_id": query.request_id,
            "uptime": self._host.uptime(),
            "message_count": self.counted(RECEIVED),
            "processed": self.counted(PROCESSED),
            "refused": self.counted(REFUSED),
            "duplicates": self.counted(DUPLICATE),
            "error_count": self.failed,
            "messages_per_second": round(self.rate, 1),
            "queue_depth": policies.inbox.total(),
            "connection_count": len(self._host.connections),
            "tasks": len(asyncio.all_tasks()),
            "memory_usage_mb": memory / 1e6,
            "memory_growth_mb": (memory - self._memory_at_start) / 1e6,
            "commits": self.commits,
            "commit_p50_ms": self.commit_length(0.5) * 1e3,
            "commit_p95_ms": self.commit_length(0.95) * 1e3,
            "commit_max_ms": self.commit_length(1) * 1e3,
        }

    def _mark(self, now: float) -> None:
        """Keeps the marks that the present rate is counted from: the first is as young as it may be."""
        marks = self._marks
        if now - marks[-1][0] >= RATE_OVER / 4:
            marks.append((now, self.counted(PROCESSED)))
        while len(marks) > 1 and now - marks[1][0] >= RATE_OVER:
            marks.popleft()
