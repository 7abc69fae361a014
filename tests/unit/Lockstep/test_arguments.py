"""What an analyst may write for an argument, and the sentence for what cannot be."""

from datetime import timedelta

import pytest

from Lockstep import Lockstep
from Lockstep.arguments import (
    CONVERTERS,
    Count,
    Counts,
    Duration,
    Durations,
    Growth,
    Interval,
    Misfit,
    Number,
    Portion,
    Priority,
    Rate,
    Rates,
    Share,
    Size,
    Timestamps,
)
from Lockstep.engine.sending import Burst
from Lockstep.errors import UsageError


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        (Count, "20", 20), (Count, "7 000", 7000), (Count, "7_000", 7000), (Count, 3, 3), (Count, "2.0", 2),
        (Number, "0", 0), (Number, 19, 19),
        (Duration, "100 ms", 0.1), (Duration, "2 minutes", 120), (Duration, 3, 3), (Duration, "0", 0), (Duration, timedelta(seconds=2), 2),
        (Interval, "20 ms", 0.02), (Interval, 1, 1),
        (Rate, "50", 50), (Rate, "50 msg/s", 50), (Rate, "1 000 messages / second", 1000), (Rate, "0.5/s", 0.5),
        (Size, "200", 200), (Size, "64 KiB", 65536), (Size, "1 MB", 1_000_000), (Size, "1.5kB", 1500), (Size, 7, 7),
        (Growth, "1 MB", (1_000_000, 0.0)), (Growth, "5 %", (0.0, 0.05)),
        (Rates, "100, 300, 600 msg/s", (100, 300, 600)), (Rates, "1 000 msg/s, 2 000/s", (1000, 2000)), (Rates, [5, "7"], (5, 7)), (Rates, "50", (50,)),
        (Counts, "1, 5, 10, 130", (1, 5, 10, 130)), (Counts, [1, "5"], (1, 5)), (Counts, "7", (7,)),
        (Portion, "2 of 4", (2, 4)), (Portion, " 1  OF 1 ", (1, 1)),
        (Durations, "2, 3.5, 1 s", (2, 3.5, 1)), (Durations, "200, 300 ms", (0.2, 0.3)), (Durations, "1, 2", (1, 2)), (Durations, "1 min, 2 s", (60, 2)),
        (Share, "0.95", 0.95), (Share, "95 %", 0.95), (Share, 1, 1),
    ],
)
def test_what_people_write_is_understood(kind, given, expected):
    converted = kind.convert(given)
    assert converted == pytest.approx(expected)
    assert type(converted) is kind


@pytest.mark.parametrize(
    ("kind", "given", "sentence"),
    [
        (Count, "0", "must be a whole number, 1 or more, not 0"),
        (Interval, "0", "must be a time of more than 0, such as '20 ms', not '0'"),
        (Interval, "soon", "must be a time such as '100 ms' or '2 s', not 'soon'"),
        (Count, "-1", "must be a whole number, 1 or more, not -1"),
        (Count, "2.5", "must be a whole number, 1 or more, not 2.5"),
        (Count, "abc", "must be a whole number such as 20, not 'abc'"),
        (Count, "inf", "must be a whole number such as 20, not 'inf'"),
        (Count, "nan", "must be a whole number such as 20, not 'nan'"),
        (Count, None, "must be a whole number such as 20, not 'None'"),
        (Number, "-1", "must be a whole number, 0 or more, not -1"),
        (Duration, "soon", "must be a time such as '100 ms' or '2 s', not 'soon'"),
        (Duration, "inf", "must be a time such as '100 ms' or '2 s', not 'inf'"),
        (Duration, "-1 s", "must be a time of 0 or more, not '-1 s'"),
        (Rate, "fast", "must be a rate such as '50 msg/s', not 'fast'"),
        (Rate, "inf", "must be a rate such as '50 msg/s', not 'inf'"),
        (Rate, "0 msg/s", "must be more than 0 msg/s, not '0 msg/s'"),
        (Rates, "", "must be rates such as '100, 300, 600 msg/s', not ''"),
        (Rates, [], "must be rates such as '100, 300, 600 msg/s', not '[]'"),
        (Rates, "100,, 300", "must be rates such as '100, 300, 600 msg/s', not '100,, 300'"),
        (Rates, "100, 0 msg/s", "must be more than 0 msg/s, not '0 msg/s'"),
        (Rates, "100, fast", "must be a rate such as '50 msg/s', not '100 fast'"),
        (Counts, "1, 0", "must be a whole number, 1 or more, not 0"), (Counts, "", "must be whole numbers such as '1, 5, 10', not ''"),
        (Portion, "2/4", "must be a part such as '2 of 4', not '2/4'"), (Portion, "5 of 4", "must be a part such as '2 of 4', not '5 of 4'"),
        (Portion, "0 of 4", "must be a part such as '2 of 4', not '0 of 4'"),
        (Durations, "2, soon", "must be a time such as '100 ms' or '2 s', not '2 soon'"),
        (Durations, "2, -1 s", "must be a time of 0 or more, not '-1 s'"),
        (Size, "64 parsecs", "must be a size such as '64 KiB' or '200 B', not '64 parsecs'"),
        (Size, "1.2.3 kB", "must be a size such as '64 KiB' or '200 B', not '1.2.3 kB'"),
        (Growth, "0 %", "must be a share such as '0.95' or '95 %', more than 0 and at most 1, not '0 %'"),
        (Growth, "little", "must be a size such as '64 KiB' or '200 B', not 'little'"),
        (Size, "0", "must be a whole number of bytes, 1 or more, not '0'"),
        (Size, "1.5", "must be a whole number of bytes, 1 or more, not '1.5'"),
        (Share, "1.5", "must be a share such as '0.95' or '95 %', more than 0 and at most 1, not '1.5'"),
        (Share, "much", "must be a share such as '0.95' or '95 %', more than 0 and at most 1, not 'much'"),
    ],
)
def test_what_cannot_be_is_answered_with_a_sentence(kind, given, sentence):
    with pytest.raises(ValueError, match="must be") as error:
        kind.convert(given)
    assert str(error.value) == sentence


def test_names_are_understood_in_any_case_and_unknown_ones_are_told_which_there_are():
    assert CONVERTERS[Timestamps](" Falling ") is Timestamps.falling
    assert CONVERTERS[Priority](Priority.high) is Priority.high
    with pytest.raises(ValueError, match=r"^must be one of now, equal, falling, not 'random'$"):
        CONVERTERS[Timestamps]("random")


def test_what_only_a_keyword_can_return_names_that_keyword():
    with pytest.raises(ValueError, match=r"^must be what 'Send Burst' returned, not 'yesterday'$"):
        Lockstep.ROBOT_LIBRARY_CONVERTERS[Burst]("yesterday")
    burst = Burst("alice", (), 0.0, 0.0, 0)
    assert Lockstep.ROBOT_LIBRARY_CONVERTERS[Burst](burst) is burst


@pytest.mark.parametrize(("args", "kwargs"), [(("a misfit",), {}), ((20,), {"in_flight": "a misfit"})])
def test_the_library_refuses_a_misfit_with_the_names_of_argument_and_keyword(args, kwargs):
    misfit = Misfit("must be a whole number, 1 or more, not 0")
    args, kwargs = [misfit if a == "a misfit" else a for a in args], dict.fromkeys(kwargs, misfit)
    with pytest.raises(UsageError) as error:
        Lockstep().run_keyword("send_burst", args, kwargs)
    name = "in_flight" if kwargs else "count"
    assert str(error.value) == f"usage: {name} must be a whole number, 1 or more, not 0 (argument of 'Send Burst')"


def test_what_goes_wrong_inside_the_kit_says_so_and_asks_for_a_report():
    library = Lockstep()
    library.keywords["disconnect"] = lambda client=None: 1 / 0
    with pytest.raises(Exception, match=r"^internal: 'Disconnect' failed inside the kit \(ZeroDivisionError: division by zero\); please report"):
        library.run_keyword("disconnect", [])
