"""Lines of several shards become one result, exactly; and what voids a measurement says so."""

import tracemalloc

import pytest
from shard_lines import CLOSED, OPEN, account, done, merged, second, told

from Lockstep.checks import Code, Verdict
from Lockstep.engine.load.histogram import Histogram
from Lockstep.engine.load.plan import Plan, Stage
from Lockstep.engine.load.result import Merge
from Lockstep.engine.server_figures import ServerFigures


def test_shards_add_up_in_whatever_order_their_lines_come():
    lines = [
        second(0, 0, [1000, 2000], sent=3, answered=2, violations={"lost": 1}, sentences=[{"code": "lost", "sentence": "a"}], reasons={"full": 1}),
        second(0, 1, [3000], sent=0, answered=1), second(1, 0, [4000], sent=2, answered=1, refused=1), second(1, 1, [], lost=1),
        done(0, account(0, answered=3, last=101.5)), done(1, account(1, answered=1, refused=1, unsent=4, closed="closed by the target with code 1011")),
    ]
    load = merged(*lines)
    assert (load.sent, load.answered, load.refused, load.lost, load.unsent) == (5, 4, 1, 1, 4)
    assert load.latency.counts == Histogram.of([1000, 2000, 3000, 4000]).counts
    assert (load.lasted, load.rate) == (2.0, 2.0)
    assert [(moment.at, moment.sent, moment.answered) for moment in load.moments] == [(1.0, 5, 3), (2.0, 0, 1)]
    assert [each.number for each in load.unfinished] == [1]
    assert (dict(load.violations), load.sentences, dict(load.reasons)) == ({"lost": 1}, [("lost", "a")], {"full": 1})
    assert told(merged(*reversed(lines))) == told(load)


def test_what_happens_while_connecting_is_counted_but_is_no_moment_of_the_load():
    load = merged(second(0, -1, phase="connecting", others={"news": 2}), second(0, 0, [1000], sent=1, answered=1), done(0, account(0)))
    assert (len(load.moments), dict(load.others)) == (1, {"news": 2})


def test_tenths_hold_all_times_in_their_order():
    load = merged(*(second(0, number, [1000 * (number + 1)]) for number in range(10)), done(0, account(0)))
    assert [list(tenth.counts) for tenth in load.tenths] == [list(Histogram.of([1000 * number]).counts) for number in range(1, 11)]


@pytest.mark.parametrize(("line", "facts", "told"), [
    ({"lag": [[60_000, 2], [10, 98]]}, {}, "the generator sent late (99 % within 60 ms, 50 ms allowed)"),
    ({"lag": [[60_000, 1], [10, 99]]}, {}, None), ({}, {"late": 0.3}, "a shard began 300 ms after the agreed instant"),
    ({}, {"clock_step": -3600.0}, "the clock of this machine stepped by -3600.00 s"), ({}, {}, None),
])
def test_a_generator_that_was_late_or_whose_clock_stepped_measured_nothing(line, facts, told):
    load = merged(second(0, 0, [1000], sent=1, answered=1, **line), done(0, account(0), **facts))
    assert (load.invalid is None) == (told is None)
    assert told is None or told in load.invalid


@pytest.mark.parametrize(("looks", "told"), [
    ([(100.0, 5.0), (101.0, 5.1), (102.0, 5.5)], "the server got no processor for 25% of the time although it was ready to work (20% allowed)"),
    ([(100.0, 5.0), (102.0, 5.3)], None), ([(99.0, 0.0), (100.5, 5.0), (101.5, 5.1), (103.0, 9.0)], None),  # only while the load lasts
    ([(100.0, None), (102.0, None)], None), ([(101.0, 5.0)], None), ([], None),
])
def test_a_server_that_was_kept_from_its_work_is_excused_for_a_limit_that_it_missed(looks, told):
    load = merged(second(0, 0, [1000], sent=1, answered=1), done(0, account(0)))
    load.server = [ServerFigures(time, 10**6, 4, 20, 1.0, waited) for time, waited in looks]
    assert (load.invalid, load.crowded) == (None, told and f"invalid: {told}")
    kept, missed = Verdict("limit", exercised=1), Verdict("limit", exercised=1)
    missed.violated(Code.TOO_SLOW, "late")
    assert (load.void(kept), load.void(missed)) == (None, load.crowded), "what was kept although others took the processor was kept"
    load.clock_step = 1.0
    assert load.void(kept) == load.void(missed) == load.invalid != load.crowded


def test_a_lost_shard_leaves_no_rate():
    load = merged(second(0, 0, [1000], sent=1, answered=1), done(0, account(0)))
    assert load.rate == 0.5
    load.missing.append("shard 2 of 2 said nothing for 3 s")
    assert load.rate is None


@pytest.mark.parametrize(("answered", "last", "rate"), [
    (44, 103.0, 20.0),   # 4 in the second of the ramp, 40 in the 2 s behind it
    (44, 105.0, 10.0),   # the same, and the last answer took 2 s
    (4, 104.0, 0.0), (0, 100.5, 0.0),
])
def test_what_is_due_in_a_ramp_does_not_count_for_the_rate(answered, last, rate):
    plan = Plan(connections=1, stages=(Stage(1.0, 0, 8), Stage(2.0, 20, 20)))
    load = merged(second(0, 0, answered=answered, sent=44), done(0, account(0, last=last)), plan=plan)
    assert load.rate == rate


@pytest.mark.parametrize(("plan", "processor", "limited"), [(CLOSED, 0.95, True), (CLOSED, 0.5, False), (OPEN, 0.95, False)])
def test_a_generator_without_a_timetable_that_was_busy_all_the_time_was_the_limit(plan, processor, limited):
    load = merged(second(0, 0, [1000], sent=1, processor=processor), second(0, 1, processor=0.01), done(0, account(0)), plan=plan)
    assert (load.limited_by_us is not None) == limited


@pytest.mark.parametrize(("plan", "of"), [(OPEN, " of 2 s"), (Plan(connections=2, window=1, count=50), "")])
def test_what_was_measured_until_an_interruption_is_kept_and_void(plan, of):
    merge = Merge("phase", plan)
    merge.take(second(0, -1, phase="connecting"))
    merge.take(second(0, 0, [1000] * 8, sent=10, answered=8))
    merge.take(second(0, 1, [1000] * 4, sent=4, answered=4))
    merge.load.interrupted = True
    load = merge.finished()
    assert (load.lasted, load.rate, load.latency.total) == (2.0, 6.0, 12)
    assert load.invalid == f"invalid: interrupted after 2.0 s{of}; what was measured until then is kept"


def test_an_interruption_before_the_first_message_has_no_rate():
    merge = Merge("phase", OPEN)
    merge.load.interrupted = True
    assert (merge.finished().rate, merge.load.lasted) == (0.0, 0.0)


def test_what_is_kept_of_a_phase_does_not_grow_by_its_lines():
    """Ten minutes of 10 000 msg/s with a thousand different latencies a second, which were 600 MB as lines."""
    merge = Merge("long", OPEN)
    tracemalloc.start()
    for number in range(100):
        merge.take(second(0, number, list(range(1000, 200_000, 199)), sent=1000, answered=1000))
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert kept < 100 * 20_000
    assert [moment.latency.total for moment in merge.finished().moments] == [1000] * 100
