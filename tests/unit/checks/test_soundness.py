"""No check reports a correct server, however odd its legal ways: all checks over one server that has many quirks at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_server import ModelServer, Sent
from random_histories import codes, examples
from test_agents import CHECKS as OF_AGENTS
from test_context import CHECKS as OF_CONTEXT
from wrong_queues import CountsWhatRuns

from Lockstep.checks import Event, History, Kind, Verdict
from Lockstep.checks.answers import (
    contents_intact,
    no_phantom_replies,
    nothing_answered_twice,
    nothing_lost,
    nothing_refused_was_processed,
)
from Lockstep.checks.duplicates import duplicates_accounted, processed_once_in_ledger
from Lockstep.checks.heartbeat import connections_stayed_up, pings_answered
from Lockstep.checks.isolation import nothing_leaked, snapshots_name_own_messages
from Lockstep.checks.ledger import ledger_agrees_with_journal, nothing_acknowledged_was_lost
from Lockstep.checks.order import processed_in_send_order, replies_in_send_order
from Lockstep.checks.priority import high_never_refused_behind_normal, normals_not_starved, overtaking_bounded
from Lockstep.checks.progress import no_stall
from Lockstep.checks.queue.admission import accepted_is_final, refusals_justified, refused_again_accepted
from Lockstep.checks.queue.told import depth_reported_within, refusals_explained
from Lockstep.checks.state import processed_ids_once

N, H, K = ModelServer.normal_places, ModelServer.high_places, ModelServer.high_in_a_row


class Odd(CountsWhatRuns):
    """Refuses while a place becomes free, pauses at times, and lets urgent replies overtake ordinary ones on their way."""

    def write(self, *event: Any, **fields: Any) -> Event:
        if self.random.random() < 0.01:
            self.time += 0.3  # a pause of its collector
        if self.random.random() < 0.02 and event[1] in self.up:
            super().write(Kind.OTHER, event[1], details={"type": self.random.choice(("ping", "weather"))})
        return super().write(*event, **fields)

    def commit(self) -> None:
        super().commit()
        for waiting in self.down.values():
            for place in range(1, len(waiting)):
                if late(waiting[place - 1]) and urgent(waiting[place]) and self.random.random() < 0.7:
                    waiting[place - 1], waiting[place] = waiting[place], waiting[place - 1]


def urgent(item: Any) -> bool:
    return item[0] is Kind.REPLY and item[1].high


def late(item: Any) -> bool:
    return item[0] is Kind.REPLY and isinstance(item[1], Sent) and not item[1].high


EVERY: dict[str, Callable[[History], Verdict]] = {
    **OF_CONTEXT, **OF_AGENTS,
    **{check.__name__: check for check in (
        nothing_lost, nothing_answered_twice, no_phantom_replies, contents_intact, nothing_refused_was_processed, replies_in_send_order,
        processed_in_send_order, duplicates_accounted, processed_once_in_ledger, connections_stayed_up, snapshots_name_own_messages,
        ledger_agrees_with_journal, nothing_acknowledged_was_lost, refusals_explained, refused_again_accepted, accepted_is_final, processed_ids_once,
    )},
    "leaked": partial(nothing_leaked, canaries={"alice": "canary-a", "bob": "canary-b"}),
    "pings": partial(pings_answered, within=2),
    "stall": partial(no_stall, longest=5),
    "places": partial(depth_reported_within, capacity=H),
    "justified": partial(refusals_justified, normal_places=N, high_places=H),
    "refused": partial(high_never_refused_behind_normal, reserve=H - N),
    "overtaking": partial(overtaking_bounded, high_in_a_row=K),
    "starved": partial(normals_not_starved, high_in_a_row=K),
}
MISBEHAVING: dict[str, dict[str, int]] = {
    "calm": {}, "retried": {"again": 2, "fail": 1}, "repeated": {"copy": 1, "again": 2}, "cut": {"drop": 1, "again": 1},
}


@pytest.mark.parametrize("kind", MISBEHAVING)
@examples(15)
@given(st.integers(0, 10**9), st.booleans())
def test_an_odd_server_is_never_reported(kind: str, seed: int, echo: bool) -> None:
    server = Odd(seed, users=("alice", "bob")[: 1 + seed % 2], echo=echo)
    server.run(150, send=3, coordinate=1, end=1, ask=2, **MISBEHAVING[kind]).settle()
    history = server.history_with_ledger
    verdicts = {name: check(history) for name, check in EVERY.items()}
    assert {name: verdict.violations for name, verdict in verdicts.items() if codes(verdict)} == {}
