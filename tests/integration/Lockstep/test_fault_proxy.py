"""What the two ends of a connection see of each fault, on real sockets, with the loops of asyncio and uvloop."""

import asyncio
import random
import socket
from contextlib import asynccontextmanager
from time import monotonic, sleep

import pytest

from Lockstep.engine.loop_thread import new_loop
from Lockstep.errors import EnvironmentSetupError, UsageError
from Lockstep.faults import pipe, sockets
from Lockstep.faults.catalogue import CATALOGUE, Direction, Fault
from Lockstep.faults.injection import Injection
from Lockstep.faults.proxy import FaultProxy
from Lockstep.faults.triggers import After

TO_SERVER, TO_CLIENT, BOTH = Direction.TO_SERVER, Direction.TO_CLIENT, Direction.BOTH
LONG = 20.0
"""s; only how long a test that will fail hangs."""
TIMER = 0.002
"""s by which a loop may wake too early: libuv counts in whole milliseconds, from the time at which it looked at its clock last."""
LOOPS = {"asyncio": asyncio.new_event_loop, "engine": new_loop}


@pytest.fixture(params=LOOPS)
def tell(request):
    """Runs a story in a loop; nothing of it may be left when it is over."""

    def run(story):
        async def guarded():
            async with asyncio.timeout(3 * LONG):
                await story()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            assert not others, others

        with asyncio.Runner(loop_factory=LOOPS[request.param]) as runner:
            runner.run(guarded())

    return run


in_the_engine = pytest.mark.parametrize("tell", ["engine"], indirect=True)
"""For stories that take a while."""


class End(asyncio.Protocol):
    """One end of a connection: what it got, in which portions, and how it ended."""

    def __init__(self, answers=None):
        self.portions, self.ended, self.peer = [], None, None
        self._answers, self._changed = answers, asyncio.Event()

    def connection_made(self, transport):
        self.transport = transport
        self.peer = transport.get_extra_info("peername")
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):  # so that it is known how much may be under way
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, option, sockets.BUFFER)

    def data_received(self, data):
        self.portions.append(data)
        if self._answers is not None:
            self.transport.write(self._answers(data))
        self._changed.set()

    def eof_received(self):
        self.ended = "end of stream"
        self._changed.set()
        return True  # its own side stays open

    def connection_lost(self, error):
        self.ended = "reset" if isinstance(error, ConnectionError) else self.ended or "closed"
        self._changed.set()

    @property
    def got(self):
        return b"".join(self.portions)

    def send(self, data):
        self.transport.write(data)

    async def sees(self, condition):
        """Waits until this holds of it."""
        async with asyncio.timeout(LONG):
            while not condition(self):
                self._changed.clear()
                await self._changed.wait()

    async def ends(self):
        await self.sees(lambda end: end.ended)
        return self.ended


async def until(condition):
    async with asyncio.timeout(LONG):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.001)


def echo(data):
    return data


class Bench:
    """A server, a proxy before it, and clients of alice."""

    def __init__(self, proxy, gate, notes, served):
        self.proxy, self.gate, self.notes, self.served = proxy, gate, notes, served
        self.under_way = 0

    async def connect(self):
        """Both ends of a connection that can be used."""
        before, loop = len(self.served), asyncio.get_running_loop()
        route = self.proxy.way("alice", before + 11)
        _, client = await loop.create_connection(End, route.host, route.port)
        await until(lambda: len(self.served) > before and self.served[before].peer and self.gate.current is not None)
        return client, self.served[before]

    async def inject(self, fault, direction=None, *, connection=None, **said):
        injection = Injection(fault, direction or CATALOGUE[fault].direction, **said)
        await self.gate.inject(injection, connection)
        return injection

    def done(self, injection):
        return [note for note in self.notes if note["state"] == "done" and note["number"] == injection.number]


@asynccontextmanager
async def bench(answers=echo, port=0):
    served, notes = [], []

    def serve():
        served.append(End(answers))
        return served[-1]

    server = await asyncio.get_running_loop().create_server(serve, "127.0.0.1", 0)
    address = server.sockets[0].getsockname()
    one = None
    proxy = FaultProxy(lambda: address, lambda client, connection, said: notes.append({"client": client, "connection": connection, **said}),
                       lambda _client: one.under_way, 4711)
    one = Bench(proxy, proxy.open("alice", port), notes, served)
    try:
        yield one
    finally:
        await proxy.close()
        server.close()
        for end in served:
            end.transport.abort()


# without a fault


def test_everything_passes_unchanged_both_ways(tell):
    async def story():
        async with bench() as on:
            client, server = await on.connect()
            data = random.Random(1).randbytes(3_000_000)
            client.send(data)
            await client.sees(lambda end: len(end.got) == len(data))
            assert client.got == server.got == data
            assert on.notes == []

    tell(story)


def test_the_end_of_one_direction_leaves_the_other_open(tell):
    async def story():
        async with bench(answers=None) as on:
            client, server = await on.connect()
            client.send(b"question")
            client.transport.write_eof()
            assert await server.ends() == "end of stream"
            server.send(b"answer")
            await client.sees(lambda end: end.got == b"answer")
            server.transport.close()
            assert await client.ends() == "end of stream"
            assert server.got == b"question"

    tell(story)


@pytest.mark.parametrize("who", ["client", "server"])
def test_a_reset_of_one_end_is_a_reset_for_the_other(tell, who):
    async def story():
        async with bench() as on:
            client, server = await on.connect()
            one, other = (client, server) if who == "client" else (server, client)
            one.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            one.transport.abort()
            assert await other.ends() == "reset"

    tell(story)


def test_a_server_that_is_not_there_is_a_reset(tell):
    async def story():
        async with bench() as on:
            nobody = sockets.bound(0)
            on.proxy.upstream = nobody.getsockname
            _, client = await asyncio.get_running_loop().create_connection(End, on.gate.route.host, on.gate.route.port)
            assert await client.ends() == "reset"
            nobody.close()

    tell(story)


@in_the_engine
def test_a_slow_reader_holds_up_the_sender_and_the_proxy_keeps_little(tell):
    async def story():
        async with bench(answers=None) as on:
            client, server = await on.connect()
            server.transport.pause_reading()
            sent = await fill(client)
            assert sent < 16 * sockets.BUFFER
            server.transport.resume_reading()
            await server.sees(lambda end: len(end.got) == sent)

    tell(story)


async def fill(end, most=64 * 1024 * 1024):
    """Sends until the system takes no more for a while; returns how much was sent."""
    block, sent = bytes(65536), 0
    while sent < most and end.transport.get_write_buffer_size() < 2 * len(block):
        end.send(block)
        sent += len(block)
        for _ in range(20):
            if not end.transport.get_write_buffer_size():
                break
            await asyncio.sleep(0.01)
    return sent


# cuts


@pytest.mark.parametrize(("fault", "seen"), [(Fault.CLOSE, "end of stream"), (Fault.RESET, "reset")])
def test_a_cut_at_once_is_seen_by_both_ends(tell, fault, seen):
    async def story():
        async with bench() as on:
            client, server = await on.connect()
            client.send(b"hello")
            await client.sees(lambda end: end.got == b"hello")
            cut = await on.inject(fault)
            assert (await client.ends(), await server.ends()) == (seen, seen)
            assert [(note["connection"], note["gate"], note["bytes"]) for note in on.done(cut)] == [(11, 1, 5)]

    tell(story)


SAID, ANSWERED = b"one two three", b"four five"


@pytest.mark.parametrize("fault", [Fault.CLOSE, Fault.RESET])
@pytest.mark.parametrize("direction", [TO_SERVER, TO_CLIENT])
def test_a_cut_leaves_exactly_so_many_bytes_at_every_place(tell, direction, fault):
    async def story():
        async with bench(lambda data: ANSWERED if data.endswith(b"e") else b"") as on:
            whole = SAID if direction is TO_SERVER else ANSWERED
            for count in range(len(whole) + 1):
                cut = await on.inject(fault, direction, after=After(count, "bytes"), connection="next")
                client, server = await on.connect()
                client.send(SAID)
                got = server if direction is TO_SERVER else client
                await client.ends()
                await server.ends()
                assert got.got == whole[:count]
                assert [(note["bytes"], note["gate"]) for note in on.done(cut)] == [(count, count + 1)]
                client.transport.abort()
                server.transport.abort()

    tell(story)


@pytest.mark.parametrize(("direction", "told", "silent"), [(TO_SERVER, 0, 1), (TO_CLIENT, 1, 0)])
def test_half_open_leaves_one_end_without_a_sign(tell, direction, told, silent):
    async def story():
        async with bench(answers=None) as on:
            ends = await on.connect()
            await on.inject(Fault.HALF_OPEN, direction)
            assert await ends[told].ends() == "reset"
            ends[silent].send(b"are you there?")
            await drained(ends[silent])
            assert ends[silent].ended is None
            assert (ends[silent].got, ends[told].got) == (b"", b"")
            on.gate.end_faults()
            assert await ends[silent].ends() == "reset"

    tell(story)


async def drained(end):
    """What was sent has left, and the loops had the time to act on it."""
    await until(lambda: not end.transport.get_write_buffer_size())
    await asyncio.sleep(0.05)  # absence of a sign: it can only be waited for


def test_a_cut_after_a_time_strikes_by_itself(tell):
    async def story():
        async with bench() as on:
            client, _ = await on.connect()
            begin = monotonic()
            cut = await on.inject(Fault.RESET, after=After(0.05, "seconds"))
            assert await client.ends() == "reset"
            assert monotonic() - begin >= 0.05 - TIMER
            assert len(on.done(cut)) == 1

    tell(story)


def test_a_cut_of_both_directions_counts_both_and_strikes_once(tell):
    async def story():
        async with bench() as on:
            client, server = await on.connect()
            cut = await on.inject(Fault.CLOSE, BOTH, after=After(8, "bytes"))
            client.send(b"hello")
            await client.ends()
            await server.ends()
            assert (server.got, client.got) == (b"hello", b"hel")
            assert len(on.done(cut)) == 1

    tell(story)


def test_a_fault_that_both_directions_meet_at_the_same_moment_strikes_once(tell):
    async def story():
        async with bench() as on:
            await on.connect()
            link = on.gate.current
            late = await on.inject(Fault.LATENCY, after=After(1000, "bytes"), delay=0.01)
            for pipe in link._pipes.values():
                link.strike(late, pipe)
            assert on.gate.acting == [late]

    tell(story)


# what lasts


@pytest.mark.parametrize("direction", list(Direction))
def test_a_blackhole_loses_everything_without_a_sign(tell, direction):
    async def story():
        async with bench(answers=None) as on:
            client, server = await on.connect()
            hole = await on.inject(Fault.BLACKHOLE, direction)
            client.send(b"lost")
            server.send(b"lost too")
            client.transport.write_eof()
            await drained(client)
            if direction is TO_CLIENT:
                await server.sees(lambda end: end.got == b"lost" and end.ended == "end of stream")
            elif direction is TO_SERVER:
                await client.sees(lambda end: end.got == b"lost too")
            assert (direction is TO_CLIENT) == (server.got == b"lost") == (server.ended == "end of stream")
            assert (direction is TO_SERVER) == (client.got == b"lost too")
            assert client.ended is None
            assert len(on.done(hole)) == 1
            on.gate.end_faults()
            for end in (client, server):
                if end.ended is None:  # whoever has seen the end of the stream reads no more
                    assert await end.ends() == "reset"
            assert client.ended == "reset"

    tell(story)


def test_nothing_passes_behind_what_a_blackhole_has_lost(tell):
    """TCP knows no holes: what is already on its way at the moment when the fault ends is lost as well."""

    async def story():
        async with bench(answers=None) as on:
            client, server = await on.connect()
            server.send(b"before")
            await client.sees(lambda end: end.got == b"before")
            hole = await on.inject(Fault.BLACKHOLE, TO_CLIENT)
            server.send(b"lost")
            await until(lambda: on.done(hole))
            server.send(b"behind")
            sleep(0.02)  # noqa: ASYNC251 - it is there when the loop looks, and the timer of the fault is due in the same round
            asyncio.get_running_loop().call_later(0, on.gate.end_faults)
            assert await client.ends() == "reset"
            assert client.got == b"before"

    tell(story)


def test_a_blackhole_into_which_nothing_fell_leaves_no_trace(tell):
    async def story():
        async with bench() as on:
            client, _ = await on.connect()
            hole = await on.inject(Fault.BLACKHOLE)
            on.gate.end_faults()
            client.send(b"hello")
            await client.sees(lambda end: end.got == b"hello")
            assert on.done(hole) == []
            assert [note["state"] for note in on.notes] == ["planned", "ended"]

    tell(story)


def test_latency_and_jitter_delay_and_keep_the_order(tell):
    async def story():
        async with bench(answers=None) as on:
            client, server = await on.connect()
            late = await on.inject(Fault.LATENCY, TO_SERVER, delay=0.05, jitter=0.05)
            begin, said = monotonic(), b""
            for number in range(200):
                line = f"line {number}\n".encode()
                said += line
                client.send(line)
                await asyncio.sleep(0)
                if number == 100:
                    on.gate.end_faults()  # what was late stays before what is not
            await server.sees(lambda end: len(end.got) >= 1)
            assert monotonic() - begin >= 0.05 - TIMER
            await server.sees(lambda end: len(end.got) == len(said))
            assert server.got == said
            assert len(on.done(late)) == 1

    tell(story)


def test_what_is_late_still_arrives_before_a_cut(tell):
    async def story():
        async with bench(answers=None) as on:
            client, server = await on.connect()
            await on.inject(Fault.LATENCY, TO_SERVER, delay=0.05)
            await on.inject(Fault.CLOSE, TO_SERVER, after=After(7, "bytes"))
            client.send(b"hello, world")
            await server.ends()
            assert server.got == b"hello, "

    tell(story)


@in_the_engine
def test_what_is_late_is_bounded(tell, monkeypatch):
    monkeypatch.setattr(pipe, "MOST_UNDER_WAY", 200_000)

    async def story():
        async with bench(answers=None) as on:
            client, server = await on.connect()
            await on.inject(Fault.LATENCY, TO_SERVER, delay=60)
            sent = await fill(client)
            assert sent < 200_000 + 16 * sockets.BUFFER
            assert server.got == b""

    tell(story)


def test_bytes_leave_no_faster_than_the_bandwidth(tell):
    async def story():
        async with bench() as on:
            client, server = await on.connect()
            await on.inject(Fault.BANDWIDTH, TO_SERVER, rate=100_000.0)
            begin = monotonic()
            client.send(bytes(20_000))
            await server.sees(lambda end: len(end.got) == 20_000)
            assert monotonic() - begin >= 0.2 - TIMER
            await client.sees(lambda end: len(end.got) == 20_000)

    tell(story)


def test_sliced_bytes_come_one_by_one(tell):
    async def story():
        async with bench() as on:
            client, server = await on.connect()
            await on.inject(Fault.SLICE, TO_SERVER)
            client.send(b"hello, world")
            await server.sees(lambda end: len(end.got) == 12)
            assert len(server.portions) >= 4
            on.gate.end_faults()
            await on.inject(Fault.SLICE, TO_SERVER, size=5, delay=0.01)
            server.portions.clear()
            client.send(b"hello, world")
            await server.sees(lambda end: len(end.got) == 12)
            assert len(server.portions) >= 2

    tell(story)


def test_coalesced_bytes_come_together(tell):
    async def story():
        async with bench(answers=None) as on:
            client, server = await on.connect()
            await on.inject(Fault.COALESCE, TO_SERVER, delay=0.3)
            begin = monotonic()
            for number in range(20):
                client.send(b"%02d" % number)
                await asyncio.sleep(0)
            await server.sees(lambda end: len(end.got) == 40)
            assert monotonic() - begin >= 0.3 - TIMER
            assert server.got == b"".join(b"%02d" % number for number in range(20))
            assert len(server.portions) < 20

    tell(story)


@in_the_engine
def test_a_reader_that_stops_fills_up_the_sender_and_gets_it_all_afterwards(tell):
    async def story():
        async with bench() as on:
            client, server = await on.connect()
            stop = await on.inject(Fault.STOP_READING, TO_SERVER)
            sent = await fill(client)
            assert sent < 16 * sockets.BUFFER
            assert server.got == b""
            assert len(on.done(stop)) == 1
            on.gate.end_faults()
            await client.sees(lambda end: len(end.got) == sent)
            assert len(server.got) == sent

    tell(story)


def test_a_lasting_fault_is_for_the_connections_to_come_too(tell):
    async def story():
        async with bench() as on:
            late = await on.inject(Fault.LATENCY, delay=0.05)
            for _ in range(2):
                client, _ = await on.connect()
                begin = monotonic()
                client.send(b"hello")
                await client.sees(lambda end: end.got == b"hello")
                assert monotonic() - begin >= 0.1 - TIMER
            assert [note["gate"] for note in on.done(late)] == [1, 2]

    tell(story)


def test_a_lasting_fault_ends_in_time(tell):
    async def story():
        async with bench() as on:
            client, _ = await on.connect()
            begin = monotonic()
            await on.inject(Fault.STOP_READING, BOTH, lasting=0.1)
            client.send(b"hello")
            await client.sees(lambda end: end.got == b"hello")
            assert monotonic() - begin >= 0.1 - TIMER
            assert [note["state"] for note in on.notes] == ["planned", "done", "ended"]

    tell(story)


def test_a_lasting_fault_of_one_connection_spares_the_others(tell):
    async def story():
        async with bench() as on:
            one, _ = await on.connect()
            hole = await on.inject(Fault.BLACKHOLE, connection=1, alone=True)
            two, _ = await on.connect()
            for end in (one, two):
                end.send(b"hello")
            await two.sees(lambda end: end.got == b"hello")
            assert one.got == b""
            assert [note["gate"] for note in on.done(hole)] == [1]

    tell(story)


# the door


def test_new_connections_are_refused_and_the_open_one_lives(tell):
    async def story():
        async with bench() as on:
            client, _ = await on.connect()
            refusal = await on.inject(Fault.REFUSE)
            for _ in range(3):
                with pytest.raises(ConnectionRefusedError):
                    await asyncio.open_connection(on.gate.route.host, on.gate.route.port)
            client.send(b"hello")
            await client.sees(lambda end: end.got == b"hello")
            assert len(on.done(refusal)) == 1
            on.gate.end_faults()
            later, _ = await on.connect()
            later.send(b"again")
            await later.sees(lambda end: end.got == b"again")

    tell(story)


def test_new_connections_hang_until_the_fault_ends(tell):
    async def story():
        async with bench() as on:
            hang = await on.inject(Fault.HANG)
            _, client = await asyncio.get_running_loop().create_connection(End, on.gate.route.host, on.gate.route.port)
            client.send(b"hello")
            await drained(client)
            assert (client.got, client.ended, on.served) == (b"", None, [])
            on.gate.end_faults()
            await client.sees(lambda end: end.got == b"hello")
            assert [note["gate"] for note in on.done(hang)] == [1]

    tell(story)


def test_one_bit_arrives_changed(tell):
    async def story():
        async with bench(answers=None) as on:
            client, server = await on.connect()
            flip = await on.inject(Fault.FLIP, TO_SERVER, after=After(5, "bytes"))
            client.send(b"hello, ")
            client.send(b"world")
            await server.sees(lambda end: len(end.got) == 12)
            changed = [(place, (a ^ b).bit_count()) for place, (a, b) in enumerate(zip(server.got, b"hello, world", strict=True)) if a != b]
            assert changed == [(5, 1)]
            assert [note["bytes"] for note in on.done(flip)] == [5]

    tell(story)


# which connection


def test_several_connections_one_after_the_other_are_struck(tell):
    async def story():
        async with bench() as on:
            cut = await on.inject(Fault.RESET, connection="next", times=3)
            for _ in range(3):
                _, client = await asyncio.get_running_loop().create_connection(End, on.gate.route.host, on.gate.route.port)
                assert await client.ends() == "reset"
            client, _ = await on.connect()
            client.send(b"hello")
            await client.sees(lambda end: end.got == b"hello")
            assert [note["gate"] for note in on.done(cut)] == [1, 2, 3]

    tell(story)


def test_a_connection_is_named_by_its_number(tell):
    async def story():
        async with bench() as on:
            cut = await on.inject(Fault.CLOSE, TO_SERVER, connection=2, after=After(1, "bytes"))
            first, _ = await on.connect()
            second, _ = await on.connect()
            for end in (first, second):
                end.send(b"hello")
            await first.sees(lambda end: end.got == b"hello")
            assert await second.ends() == "end of stream"
            assert [note["gate"] for note in on.done(cut)] == [2]
            with pytest.raises(UsageError, match=r"^usage: connection 2 of alice is closed, so reset cannot strike it \(2 were opened so far\)"):
                await on.inject(Fault.RESET, connection=2)

    tell(story)


def test_without_an_open_connection_there_is_nothing_to_strike(tell):
    async def story():
        async with bench() as on:
            with pytest.raises(UsageError, match=r"^usage: alice has no open connection through the fault proxy, so reset cannot strike it"):
                await on.inject(Fault.RESET)
            assert on.notes == []

    tell(story)


def test_frames_cannot_be_looked_for_where_they_cannot_be_seen(tell):
    async def story():
        async with bench() as on:
            client, _ = await on.connect()
            client.send(b"\x16\x03\x01")  # as TLS begins
            await client.sees(lambda end: len(end.got) == 3)
            with pytest.raises(UsageError, match=r"^usage: cut_in_frame looks for frames, which cannot be seen on an encrypted connection"):
                await on.inject(Fault.CUT_IN_FRAME)

    tell(story)


def test_connections_come_from_the_address_that_was_chosen(tell):
    async def story():
        async with bench() as on:
            _, server = await on.connect()
            assert server.peer[0] == "127.0.0.1"
            on.gate.source = "127.0.0.2"
            _, server = await on.connect()
            assert server.peer[0] == "127.0.0.2"

    try:
        sockets.must_have("127.0.0.2")
    except sockets.NoSuchAddress as reason:
        pytest.skip(str(reason))
    tell(story)


def test_an_address_that_is_not_there_is_a_sentence():
    with pytest.raises(sockets.NoSuchAddress, match=r"^this machine has no address 192\.0\.2\.1 that connections could come from$"):
        sockets.must_have("192.0.2.1")


def test_a_port_that_is_taken_is_a_sentence(tell):
    async def story():
        taken = sockets.bound(0)
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(EnvironmentSetupError, match=rf"^environment: port {port} of 127\.0\.0\.1 cannot be had for the fault proxy \(.+\); give another"):
            async with bench(port=port):
                pass
        taken.close()

    tell(story)
