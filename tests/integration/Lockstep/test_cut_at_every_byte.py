"""One short exchange, cut behind each of its bytes in turn, in either direction: the correct platform and this client lose nothing, double nothing
and never hang.

A sample of the bytes by default; all of them, in less than three minutes, with

    python run.py test tests/integration/Lockstep/test_cut_at_every_byte.py --every-byte
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest

from Lockstep.checks import History
from Lockstep.checks.answers import contents_intact, no_phantom_replies, nothing_answered_twice, nothing_lost
from Lockstep.checks.duplicates import processed_once_in_ledger
from Lockstep.checks.events import Kind
from Lockstep.checks.ledger import everything_sent_was_processed, ledger_agrees_with_journal
from Lockstep.checks.offsets import offsets_agree, offsets_without_gap
from Lockstep.checks.resume import resumes_are_sound
from Lockstep.engine.account import Account
from Lockstep.engine.barrier import settle
from Lockstep.engine.by_itself import ByItself
from Lockstep.engine.handshake import Refused
from Lockstep.engine.ladder import Ladder
from Lockstep.engine.reconnect import Manner
from Lockstep.engine.schedule import Schedule
from Lockstep.engine.sending import Plan
from Lockstep.faults.catalogue import Direction, Fault
from Lockstep.faults.gate import NEXT
from Lockstep.faults.injection import Injection
from Lockstep.faults.proxy import FaultProxy
from Lockstep.faults.triggers import After

MESSAGES = 2
SAMPLE = 60
"""Places in each direction, where not all are tried."""
SIDE_BY_SIDE = 16
GUARD = 60.0
"""s; an exchange takes a fraction of one. One that takes so long has hung."""
UNSURE = 48
"""The last bytes of a recording; numbers in it may have other lengths the next time, so that a cut there may find nothing to cut."""
HOW = {Direction.TO_SERVER: (Fault.RESET, Fault.CLOSE, Fault.HALF_OPEN), Direction.TO_CLIENT: (Fault.RESET, Fault.CLOSE)}
"""What the client notices by itself: it does not ping."""
JUDGED = (
    nothing_lost, nothing_answered_twice, no_phantom_replies, contents_intact, offsets_without_gap, offsets_agree, resumes_are_sound,
    everything_sent_was_processed, processed_once_in_ledger, ledger_agrees_with_journal,
)


@dataclass
class Exchange:
    """What became of one exchange."""

    name: str
    account: Account
    struck: list[dict] = field(default_factory=list)
    hung: bool = False


class Bench:
    """The platform, the proxy before it, and clients that come back at once."""

    def __init__(self, engine, target):
        self.engine, self.target = engine, target
        self.exchanges: dict[str, Exchange] = {}
        self.since = engine.journal.cursor
        place = urlsplit(target.fill(target.file.connect.url))
        self.proxy = FaultProxy(lambda: (place.hostname, place.port), self._note, lambda _client: 1, seed=1)
        engine.routes.way = self.proxy.way

    def _note(self, client, connection, said):
        if said["state"] == "done":
            self.engine.journal.write(Kind.FAULT, client, connection, self.exchanges[client].account.user, details=said)
            self.exchanges[client].struck.append(said)

    async def recorded(self, direction: Direction) -> int:
        """How many bytes an exchange has in this direction."""
        end = await self.exchange(f"whole-{direction}", None, then=Injection(Fault.RESET, direction))
        return end.struck[0]["bytes"]

    async def exchange(self, name: str, cut: Injection | None, *, then: Injection | None = None) -> Exchange:
        """Connects, sends its messages, and goes on until everything is answered, whatever happens on the way."""
        done = self.exchanges[name] = Exchange(name, Account(name, f"{name}-{self.since}"))
        gate = self.proxy.open(name)
        if cut is not None:
            await gate.inject(cut, NEXT)
        try:
            async with asyncio.timeout(GUARD):
                await self._through(done)
                if then is not None:
                    await gate.inject(then)
        except TimeoutError:
            done.hung = True
        finally:
            await self.engine.close([name])
            await self.proxy.close({name})
        return done

    async def _through(self, done: Exchange) -> None:
        engine, manner = self.engine, Manner(Ladder(first=0.0, cap=0.0, tries=20), seed=1)
        client = await self._connected(done)
        client.by_itself = ByItself(engine, client, self.target, manner, ping_every=None, patience=1.0)
        coming_back = ("Reconnecting", done.name)
        await engine.activities.start(coming_back, client.by_itself.work)
        await client.send_burst(Plan(Schedule(MESSAGES), lambda number: f"message {number} of {done.account.canary}: Größe 5 €"))
        assert (await settle(client, fence=None, since=self.since)).reached
        await engine.activities.stop(coming_back)

    async def _connected(self, done: Exchange):
        try:
            return await self.engine.connect(done.name, done.account, self.target, tries=1, pause=0.0, resumable=True)
        except Refused:  # it was cut before it was ready, and there is only one cut
            return await self.engine.connect(done.name, done.account, self.target, tries=1, pause=0.0, resumable=True)

    def wrong(self) -> list[str]:
        """Everything that any of the exchanges shows to be wrong, in words."""
        users = {one.account.user for one in self.exchanges.values()}
        ledger = [row for row in self.engine.run(self.target.ledger()) if row.user in users]
        history = History(self.engine.journal.slice(self.since), ledger)
        sent, found = history.messages, [f"{one.name} hung" for one in self.exchanges.values() if one.hung]
        if len(sent) != MESSAGES * len(self.exchanges):
            found.append(f"{len(sent)} messages were sent")
        found += [f"{len(message.replies)} replies to {message.send.message_id}" for message in sent if len(message.replies) != 1]
        return found + [violation.sentence for check in JUDGED for violation in check(history).violations]

    async def cut_at(self, places: list[int], direction: Direction) -> list[Exchange]:
        """Exchanges that are cut behind so many bytes, several side by side."""
        room = asyncio.Semaphore(SIDE_BY_SIDE)

        async def one(place: int) -> Exchange:
            async with room:
                how = HOW[direction][place % len(HOW[direction])]
                return await self.exchange(f"{direction}-{place}", Injection(Fault.CUT_AFTER_BYTES, direction, After(place, "bytes"), how))

        return await asyncio.gather(*(one(place) for place in places))


@pytest.fixture
def bench(engine, platform):
    bench = Bench(engine, platform)
    yield bench
    engine.run(bench.proxy.close())


@pytest.mark.parametrize("direction", [Direction.TO_SERVER, Direction.TO_CLIENT])
def test_a_cut_behind_any_byte_costs_nothing(direction, bench, request):
    length = bench.engine.run(bench.recorded(direction))
    every = range(1, length + 1)
    places = list(every) if request.config.getoption("--every-byte", default=False) else sorted(random.Random(4711).sample(every, SAMPLE))
    done = bench.engine.run(bench.cut_at(places, direction))
    assert bench.wrong() == []
    missed = [one.name for place, one in zip(places, done, strict=True) if not one.struck and place <= length - UNSURE]
    assert missed == []
