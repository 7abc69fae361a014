"""Schedule, account, journal, lag and signal: the small parts below the keywords."""

import asyncio

import orjson
import pytest

from Lockstep.checks.events import Kind
from Lockstep.checks.history import History
from Lockstep.engine.account import Account
from Lockstep.engine.journal import Journal
from Lockstep.engine.lag import LagProbe
from Lockstep.engine.schedule import Schedule
from Lockstep.engine.sending import contents
from Lockstep.engine.signal import Signal
from Lockstep.errors import UsageError


def test_due_times_are_absolute():
    assert [Schedule(4, 0.05).due(number) for number in range(4)] == [0, 0.05, 0.1, pytest.approx(0.15)]
    assert Schedule.at_rate(50, 100).due(99) == pytest.approx(1.98)
    assert Schedule(3).due(2) is None


def test_bursts_begin_apart_and_keep_their_own_pace():
    schedule = Schedule(6, 0.05, of=3, apart=0.5)
    assert [schedule.due(number) for number in range(6)] == pytest.approx([0, 0.05, 0.1, 0.6, 0.65, 0.7])
    assert [Schedule(4, None, of=2, apart=0.5).due(number) for number in range(4)] == [0, 0, 0.5, 0.5]
    assert (Schedule(4).is_paced, Schedule(4, 0.1).is_paced, Schedule(4, None, of=2).is_paced) == (False, True, True)


def test_messages_are_numbered_over_all_clients_and_repeated_with_their_text():
    account = Account("alice", "alice-1")
    first = account.new_id()
    assert first == "alice-1.0"
    assert account.message(first, "one") == (0, "one")
    assert account.message(account.new_id(), "two") == (1, "two")
    assert account.message(first, "other words") == (0, "one")
    assert [account.attempt(first), account.attempt(first), account.attempt("x")] == [1, 2, 1]
    assert account.new_id() == "alice-1.2"


def test_contents_carry_the_canary_have_the_size_and_repeat_by_seed():
    account = Account("alice", "alice-1")
    assert account.canary in contents(account, None, 7)(3)
    for size in (1, 64, 65537):
        assert len(contents(account, size, 7)(3).encode()) == size
    assert contents(account, 300, 7)(3) == contents(account, 300, 7)(3) != contents(account, 300, 8)(3)
    assert contents(account, 300, 7)(3) != contents(account, 300, 7)(4)


def journal(events=5, **options):
    clock = iter(range(100)).__next__
    written = Journal(clock, **options)
    for number in range(events):
        written.write(Kind.SEND, "alice" if number % 2 else "bob", 1, "u", f"m{number}", 1)
    return written


def test_events_are_numbered_in_the_order_of_writing():
    assert [(event.index, event.time, event.message_id) for event in journal(3).events] == [(0, 0, "m0"), (1, 1, "m1"), (2, 2, "m2")]


def test_reading_never_consumes_and_a_cursor_says_from_where():
    written = journal()
    cursor = written.cursor
    written.write(Kind.CLOSE, "alice", 1, "u", time=77.5)
    assert [event.index for event in written.slice(cursor)] == [5]
    assert written.events[5].time == 77.5
    assert [event.index for event in written.slice(1, {"bob"})] == [2, 4]
    assert len(written.slice()) == 6


def test_a_full_journal_is_a_sentence_and_the_end_is_still_written():
    full = journal(5, most=5)
    with pytest.raises(UsageError, match=r"^usage: the journal of this process is full \(5 events\); split the case into several tests"):
        full.check_room()
    assert full.write(Kind.CLOSE, "alice", 1, "u") == 5


def test_a_saved_journal_has_one_line_per_event_and_no_content(tmp_path):
    written = journal(3)
    lines = [orjson.loads(line) for line in written.save(tmp_path / "deep" / "j.jsonl", 1).read_bytes().splitlines()]
    assert lines[0] == {"schema": 1, "index": 1, "time": 1, "kind": "send", "client": "alice", "connection": 1, "user": "u", "message_id": "m1", "attempt": 1}
    assert [line["index"] for line in lines] == [1, 2]


def probe(*lags):
    one = LagProbe()
    for time, lag in enumerate(lags):
        one.times.append(float(time))
        one.lags.append(lag)
    return one


def test_lag_is_the_99th_percentile_of_the_span_alone():
    one = probe(*[0.001] * 200, *[0.2] * 3, *[0.001] * 200)
    assert one.p99(0, 199) == 0.001
    assert one.p99(190, 210) == 0.2
    assert one.p99(0, 402) == 0.001
    assert one.p99(5000, 6000) == 0
    assert probe(*[0.001] * 10, *[0.2] * 10).p99(0, 9) == 0.001
    assert probe(*[0.2] * 10, *[0.001] * 10).p99(10, 19) == 0.001
    assert one.reason_for_invalid(0, 199) is None
    assert one.reason_for_invalid(200, 202) == "invalid: the generator's own loop was late (99 % of ticks within 200 ms, 50 ms allowed)"


def test_the_probe_notices_a_blocked_loop():
    async def blocked():
        one = LagProbe()
        ticking = asyncio.create_task(one.tick())
        await until(lambda: len(one.lags) >= 2)
        asyncio.get_running_loop().call_soon(_spin, 0.2)
        seen = len(one.lags)
        await until(lambda: len(one.lags) >= seen + 2)
        ticking.cancel()
        return max(one.lags)

    assert asyncio.run(blocked()) > 0.1


async def until(condition):
    while not condition():  # noqa: ASYNC110 - what is waited for has no event
        await asyncio.sleep(0.01)


def _spin(seconds):
    import time

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def test_a_signal_wakes_all_who_wait_and_only_them():
    async def story():
        signal = Signal()
        signal.raised()  # nobody waits: forgotten
        waiting = [asyncio.create_task(signal.wait()) for _ in range(3)]
        await asyncio.sleep(0)
        signal.raised()
        assert await asyncio.gather(*waiting) == [True] * 3
        assert await signal.wait(0.001) is False
        assert await signal.wait(-1) is False
        cancelled = asyncio.create_task(signal.wait(5))
        await asyncio.sleep(0)
        cancelled.cancel()
        await asyncio.gather(cancelled, return_exceptions=True)
        return signal._waiting

    assert asyncio.run(story()) == []


def test_whatever_a_server_says_of_its_session_finds_a_place():
    written = Journal()
    for said in ({"session": ["a"], "epoch": {}}, {"session": "s", "epoch": 1}, {}, None):
        written.write(Kind.REPLY, "alice", 1, "u", "m1", 1, None, 1, None, None, said)
    assert [event.details for event in written.events] == [{"session": ["a"], "epoch": {}}, {"session": "s", "epoch": 1}, {}, None]
    assert len(History(written.events).streams) == 3
