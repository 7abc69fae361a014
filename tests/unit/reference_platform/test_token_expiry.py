"""Tokens that expire while their connection is there, on a clock that a test moves."""

from __future__ import annotations

import asyncio

import pytest

from reference_platform.clock import Clock
from reference_platform.configuration import Configuration
from reference_platform.host import Host
from reference_platform.policies import Policies
from reference_platform.policies.tokens import Identity


class Peer:
    """A connection that notes how it was closed."""

    end: tuple[int, str] | None = None

    def close(self, code, reason):
        assert self.end is None, "it was closed already"
        self.end = (code, reason)


@pytest.fixture
def host(monkeypatch):
    """A platform whose real time stands still, in a loop that never gets to run."""
    host = Host(Configuration(session_expiry="close"), Clock(), 1)
    monkeypatch.setattr(host.clock, "now", lambda: 1000.0 + host.clock.offset)
    Policies.build(host, {})
    loop = asyncio.new_event_loop()
    asyncio._set_running_loop(loop)
    yield host
    asyncio._set_running_loop(None)
    loop.close()


def opened(host, expires):
    peer = Peer()
    host.policies.tokens.opened(peer, Identity("user-1", {"exp": expires}))
    return peer


def test_a_connection_is_closed_at_the_moment_when_its_token_is_over_and_not_before(host):
    peer = opened(host, 1060)
    host.clock.advance(59.999)
    assert peer.end is None
    host.clock.advance(0.001)
    assert peer.end == (4401, "the token has expired")
    host.clock.advance(100)


def test_each_has_its_own_time_whatever_the_order_of_opening(host):
    late, soon, between = opened(host, 1300), opened(host, 1010), opened(host, 1100)
    host.clock.advance(10)
    assert [one.end is not None for one in (late, soon, between)] == [False, True, False]
    host.clock.advance(90)
    assert [one.end is not None for one in (late, soon, between)] == [False, True, True]
    host.clock.advance(1000)
    assert late.end is not None


def test_a_token_that_was_over_when_the_greeting_left_ends_the_connection_at_the_next_look(host):
    peer = opened(host, 999)
    host.clock.advance(0)
    assert peer.end is not None


def test_who_has_left_is_told_nothing(host):
    peer = opened(host, 1060)
    host.policies.tokens.closed(peer)
    host.policies.tokens.closed(peer)
    host.clock.advance(100)
    assert peer.end is None


def test_the_policy_of_the_moment_counts(host):
    tokens = host.policies.tokens
    stays = opened(host, 1060)
    tokens.in_session = "allow"
    host.clock.advance(60)
    tokens.in_session = "close"
    goes = opened(host, 1120)
    host.clock.advance(60)
    assert (stays.end, goes.end) == (None, (4401, "the token has expired"))
