"""The parts of coming back: what is retained, who is away, what is judged, what is noted."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.datastructures import Headers
from websockets.http11 import Request

from reference_platform.clock import Clock
from reference_platform.configuration import Configuration
from reference_platform.connections.handshake import judge
from reference_platform.host import Host
from reference_platform.policies import Policies
from reference_platform.policies.gate import Refusal
from reference_platform.policies.sessions import REMEMBERED
from reference_platform.policies.tokens import Identity
from reference_platform.sessions.absences import Absences
from reference_platform.sessions.events import KEPT, SessionEvents
from reference_platform.sessions.retained import Retained
from reference_platform.sessions.session import NOBODY, Kept, Session, Wish

ALICE = Identity("alice", {})


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 30), max_size=40), st.integers(1, 10), st.integers(1, 100), st.integers(0, 45))
def test_retained_against_an_obvious_model(sizes, most, most_bytes, wanted):
    retained, kept = Retained(), []
    for number, size in enumerate(sizes):
        frame = bytes([number]) * size
        retained.append(frame, most=most, most_bytes=most_bytes)
        kept.append(frame)
        while len(kept) > most or sum(map(len, kept)) > most_bytes:
            kept.pop(0)
        assert len(retained) == len(kept)
    assert retained.last(wanted) == (kept[len(kept) - wanted :] if wanted <= len(kept) else None)
    retained.clear()
    assert (retained.last(0), retained.last(1)) == ([], None)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(st.tuples(st.just("leave"), st.integers(0, 4)), st.tuples(st.just("come"), st.integers(0, 4)), st.tuples(st.just("wait"), st.floats(0, 9))), max_size=40))
def test_absences_against_an_obvious_model(steps):
    """Everybody who is away for more than 10 s is told of, once, as soon as the clock is moved beyond it, and nobody else."""

    async def run():
        clock, over = Clock(), []
        now = 1000.0
        clock.now = lambda: now
        sessions = [Session(str(number), "alice", 1, NOBODY, "", kept=Kept("")) for number in range(5)]

        def end(session):
            session.kept = None
            over.append(session.id)

        absences, away, expected = Absences(clock, end), {}, []
        for what, value in steps:
            if what == "wait":
                now += value
                clock.advance(0)
                due = sorted((left, each) for each, left in away.items() if now - left > 10)
                expected += [each for _, each in due]
                for each in expected:
                    away.pop(each, None)
            elif sessions[value].kept is not None:
                if what == "leave" and str(value) not in away:
                    sessions[value].kept.left = away[str(value)] = now
                    absences.begin(sessions[value], now + 10)
                elif what == "come":
                    sessions[value].kept.left = None
                    away.pop(str(value), None)
            assert sorted(over) == sorted(expected)

    asyncio.run(run())


def test_an_absence_ends_in_real_time_too():
    async def run():
        session, over = Session("s", "alice", 1, NOBODY, "", kept=Kept("", left=5.0)), asyncio.Event()
        clock = Clock()
        Absences(clock, lambda ended: over.set() if ended is session else None).begin(session, clock.now() + 0.05)
        await asyncio.wait_for(over.wait(), 30)

    asyncio.run(run())


def test_events_are_numbered_and_bounded():
    events = SessionEvents(Clock())
    assert events.since(0) == []
    for number in range(KEPT + 5):
        events.note("opened", "alice", f"s{number}", "c")
    assert [event["index"] for event in events.since(KEPT + 3)] == [KEPT + 4, KEPT + 5]
    assert events.since(KEPT + 3)[0]["session"] == f"s{KEPT + 3}"
    everything = events.since(0)
    assert (len(everything), everything[0]["index"], everything[0]["session"]) == (KEPT, 6, "s5")
    assert events.since(KEPT + 5) == []
    assert events.since(10**30) == []


@pytest.fixture
def platform():
    """Ports without a platform around them: what becomes durable is noted."""
    host = Host(Configuration(retained_messages=3), Clock(), 1)
    now = SimpleNamespace(time=1000.0)
    host.clock.now = lambda: now.time
    stored, ended = [], []
    host.transactions = SimpleNamespace(session_changed=stored.append, session_ended=ended.append)
    policies = Policies.build(host, {})
    policies.store.database = SimpleNamespace(contexts=SimpleNamespace(of=lambda session_id: f"context of {session_id}"))
    return SimpleNamespace(sessions=policies.sessions, outbox=policies.outbox, host=host, now=now, stored=stored, ended=ended)


def connection(**wish):
    return SimpleNamespace(id=f"connection-{len(wish)}", wish=Wish(**{"resumable": True, **wish}), is_evicted=False, is_open=False)


def opened(platform, **wish):
    return asyncio.run(platform.sessions.open(ALICE, connection(**wish)))


def push(platform, session, count):
    for _ in range(count):
        session.offset += 1
        platform.outbox.retain(session, b"frame %d" % session.offset)


def leave(platform, session):
    """Within a loop, because an absence is watched by a timer."""

    async def run():
        await platform.sessions.close(session)

    asyncio.run(run())


@pytest.mark.parametrize(("epoch", "offset", "renumbered", "reason"), [
    (4, 5, False, None), (4, 2, False, None), (4, 1, False, "too_far_behind"), (4, 6, False, "stale_epoch"), (3, 5, False, "stale_epoch"),
    (5, 5, False, "stale_epoch"), (0, 0, False, "stale_epoch"), (3, 99, True, "restarted"), (4, 5, True, "stale_epoch"), (2, 0, True, "stale_epoch"),
])  # fmt: skip
def test_why_not_everything_can_follow(platform, epoch, offset, renumbered, reason):
    session = opened(platform)
    push(platform, session, 5)
    session.epoch, session.kept.renumbered = 4, renumbered
    wish = Wish(resumable=True, session_id=session.id, epoch=epoch, offset=offset)
    assert platform.sessions.unrecovered(session, wish) == reason
    assert platform.outbox.missed(session, 3) == [b"frame 4", b"frame 5"]


def test_a_new_epoch_has_nothing_of_the_one_before(platform):
    session = opened(platform)
    push(platform, session, 3)
    platform.sessions.renumber(session)
    assert (session.epoch, session.offset, platform.outbox.missed(session, 0)) == (2, 0, [])


def test_who_is_not_there_takes_nothing_from_those_who_do_not_ask(platform):
    session = opened(platform, resumable=False)
    assert session.kept is session.context is None
    assert (platform.stored, platform.outbox.missed(session, 0)) == ([], [])
    leave(platform, session)
    assert platform.sessions.open_sessions == {}


@pytest.mark.parametrize(("away", "kind"), [(0, "brief"), (29.9, "brief"), (30, "medium"), (300, "medium"), (300.1, "extended")])
def test_classes_of_absence(platform, away, kind):
    told = platform.sessions.absence(platform.now.time - away)
    assert told["absence"] == away
    assert told["absence_class"] == kind
    assert ("warning" in told) == (kind == "medium")


@pytest.mark.parametrize(("created", "left", "now", "rule"), [
    (0, 100, 400, None), (0, 100, 400.1, "session_window"), (0, 86_300, 86_400, None), (0, 86_300, 86_400.1, "session_lifetime"),
    (0, 86_100, 86_401, "session_window"),
])  # fmt: skip
def test_the_rule_that_ends_a_session_is_the_first_that_applies(platform, created, left, now, rule):
    platform.now.time = created
    session = opened(platform)
    platform.now.time = left
    leave(platform, session)
    platform.now.time = now

    async def look():
        return platform.sessions.asked(ALICE, Wish(resumable=True, session_id=session.id))

    assert asyncio.run(look()) is (session if rule is None else None)
    assert [over.rule for over in platform.sessions.over.values()] == ([] if rule is None else [rule])
    assert platform.ended == ([] if rule is None else [session])
    assert (session.kept is None) == (session.context is None) == (rule is not None)


def test_only_the_last_that_are_over_are_known(platform):
    for number in range(REMEMBERED + 3):
        platform.sessions.expire(Session(f"s{number}", "alice", 1, NOBODY, "", kept=Kept("")))
    assert len(platform.sessions.over) == REMEMBERED
    assert "s2" not in platform.sessions.over
    assert "s3" in platform.sessions.over


@pytest.mark.parametrize(("query", "wish"), [
    ("", Wish()), ("&resumable=false", Wish()), ("&epoch=3", Wish()), ("&resumable=true", (True, None, 0, 0)),
    ("&session_id=s&epoch=2&offset=7", (True, "s", 2, 7)), ("&session_id=s&resumable=false", (True, "s", 0, 0)),
    ("&session_id=", (True, "", 0, 0)),
    ("&resumable=1", None), ("&session_id=s&epoch=-1", None), ("&session_id=s&offset=1.0", None), ("&session_id=s&offset=", None),
])  # fmt: skip
def test_what_a_handshake_says(platform, query, wish):
    token = platform.sessions.host.policies.tokens.issue("a@example.test", 60, {})
    request = Request(f"/ws?token={token}{query}", Headers({"Host": "x", "Sec-WebSocket-Version": "13"}))
    judged = asyncio.run(judge(request, platform.host.policies, "127.0.0.1:5000"))
    if wish is None:
        assert isinstance(judged, Refusal)
        assert judged.status == 400
    else:
        assert judged.wish[:4] == tuple(wish)[:4]


@pytest.mark.parametrize("same", [True, False])
def test_a_place_is_address_forwarded_for_and_user_agent_but_not_the_port(platform, same):
    token = platform.host.policies.tokens.issue("a@example.test", 60, {})

    def place(peer, **headers):
        request = Request(f"/ws?token={token}&resumable=true", Headers({"Host": "x", "Sec-WebSocket-Version": "13", **headers}))
        return asyncio.run(judge(request, platform.host.policies, peer)).wish.place

    here = place("127.0.0.1:5000", **{"User-Agent": "desk"})
    if same:
        assert place("127.0.0.1:6000", **{"User-Agent": "desk"}) == here
    else:
        assert here not in (place("127.0.0.2:5000", **{"User-Agent": "desk"}), place("127.0.0.1:5000"), place("127.0.0.1:5000", **{"User-Agent": "desk", "X-Forwarded-For": "10.0.0.1"}))
