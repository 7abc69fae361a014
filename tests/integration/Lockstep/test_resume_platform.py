"""Clients that come back to the reference platform: cut off, taken over, killed with the server; and what the checks say to all of it."""

import asyncio
import uuid

import pytest

from Lockstep.checks.answers import contents_intact, no_phantom_replies, nothing_answered_twice, nothing_lost
from Lockstep.checks.duplicates import duplicates_accounted, processed_once_in_ledger
from Lockstep.checks.events import Kind
from Lockstep.checks.history import History
from Lockstep.checks.ledger import ledger_agrees_with_journal
from Lockstep.checks.offsets import offsets_agree, offsets_without_gap
from Lockstep.checks.order import processed_in_send_order, replies_in_send_order
from Lockstep.checks.resume import resumes_are_sound
from Lockstep.engine.account import Account
from Lockstep.engine.activity import Activity
from Lockstep.engine.barrier import settle
from Lockstep.engine.by_itself import ByItself
from Lockstep.engine.ladder import Ladder
from Lockstep.engine.reconnect import Manner, reconnect
from Lockstep.engine.resume_attempt import try_to_resume
from Lockstep.engine.schedule import Schedule
from Lockstep.engine.sending import Plan
from Lockstep.faults.route import Route

FENCE = "agent_state"
QUICK = Ladder(0.01, 1.5, 0.2, 0.1, 100)
JUDGES = (
    nothing_lost, nothing_answered_twice, no_phantom_replies, contents_intact, offsets_without_gap, offsets_agree, duplicates_accounted,
    replies_in_send_order, resumes_are_sound, processed_in_send_order, processed_once_in_ledger, ledger_agrees_with_journal,
)


@pytest.fixture
def alice(engine, platform):
    account = Account("alice", f"alice-{uuid.uuid4().hex[:6]}")
    return engine.run(engine.connect("alice", account, platform, tries=1, pause=0, resumable=True))


@pytest.fixture
def back(engine, platform):
    def come_back(client, **manner):
        return engine.run(reconnect(engine, client, platform, Manner(QUICK, 4711, fence=FENCE, **manner)))

    return come_back


@pytest.fixture
def gate(engine, platform):
    """A way to the platform that can be cut, or be made to swallow everything."""
    way = Way(platform.addresses["websocket_url"])
    port = engine.run(way.open())
    engine.routes.way = lambda _alias, _number: Route("127.0.0.1", port)
    yield way
    engine.run(way.close())


class Way:
    def __init__(self, url):
        self.port = int(url.split(":")[2].partition("/")[0])
        self.pairs = []
        self.swallows = False

    async def open(self):
        self.server = await asyncio.start_server(self.between, "127.0.0.1", 0)
        return self.server.sockets[0].getsockname()[1]

    async def between(self, reader, writer):
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.pairs.append((writer, there_writer))
        await asyncio.gather(self.pump(reader, there_writer), self.pump(there_reader, writer))

    async def pump(self, reader, writer):
        try:
            while data := await reader.read(65536):
                if not self.swallows:
                    writer.write(data)
        except OSError:
            pass
        if not self.swallows:
            writer.close()

    def cut(self):
        """Resets the newest connection on both sides."""
        for writer in self.pairs[-1]:
            writer.transport.abort()

    async def close(self):
        self.server.close()
        for pair in self.pairs:
            for writer in pair:
                writer.transport.abort()


def plan(count, **options):
    return Plan(Schedule(count, options.pop("every", None)), "text {}".format, fence=FENCE, **options)


def wrong(engine, platform, *clients):
    """Everything that the checks find, with the ledger."""

    async def settled():
        for client in clients:
            await settle(client, fence=FENCE, since=0)
        return await platform.ledger()

    rows = engine.run(settled())
    users = {client.account.user for client in clients}
    history = History(engine.journal.slice(0, {client.alias for client in clients}), [row for row in rows if row.user in users])
    found = {judge.__name__: [one.sentence for one in judge(history).violations if one.code != "vacuous"] for judge in JUDGES}
    return {name: sentences for name, sentences in found.items() if sentences}


def test_a_client_that_is_cut_off_again_and_again_gets_and_does_everything_once(engine, platform, gate, alice):
    async def story():
        alice.by_itself = ByItself(engine, alice, platform, Manner(QUICK, 4711, fence=FENCE), ping_every=None, patience=1)
        activity = Activity(alice.by_itself.work)
        sending = asyncio.ensure_future(alice.send_burst(plan(600, in_flight=16)))
        for times in range(1, 6):
            before = len(alice.account.sent)
            while len(alice.account.sent) < before + 30:  # noqa: ASYNC110 - sending has no event
                await asyncio.sleep(0.001)
            gate.cut()
            assert await alice.by_itself.wait(times, 20)
        burst = await sending
        return burst, await activity.end(20)

    burst, done = engine.run(story())
    assert (len(set(burst.message_ids)), len(done)) == (600, 5)
    assert all(one.recovered and one.session_kept and one.caught_up for one in done)
    assert wrong(engine, platform, alice) == {}
    answered = sum(event.kind is Kind.REPLY for event in engine.journal.events)
    assert answered + sum(event.kind is Kind.DUPLICATE for event in engine.journal.events) >= 600


def test_a_path_that_swallows_everything_is_left_and_the_session_taken_over(engine, platform, gate, alice, back):
    engine.run(alice.send_burst(plan(50)))
    gate.swallows = True
    engine.run(alice.send_burst(plan(5)))  # into nothing
    engine.routes.way = None
    done = back(alice)
    assert (done.recovered, done.session_kept) == (True, True)
    assert done.resent >= 5
    assert wrong(engine, platform, alice) == {}
    (session,) = [one for one in engine.run(platform.sessions(alice.account.user)) if one["live"]]
    assert (session["session"], session["connections"]) == (alice.session.id, 2)


def test_a_killed_server_costs_the_epoch_and_nothing_else(engine, platform, alice, back):
    engine.run(alice.send_burst(plan(200)))
    session, epoch = alice.session.id, alice.session.epoch
    platform.restart(gracefully=False)
    done = back(alice)  # with a fresh token: the one of before belongs to the process that is gone
    assert (done.recovered, done.session_kept, done.reason) == (False, True, "restarted")
    assert (alice.session.id, alice.session.epoch) == (session, epoch + 1)
    assert wrong(engine, platform, alice) == {}
    engine.run(alice.send_burst(plan(20)))
    assert wrong(engine, platform, alice) == {}


def test_a_server_that_is_killed_within_a_burst_costs_nothing_but_time(engine, platform, alice):
    async def story():
        alice.by_itself = ByItself(engine, alice, platform, Manner(QUICK, 4711, fence=FENCE), ping_every=None, patience=1)
        activity = Activity(alice.by_itself.work)
        sending = asyncio.ensure_future(alice.send_burst(plan(1000, in_flight=8)))
        while sum(event.kind is Kind.REPLY for event in engine.journal.events) < 50:  # noqa: ASYNC110 - the journal has no event
            await asyncio.sleep(0.005)
        await asyncio.to_thread(platform.restart, gracefully=False)
        await sending
        assert await alice.by_itself.wait(1, 30)
        return await activity.end(20)

    (done,) = engine.run(story())
    assert (done.recovered, done.reason, done.session_kept) == (False, "restarted", True)
    assert done.tries > 1  # the first while nobody listened, and one that was refused with the token of before
    assert wrong(engine, platform, alice) == {}


def test_a_strangers_session_and_a_stale_epoch_are_not_to_be_had(engine, platform, alice, back):
    engine.run(alice.send_burst(plan(10)))
    assert wrong(engine, platform, alice) == {}
    asked = {"session": alice.session.id, "epoch": alice.session.epoch, "offset": 0}
    bob = Account("bob", f"bob-{uuid.uuid4().hex[:6]}")
    attempt = engine.run(try_to_resume(engine, bob, platform, asked, fence=FENCE))
    assert (attempt.same_session, attempt.recovered, attempt.reason, attempt.received) == (False, False, "unknown_session", 0)
    assert alice.is_connected
    assert back(alice).recovered
    stale = engine.run(try_to_resume(engine, alice.account, platform, {**asked, "epoch": 99}, fence=FENCE))
    assert (stale.recovered, stale.reason) == (False, "stale_epoch")
    assert not back(alice).recovered  # its epoch went on meanwhile
    assert wrong(engine, platform, alice) == {}


def test_a_client_that_is_away_too_long_is_told_so(engine, platform, alice, back):
    engine.run(alice.send_burst(plan(5)))
    assert wrong(engine, platform, alice) == {}
    engine.run(alice.connection.close())
    engine.run(platform.control("advance_clock", seconds=301))
    done = back(alice)
    assert (done.recovered, done.session_kept, done.reason) == (False, False, "session_expired")
    assert alice.session.hello.details["policy"] == "session_window"
    assert wrong(engine, platform, alice) == {}
