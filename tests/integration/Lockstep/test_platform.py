"""The keyword library against the reference platform as a process."""

import os
import threading

import psutil
import pytest

from Lockstep.checks import History
from Lockstep.checks.answers import nothing_lost
from Lockstep.checks.events import Kind
from Lockstep.engine.barrier import settle
from Lockstep.engine.schedule import Schedule
from Lockstep.engine.sending import Plan, contents
from Lockstep.targets import load_target


def burst(client, messages, **keys):
    return client.send_burst(Plan(Schedule(messages), contents(client.account, None, 1), **keys))


def test_a_conversation_ends_with_an_empty_account(engine, platform, connect):
    alice = connect(platform)
    engine.run(burst(alice, 300, in_flight=64))
    settled = engine.run(settle(alice, fence="agent_state", since=0))
    assert settled.how == "every attempt was answered"
    assert nothing_lost(History(engine.journal.events)).ok
    rows = engine.run(platform.ledger())
    assert [row.message_id for row in rows if row.what == "processed"] == [f"{alice.account.login}.{number}" for number in range(300)]


@pytest.mark.parametrize("gracefully", [True, False])
def test_a_restart_keeps_the_store(engine, platform, connect, gracefully):
    alice = connect(platform)
    engine.run(burst(alice, 5))
    engine.run(settle(alice, fence="agent_state", since=0))
    before = platform.process.pid
    platform.restart(gracefully=gracefully)
    assert platform.process.pid != before
    assert not psutil.pid_exists(before)
    assert platform.obituary() == ""
    again = connect(platform, account=alice.account)
    engine.run(again.send_burst(Plan(Schedule(3), str, message_id=lambda _number: f"{alice.account.login}.0")))
    engine.run(settle(again, fence="agent_state", since=0))
    assert [event.kind for event in engine.journal.events if event.message_id == f"{alice.account.login}.0" and event.kind is Kind.DUPLICATE] == [Kind.DUPLICATE] * 3
    state = engine.run(again.ask("agent_state", 10)).details["fields"]
    assert (state["message_count"], state["last_sequence_id"]) == (5, 4)


def test_closing_leaves_no_thread_no_process_no_descriptor_and_no_store(engine, connect):
    threads, children = set(threading.enumerate()), set(psutil.Process().children())
    engine.run(_nothing())
    engine.stop()
    for _ in range(2):  # the second round shows what the first one kept
        target = load_target("reference")
        target.open()
        store = target.process._store
        alice = connect(target)
        engine.run(burst(alice, 10))
        engine.run(engine.close(["alice"]))
        engine.run(target.http.close())
        target.close()
        engine.stop()
        assert not store.exists()
        descriptors = psutil.Process().num_fds()
    assert set(threading.enumerate()) == threads
    assert set(psutil.Process().children()) == children
    assert psutil.Process().num_fds() == descriptors


async def _nothing():
    """Starts the loop, so that what it keeps for ever is there before."""


def test_a_server_that_was_killed_is_reported_with_its_code(engine, platform, connect):
    connect(platform)
    os.kill(platform.process.pid, 9)
    platform.process._process.wait(10)
    assert platform.obituary().startswith("; the target's process ended with code -9")
    assert platform.process.pid is None
    assert platform.server is None


def test_several_clients_send_at_the_same_time_and_keep_their_own_journal(engine, platform, connect):
    import asyncio

    clients = [connect(platform, alias) for alias in ("alice", "bob", "carol")]

    async def together():
        return await asyncio.gather(*(burst(client, 50) for client in clients))

    bursts = engine.run(together())
    for client, sent in zip(clients, bursts, strict=True):
        engine.run(settle(client, fence="agent_state", since=0))
        mine = engine.journal.slice(0, {client.alias})
        assert [event.message_id for event in mine if event.kind is Kind.REPLY] == list(sent.message_ids)
        assert sent.first_sent == next(event.time for event in mine if event.kind is Kind.SEND)
        assert {event.user for event in mine} == {client.account.user}
