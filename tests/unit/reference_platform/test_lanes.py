"""Who is worked for at once, and that it makes no difference but time: the short way against the way through the inbox."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reference_platform.clock import Clock
from reference_platform.configuration import Configuration
from reference_platform.host import Host
from reference_platform.messages import UserMessage
from reference_platform.pipeline import Pipeline
from reference_platform.policies import Agents, Duplicates, Inbox, Outbox, Policies, Store, Workers
from reference_platform.sessions.session import Session
from reference_platform.storage.database import Database
from reference_platform.storage.ledger import export
from reference_platform.storage.ownership import Ownership


class SameInbox(Inbox):
    """Replaces the port and changes nothing: every message takes the way through it."""


class SameClaim(Duplicates):
    async def claim(self, message, connection):
        await asyncio.sleep(0)
        return await super().claim(message, connection)


class SameAgents(Agents):
    async def apply(self, message):
        await asyncio.sleep(0)
        return await super().apply(message)


class SameRun(Workers):
    async def run(self, message, process):
        await asyncio.sleep(0)
        await super().run(message, process)


class SameStore(Store):
    async def commit(self, batch):
        await asyncio.sleep(0)
        await super().commit(batch)


class Kept(Outbox):
    """Keeps what would leave."""

    def release(self, replies):
        for reply in replies:
            reply.session.sent.append(dict(reply.fields))


def way(tmp_path, ports, segments):
    """What each user is told and what the ledger says after these segments: lists of (user, JSON object)."""

    async def run():
        host = Host(Configuration(), Clock(), 1)
        host.failed = errors.append
        policies = Policies.build(host, {"outbox": Kept, **ports})
        policies.store.database = Database(tmp_path / "store", Ownership(tmp_path / "store"), synchronous="normal")
        pipeline = Pipeline(host)
        await pipeline.start()
        sessions = {}
        for user in "ab":
            connection = SimpleNamespace(is_stalled=False, decode=policies.codec.decode, id=f"connection of {user}")
            connection.session = sessions[user] = type("Told", (Session,), {})(user, user, 1, connection, connection.id)
            sessions[user].sent = []
            pipeline.opened(connection)
        for user, texts in segments:
            payloads = iter([json.dumps(text).encode() for text in texts])
            while (waiting := pipeline.receive(payloads, sessions[user].connection)) is not None:
                await waiting
            await asyncio.sleep(0)
        await pipeline.stop(patience=5)
        assert not policies.duplicates.uncommitted, "what is durable is the store's to know"
        policies.store.database.close()
        return {user: session.sent for user, session in sessions.items()}

    errors = []
    told = asyncio.run(run())
    assert not errors
    lines = [json.loads(line) for page in export(tmp_path / "store", 0) for line in page.splitlines()]
    assert [line["index"] for line in lines] == sorted({line["index"] for line in lines})
    return told, lines


def without_time(frames, numbers):
    """Frames of one kind are in the order of their effects; those of two kinds may change places between the ways."""
    kinds = {}
    for frame in frames:
        timeless = {name: value for name, value in frame.items() if name not in ("timestamp", "processing_time", *numbers)}
        kinds.setdefault(frame.get("type") or frame["what"], []).append(timeless)
    return kinds


MESSAGES = st.builds(
    lambda number, content, more: {"type": "user_message", "message_id": f"m{number}", "content": content, "sequence_id": number, **more},
    st.integers(0, 12), st.sampled_from(["hello", "sales of the region", 7]),
    st.sampled_from([{}, {"acknowledge": True}, {"attempt": 2}, {"conversation": "Plans", "final": True}, {"target_agents": ["nobody"]}]),
)  # fmt: skip
SEGMENTS = st.lists(st.tuples(st.sampled_from("ab"), st.lists(MESSAGES, min_size=1, max_size=12)), min_size=1, max_size=6)


@pytest.fixture(autouse=True)
def small_tables(monkeypatch):
    """A table of 20 MB for each example would take longer than all the rest; a small one also has more collisions."""
    monkeypatch.setattr("reference_platform.storage.claims.SHIFT", 24)
    monkeypatch.setattr("reference_platform.storage.claims.SLOTS", 1 << 8)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    segments=SEGMENTS,
    ports=st.sampled_from([
        {"inbox": SameInbox}, {"duplicates": SameClaim}, {"agents": SameAgents}, {"workers": SameRun}, {"store": SameStore},
        {"inbox": SameInbox, "duplicates": SameClaim, "agents": SameAgents, "workers": SameRun, "store": SameStore},
    ]),
)  # fmt: skip
def test_each_way_leads_to_the_same(tmp_path_factory, ports, segments):
    short, ledger = way(tmp_path_factory.mktemp("short"), {}, segments)
    long, other = way(tmp_path_factory.mktemp("long"), ports, segments)
    for user in "ab":
        assert without_time(short[user], ()) == without_time(long[user], ())
        of_user = [[line for line in lines if line["user"] == user] for lines in (ledger, other)]
        assert without_time(of_user[0], ("index", "time")) == without_time(of_user[1], ("index", "time"))


def lanes_of(**ports):
    host = Host(Configuration(max_concurrent_messages=1), Clock(), 1)
    Policies.build(host, ports)
    lanes = Pipeline(host).lanes
    message = UserMessage("m", "hello", "")
    message.user = "alice"
    return lanes, host.policies, message


@pytest.mark.parametrize(
    "ports",
    [{"inbox": SameInbox}, {"workers": SameRun}, {"agents": SameAgents}, {"workers": type("Slow", (Workers,), {"pace": lambda *_: 1.0})}],
)
def test_a_replaced_port_gets_every_message(ports):
    lanes, _, message = lanes_of(**ports)
    assert not lanes.are_free_for(message.user)


def test_a_message_waits_where_something_is_in_its_way():
    async def run():
        lanes, policies, message = lanes_of()
        assert lanes.are_free_for(message.user)
        lanes.hold("bob")
        assert lanes.are_free_for(message.user)
        lanes.hold("alice")
        assert not lanes.are_free_for(message.user)
        lanes.release(None)
        lanes.hold(None)
        assert not lanes.are_free_for(message.user)
        lanes.release(None)
        policies.workers.work_times["alice"] = 5.0
        assert not lanes.are_free_for(message.user)
        policies.workers.work_times.clear()
        assert lanes.are_free_for(message.user)
        policies.inbox.put(message)
        lanes.offer("alice")
        assert not lanes.are_free_for(message.user), "another one of hers waits"

        lanes, policies, message = lanes_of()
        slow = UserMessage("slow", "hello", "")
        slow.user = "bob"
        policies.workers.work_times["bob"] = 5.0
        policies.inbox.put(slow)
        lanes.offer("bob")
        lanes.run()
        assert not lanes.are_free_for(message.user), "the only lane is taken"
        lanes.stop()

    asyncio.run(run())


def test_ports_know_what_of_them_is_replaced():
    host = Host(Configuration(), Clock(), 1)
    assert Inbox(host).is_correct
    assert not SameInbox(host).is_correct
    assert SameInbox(host).keeps("admit", "take")
    assert not SameRun(host).keeps("pace", "run")
    assert SameRun(host).keeps("pace")
    assert not SameAgents(host).keeps("apply")
