"""The profile of a process, as keywords and the variable file ask for it (choosing and reading are tested with the runner)."""

import pytest

from Lockstep import profiles
from Lockstep.arguments import Duration, Durations, Rate, Rates
from Lockstep.engine.load.shape import PHASES
from Lockstep.errors import UsageError


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    for name in ("ENVIRONMENT", "CI", profiles.CHOSEN, *profiles.LIMIT_VARIABLES):
        monkeypatch.delenv(name, raising=False)


def test_the_runners_choice_stands_before_the_environment(monkeypatch):
    assert profiles.active_profile() == "quick"
    monkeypatch.setenv("ENVIRONMENT", "dev")
    assert profiles.active_profile() == "dev"
    monkeypatch.setenv(profiles.CHOSEN, "full")
    assert profiles.active_profile() == "full"


def test_limits_of_the_environment_replace_their_keys_and_no_other(monkeypatch):
    before = profiles.active_values()
    monkeypatch.setenv("RAPID_TEST_MAX_LATENCY", "0.25")
    after = profiles.active_values()
    assert {key for key in before if before[key] != after[key]} == {"RESPONSE_LIMIT"}
    assert after["RESPONSE_LIMIT"] == "0.25 s"


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("ENVIRONMENT", "fulll", "There is no profile 'fulll' (from ENVIRONMENT); did you mean full? Profiles are: quick, ci, dev, full."),
        ("RAPID_TEST_MAX_LATENCY", "fast", "RAPID_TEST_MAX_LATENCY is 'fast': it must be a number above 0 (seconds). Correct or unset it."),
        ("RAPID_TEST_MIN_DELIVERY_RATIO", "2",
         "RAPID_TEST_MIN_DELIVERY_RATIO is '2': it must be a number above 0 and at most 1 (a share such as 0.999). Correct or unset it."),
    ],
)
def test_what_cannot_be_is_a_sentence_before_anything_runs(monkeypatch, variable, value, said):
    monkeypatch.setenv(variable, value)
    with pytest.raises(UsageError) as error:
        profiles.active_profile()
    assert str(error.value) == f"usage: {said}"


@pytest.mark.parametrize("name", ["quick", "ci", "dev", "full"])
def test_every_profile_of_the_kit_has_the_same_keys(name):
    assert profiles.load(profiles.FOLDER, name).keys() == profiles.load(profiles.FOLDER, "quick").keys()


@pytest.mark.parametrize("name", ["quick", "ci", "dev", "full"])
def test_the_sizes_of_high_volume_fit_each_other(name):
    values = profiles.load(profiles.FOLDER, name)
    rates = Rates.convert(values["RATE_STEPS"])
    assert list(rates) == sorted(set(rates)), "steps rise"
    assert rates[0] <= Rate.convert(values["SUSTAINED_RATE"]) <= rates[-1] == Rate.convert(values["PEAK_RATE"])
    times = Durations.convert(values["BENCHMARK_PHASES"])
    assert len(times) == len(PHASES)
    within = Duration.convert(values["LATENCY_P95"])
    longer = [times[PHASES.index("ramp")] / 2, times[PHASES.index("peak")], Duration.convert(values["SECONDS_PER_RATE_STEP"])]
    assert all(within <= time / 3 for time in longer), "what is offered on top stays below a third"
    assert Duration.convert(values["STRESS_TIME"]) >= 6, "20 stretches of 0.3 s tell a trend"
