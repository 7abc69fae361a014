"""The platform's figures as Prometheus reads them. Imported when somebody asks for ``/metrics``, which few ever do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.registry import Collector

from reference_platform.outbound.queue import TOTALS
from reference_platform.storage.ledger import ACCEPTED, ANSWERED, DUPLICATE, PROCESSED, RECEIVED, REFUSED

if TYPE_CHECKING:
    from reference_platform.host import Host
    from reference_platform.pipeline import Pipeline

NAME = "reference_platform_"
_STAGES = {"received": RECEIVED, "accepted": ACCEPTED, "processed": PROCESSED, "answered": ANSWERED, "duplicate": DUPLICATE, "refused": REFUSED}


class Metrics(Collector):
    """Reads the figures when they are asked for and keeps none of its own."""

    def __init__(self, host: Host, pipeline: Pipeline) -> None:
        self._host = host
        self._pipeline = pipeline
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def text(self) -> bytes:
        """The exposition text."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """All metrics, of one moment."""
        figures = self._pipeline.figures
        messages = CounterMetricFamily(f"{NAME}messages", "Messages by what durably happened to them", labels=["what"])
        for what, stage in _STAGES.items():
            messages.add_metric([what], figures.counted(stage))
        yield messages
        outbox = self._host.policies.outbox
        waiting = CounterMetricFamily(f"{NAME}outbound_messages", "Messages that agents said of their own accord, by what became of them", labels=["what"])
        for what in TOTALS:
            waiting.add_metric([what], outbox.totals[what])
        yield waiting
        yield CounterMetricFamily(f"{NAME}failures", "Messages whose agent failed", value=figures.failed)
        yield SummaryMetricFamily(f"{NAME}commit_seconds", "Time that transactions took", count_value=figures.commits, sum_value=figures.commit_seconds)
        streams = self._host.policies.streams
        groups = streams.sessions.values()
        yield CounterMetricFamily(f"{NAME}stream_chunks_lost", "Chunks of streams that nobody can have any more", value=streams.lost)
        for name, help_text, value in (
            ("streams_open", "Streams that have not ended", sum(group.unended for group in groups)),
            ("stream_bytes_retained", "Bytes of streams that are kept, of all sessions", sum(group.kept_bytes for group in groups)),
            ("connections", "Open connections", len(self._host.connections)),
            ("max_connections", "Connections that there is room for", self._host.config.max_connections),
            ("queue_depth", "Messages that wait, of all users", self._host.policies.inbox.total()),
            ("outbound_queue_depth", "Messages of agents that wait for users who are away", sum(map(outbox.depth, self._host.policies.sessions.open_sessions.values()))),
            ("messages_per_second", "Messages processed in the last second", figures.rate),
            ("resident_memory_bytes", "Memory of the process", figures.memory.resident()),
            ("uptime_seconds", "Time since the start", self._host.uptime()),
        ):
            yield GaugeMetricFamily(f"{NAME}{name}", help_text, value=value)
