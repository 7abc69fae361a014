"""When messages are due, against the plain integral; and what wakes us up."""

import asyncio
from time import monotonic

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from Lockstep.engine.load import pacing
from Lockstep.engine.load.pacing import Ticker, Timetable
from Lockstep.engine.load.plan import Plan, Stage

steady = st.builds(lambda seconds, rate: [Stage(seconds, rate, rate)], st.floats(0.1, 20), st.floats(1, 2000))
stages = steady | st.lists(st.builds(Stage, st.floats(0.1, 20), st.floats(0, 2000), st.floats(1, 2000)), min_size=1, max_size=4)


def integral(stages, elapsed):
    total = 0.0
    for stage in stages:
        inside = min(elapsed, stage.seconds)
        if inside <= 0:
            break
        total += inside * (stage.begin + stage.begin + (stage.end - stage.begin) * inside / stage.seconds) / 2
        elapsed -= stage.seconds
    return total


@settings(max_examples=200, deadline=None)
@given(stages, st.floats(0, 1))
def test_a_message_is_due_when_the_rate_has_summed_up_to_its_number(stages, part):
    table = Timetable(stages)
    if table.total:
        number = min(table.total - 1, int(part * table.total))
        assert integral(stages, table.due(number)) == pytest.approx(number, abs=1e-3 + 1e-6 * number)


@settings(max_examples=200, deadline=None)
@given(stages, st.integers(1, 7), st.floats(-1, 90))
def test_what_is_counted_as_due_is_what_is_due(stages, burst, elapsed):
    table = Timetable(stages, burst)
    count = table.count(elapsed)
    assert 0 <= count <= table.total
    assert count == table.total or table.due(count) >= elapsed - 1e-3
    assert count == 0 or table.due(count - 1) <= elapsed + 1e-3


def test_a_steady_rate_is_evenly_spaced_and_sends_all_of_it():
    table = Timetable([Stage(2.0, 500, 500)])
    assert table.total == 1000
    assert [table.due(number) for number in (0, 1, 999)] == pytest.approx([0, 0.002, 1.998])
    assert table.count(2.0) == 1000


def test_a_burst_is_due_with_its_first_message():
    table = Timetable([Stage(1.0, 100, 100)], burst=10)
    assert {table.due(number) for number in range(20, 30)} == {table.due(20)}
    assert table.count(table.due(20)) == 30


def test_the_parts_of_all_connections_are_the_whole():
    for whole in (1, 7, 1003):
        plan = Plan(connections=10, count=whole, window=1)
        parts = [plan.part_of(number) for number in range(10)]
        assert sum(parts) == whole
        assert max(parts) - min(parts) <= 1


@pytest.mark.parametrize(("rate", "every"), [(1, 0.000_25), (5_000, 0.000_25), (5_001, 0.000_5), (25_000, 0.000_5), (25_001, 0.001), (1e6, 0.001)])
def test_ticks_are_the_finer_the_fewer_messages_there_are(rate, every):
    assert pacing.tick_at(rate) == every


@pytest.mark.parametrize("fine", [True, False])
def test_it_ticks_until_it_is_stopped(fine, monkeypatch):
    if not fine:
        monkeypatch.setattr(pacing, "_system_timer", lambda every: None)

    async def ticks():
        seen, enough = [], asyncio.Event()

        def tick():
            seen.append(monotonic())
            if len(seen) == 20:
                enough.set()

        ticker = Ticker(pacing.tick_at(1000), tick)
        assert not ticker.is_fine or fine
        await asyncio.wait_for(enough.wait(), 10)
        ticker.stop()
        stopped = len(seen)
        await asyncio.sleep(0.02)
        assert len(seen) == stopped
        return seen

    asyncio.run(ticks())
