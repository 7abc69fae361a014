"""Pings and lost connections, on a clock that a test moves."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field

import pytest

from reference_platform.clock import Clock
from reference_platform.configuration import Configuration
from reference_platform.host import Host
from reference_platform.policies import Policies, heartbeat


@dataclass(eq=False)
class Peer:
    """A connection that notes what it is told."""

    pings: list[bytes] = field(default_factory=list)
    end: tuple[int, str] | None = None
    is_kept_waiting: bool = False

    def ping(self, payload):
        self.pings.append(payload)

    def fail(self, code, reason):
        self.end = (code, reason)


@pytest.fixture
def host(monkeypatch):
    """A platform whose real time stands still unless ``host.real`` is set."""
    host = Host(Configuration(), Clock(), 1)
    host.real = 0.0
    start = host.clock.now()
    monkeypatch.setattr(heartbeat, "monotonic", lambda: host.real)
    monkeypatch.setattr(host.clock, "now", lambda: start + host.real + host.clock.offset)
    Policies.build(host, {})
    return host


@contextlib.contextmanager
def running():
    """Timers need a loop, which never gets to run here."""
    loop = asyncio.new_event_loop()
    asyncio._set_running_loop(loop)
    try:
        yield loop
    finally:
        asyncio._set_running_loop(None)
        loop.close()


def test_moving_the_clock_pings_at_once_and_once(host):
    beats, peer = host.policies.heartbeat, Peer()
    with running():
        beats.opened(peer)
        host.clock.advance(29.9)
        assert peer.pings == []
        host.clock.advance(100)
        assert len(peer.pings) == 1
        host.clock.advance(30.1)
        assert len(set(peer.pings)) == 2


def test_an_answered_ping_keeps_the_connection_and_answers_all_before_it(host):
    beats, peer = host.policies.heartbeat, Peer()
    with running():
        beats.opened(peer)
        for _ in range(2):
            host.clock.advance(30)
        beats.answered(peer, b"nobody asked")
        beats.answered(peer, peer.pings[1])
        host.real += 5
        host.clock.advance(29)
        host.real += 5
        beats.look()
        assert peer.end is None
        assert len(peer.pings) == 3


def test_an_answer_to_an_earlier_ping_leaves_the_later_one_unanswered(host):
    beats, peer = host.policies.heartbeat, Peer()
    with running():
        beats.opened(peer)
        for _ in range(2):
            host.clock.advance(30)
        beats.answered(peer, peer.pings[0])
        host.real += 2
        host.clock.advance(60)
        assert peer.end is not None


def test_silence_ends_it_after_the_timeout_on_the_platforms_clock_and_a_second_of_real_time(host):
    beats, peer, other = host.policies.heartbeat, Peer(), Peer()
    with running():
        beats.opened(peer)
        host.clock.advance(30)
        host.real += 0.9
        host.clock.advance(60)
        assert peer.end is None, "an answer may always take a second"
        host.real += 0.2
        beats.look()
        assert peer.end == (1011, "heartbeat lost")
        beats.opened(other)
        host.clock.advance(30)
        host.real += 58
        beats.look()
        assert other.end is None, "59 of 60 s"


def test_an_answer_that_may_lie_unread_is_not_missing(host):
    beats, peer = host.policies.heartbeat, Peer(is_kept_waiting=True)
    with running():
        beats.opened(peer)
        host.clock.advance(30)
        host.real += 2
        host.clock.advance(60)
        assert peer.end is None
        peer.is_kept_waiting = False
        beats.look()
        assert peer.end is not None


def test_a_closed_connection_is_left_alone(host):
    beats, peer = host.policies.heartbeat, Peer()
    with running():
        beats.opened(peer)
        host.clock.advance(30)
        beats.closed(peer)
        beats.answered(peer, peer.pings[0])
        host.real += 2
        host.clock.advance(100)
        assert (len(peer.pings), peer.end) == (1, None)


def test_it_wakes_when_the_first_thing_is_due(host):
    beats, first, second = host.policies.heartbeat, Peer(), Peer()
    with running() as loop:
        due = lambda: round(beats._timer.when() - loop.time(), 1)  # noqa: E731
        beats.opened(first)
        host.real += 10
        beats.opened(second)
        assert due() == 30, "set at the time of the first"
        beats.look()
        assert due() == 20
        host.real += 20
        beats.look()
        assert len(first.pings) == 1
        assert due() == 10
        beats.closed(first)
        beats.closed(second)
        beats.look()
        assert beats._timer is None
