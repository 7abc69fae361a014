"""What the phases of a benchmark offer: the named shape in full, scaled elsewhere, and enough more to show an agreed rate."""

from hypothesis import given
from hypothesis import strategies as st

from Lockstep.engine.load.shape import PHASES, offer

FULL = dict(zip(PHASES, (30, 60, 120, 60, 30), strict=True))


def test_in_full_it_is_the_shape_that_was_promised():
    offers = {phase: offer(phase, sustained=5000, peak=10_000, seconds=seconds, within=0.2) for phase, seconds in FULL.items()}
    assert {phase: round(each.rate) for phase, each in offers.items()} == {
        "warm-up": 1000, "ramp": 5033, "sustained": 7500, "peak": 10_033, "cool-down": 2000,
    }
    assert all(each.ramp + each.lasting == FULL[phase] for phase, each in offers.items())
    assert [phase for phase, each in offers.items() if each.ramp] == ["ramp"]


@given(st.integers(10, 20_000), st.floats(1, 3), st.floats(1, 120), st.floats(0.01, 1))
def test_a_target_that_answers_the_last_message_just_in_time_reaches_the_agreed_rate(sustained, more, seconds, within):
    for phase, agreed in (("ramp", sustained), ("sustained", sustained), ("peak", sustained * more)):
        each = offer(phase, sustained=sustained, peak=sustained * more, seconds=seconds, within=within)
        assert each.rate * each.lasting / (each.lasting + within) >= agreed * (1 - 1e-9)
