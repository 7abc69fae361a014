"""What a WebSocket client and server see when their connection is cut behind a frame, or inside of one."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from Lockstep.engine.loop_thread import new_loop
from Lockstep.faults.catalogue import CATALOGUE, Direction, Fault
from Lockstep.faults.injection import Injection
from Lockstep.faults.plan import IN_PLANS, fault_plan
from Lockstep.faults.proxy import FaultProxy
from Lockstep.faults.triggers import After

TO_SERVER, TO_CLIENT = Direction.TO_SERVER, Direction.TO_CLIENT
TEXTS = [f"message {number} for 3 € or 5 😀" for number in range(8)]
HEAD = 2                                    # bytes of a short frame's head, without a mask
SIZE = HEAD + len(TEXTS[0].encode())
LONG = 60.0                                 # s; only how long a test that will fail hangs
OF_ANY_TIME = tuple(fault for fault in IN_PLANS if not fault.startswith("cut_in"))
LEADING = TEXTS[0].encode().index("€".encode()) + 1


class Bench:
    """A server that repeats what it hears, and a proxy before it. ``under_way``: messages that the client waits for."""

    def __init__(self, address):
        self.heard, self.ends, self.notes = [], [], []
        self.under_way = 0
        self.proxy = FaultProxy(lambda: address, lambda _client, _connection, said: self.notes.append(said), lambda _client: self.under_way, 4711)
        self.gate = self.proxy.open("alice")

    def done(self, **said):
        return [note for note in self.notes if note["state"] == "done" and said.items() <= note.items()]

    async def talk(self, texts=TEXTS):
        """Sends and receives until all is said or the connection is over; returns what came and the code that it ended with."""
        route, got = self.gate.route, []
        async with connect(f"ws://{route.host}:{route.port}/", compression=None, proxy=None, ping_interval=None, close_timeout=1) as client:
            try:
                for text in texts:
                    self.under_way = 1
                    await client.send(text)
                    got.append(await client.recv())
                    self.under_way = 0
            except ConnectionClosed as closed:
                return got, closed.rcvd.code if closed.rcvd is not None else 1006
        return got, 1000


@asynccontextmanager
async def bench():
    async def handler(connection):
        try:
            async for text in connection:
                one.heard.append(text)
                await connection.send(text)
        finally:
            one.ends.append(connection.protocol.close_code)

    async with serve(handler, "127.0.0.1", 0, compression=None, ping_interval=None) as server:
        one = Bench(next(iter(server.sockets)).getsockname())
        try:
            yield one
        finally:
            await one.proxy.close()


def tell(story):
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(asyncio.wait_for(story(), 2 * LONG))


@pytest.mark.parametrize("how", [Fault.CLOSE, Fault.RESET])
@pytest.mark.parametrize("count", [1, 4, 8])
def test_behind_so_many_frames_the_connection_is_cut_without_a_close(how, count):
    async def story():
        async with bench() as on:
            await on.gate.inject(Injection(Fault.CUT_AFTER_FRAMES, TO_CLIENT, After(count, "frames"), how=how), "next")
            got, code = await on.talk([*TEXTS, "one more"])
            assert (got, code) == (TEXTS[:count], 1006)
            assert on.heard[:count] == TEXTS[:count]
            assert [(note["frames"], note["in_flight"]) for note in on.done(fault="cut_after_frames")] == [(count, 1)]

    tell(story)


@pytest.mark.parametrize(("fault", "inside"), [(Fault.CUT_IN_HEADER, 1), (Fault.CUT_IN_FRAME, HEAD + (SIZE - HEAD) // 2), (Fault.CUT_IN_CODE_POINT, HEAD + LEADING)])
@pytest.mark.parametrize("direction", [TO_CLIENT, TO_SERVER])
def test_half_a_frame_is_never_a_message(fault, inside, direction):
    async def story():
        async with bench() as on:
            await on.gate.inject(Injection(Fault.CUT_AFTER_FRAMES, direction, After(2, "frames")), "next")
            await on.talk()
            await on.gate.inject(Injection(fault, direction, After(2, "frames")), "next")
            on.heard.clear()
            got, code = await on.talk()
            assert (got, code) == (TEXTS[:2], 1006)
            assert on.heard == (TEXTS[:2] if direction is TO_SERVER else TEXTS[:3])
            until_two, cut = on.done()
            mask = 4 if direction is TO_SERVER and fault is not Fault.CUT_IN_HEADER else 0
            assert cut["bytes"] - until_two["bytes"] == inside + mask
            assert (until_two["frames"], cut["frames"]) == (2, 2)

    tell(story)


@pytest.mark.parametrize("fault", [Fault.SLICE, Fault.COALESCE, Fault.LATENCY, Fault.BANDWIDTH])
def test_a_slow_and_chopped_way_changes_nothing_that_is_said(fault):
    async def story():
        async with bench() as on:
            await on.gate.inject(Injection(fault, Direction.BOTH, delay=0.001 if fault is not Fault.SLICE else 0, jitter=0.002, rate=1e6))
            assert await on.talk() == (TEXTS, 1000)
            while not on.ends:  # noqa: ASYNC110 - the server closes behind the client
                await asyncio.sleep(0.001)
            assert on.ends == [1000]
            assert len(on.done(fault=str(fault))) == 1

    tell(story)


def test_a_flipped_bit_is_another_text_or_the_end():
    async def story():
        async with bench() as on:
            await on.gate.inject(Injection(Fault.FLIP, TO_SERVER, After(2, "frames")), "next")
            got, code = await on.talk()
            assert got[:2] == TEXTS[:2]
            assert (code, len(got)) == (1007, 2) or (code == 1000 and sum(a != b for a, b in zip(got, TEXTS, strict=True)) == 1)

    tell(story)


@pytest.mark.parametrize(("within", "kinds"), [
    (After(3, "frames"), IN_PLANS), (After(400, "bytes"), OF_ANY_TIME), (After(0.02, "seconds"), OF_ANY_TIME)])
def test_faults_of_a_plan_strike_one_after_the_other_while_messages_are_under_way(within, kinds):
    async def story():
        async with bench() as on:
            plan = fault_plan(kinds, 2, ["alice"], within=within, lasting=0.02, seed=1)["alice"]
            on.gate.follow(plan)
            async with asyncio.timeout(LONG):
                while len({note["number"] for note in on.done()}) < len(plan):
                    try:
                        async with asyncio.timeout(0.5):  # into a blackhole one may wait for ever
                            await on.talk()
                    except (OSError, TimeoutError, ConnectionClosed, InvalidHandshake):
                        on.under_way = 0
            order = list(dict.fromkeys(note["number"] for note in on.done()))
            assert order == [injection.number for injection in plan]
            assert all(note["in_flight"] for note in on.done() if note["fault"] not in {"latency", "bandwidth", "slice", "coalesce", "stop_reading", "blackhole"})

    tell(story)


def test_a_lasting_fault_of_a_plan_lasts_from_when_it_takes_effect():
    async def story():
        async with bench() as on:
            hole = Injection(Fault.BLACKHOLE, TO_SERVER, After(1, "frames"), lasting=0.01, planned=True)
            on.gate.follow([hole])
            on.under_way = 1
            route = on.gate.route
            async with connect(f"ws://{route.host}:{route.port}/", compression=None, proxy=None, ping_interval=None, close_timeout=1) as client:
                await client.send(TEXTS[0])
                assert await client.recv() == TEXTS[0]
                await asyncio.sleep(0.1)  # ten times as long as it lasts, and nobody says anything
                await client.send(TEXTS[1])
                with pytest.raises(ConnectionClosed):
                    await client.recv()
            assert on.heard == [TEXTS[0]]
            assert [note["state"] for note in on.notes] == ["planned", "done", "ended"]

    tell(story)


def test_what_was_answered_while_it_was_passed_on_is_no_longer_met():
    async def story():
        async with bench() as on:
            route = on.gate.route
            async with connect(f"ws://{route.host}:{route.port}/", compression=None, proxy=None, ping_interval=None, close_timeout=1) as client:
                await on.gate.inject(Injection(Fault.LATENCY, TO_SERVER, delay=0.1), None)
                on.gate.follow([Injection(Fault.CLOSE, TO_SERVER, After(1, "frames"), planned=True)])
                on.under_way = 1
                await client.send(TEXTS[0])
                await asyncio.sleep(0.02)
                on.under_way = 0
                assert await client.recv() == TEXTS[0]
                assert not on.done(fault="close")
                on.under_way = 1
                await client.send(TEXTS[1])
                with pytest.raises(ConnectionClosed):
                    await client.recv()
            assert [note["in_flight"] for note in on.done(fault="close")] == [1]

    tell(story)


def test_the_time_of_a_planned_fault_goes_on_over_connections_that_are_shorter():
    async def story():
        async with bench() as on:
            end = Injection(Fault.CLOSE, TO_SERVER, After(0.5, "seconds"), planned=True)
            on.gate.follow([end])
            async with asyncio.timeout(LONG):
                while not on.done():
                    await on.talk(TEXTS[:1])

    tell(story)


def test_a_plan_is_decided_by_its_seed_and_holds_each_kind_so_often():
    def said(seed):
        plan = fault_plan(IN_PLANS, 3, ["alice", "bob"], within=After(50, "frames"), lasting=1, seed=seed)
        return {client: [{**one.said(), "number": 0} for one in injections] for client, injections in plan.items()}

    assert said(7) == said(7) != said(8)
    assert {one["direction"] for one in said(7)["alice"] if one["fault"] in {"close", "reset", "half_open"}} == {"to_server"}, "a request is under way then"
    kinds = [one["fault"] for injections in said(7).values() for one in injections]
    assert {kind: kinds.count(kind) for kind in kinds} == dict.fromkeys(IN_PLANS, 3)
    assert {len(injections) for injections in said(7).values()} <= {len(kinds) // 2, (len(kinds) + 1) // 2}
    assert all(CATALOGUE[Fault(one["fault"])].lasts == ("lasting" in one) for one in said(7)["alice"])
