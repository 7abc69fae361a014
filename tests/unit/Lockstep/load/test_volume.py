"""How many messages were settled by when, over several loads."""

from types import SimpleNamespace

import pytest

from Lockstep.engine.load.volume import Volume


def load(begin, *moments):
    """Moments are (at, lasted, answered, refused)."""
    return SimpleNamespace(begin=begin, moments=[SimpleNamespace(at=at, lasted=lasted, answered=answered, refused=refused)
                                                 for at, lasted, answered, refused in moments])


@pytest.mark.parametrize(("time", "expected"), [
    (0.0, 0), (10.0, 0), (10.5, 50), (11.0, 100), (11.5, 110), (12.0, 120), (15.0, 120), (20.0, 120), (20.25, 130), (20.5, 140), (99.0, 140),
])
def test_messages_come_evenly_between_two_lines_and_none_between_two_loads(time, expected):
    volume = Volume([load(20.0, (0.5, 0.5, 0, 20)), load(10.0, (1.0, 1.0, 90, 10), (2.0, 1.0, 20, 0))])
    assert volume.at(time) == pytest.approx(expected)


def test_a_line_that_seems_to_begin_before_the_last_one_ended_takes_nothing_back():
    volume = Volume([load(10.0, (1.0, 1.0, 100, 0), (1.5, 0.7, 50, 0))])
    assert [volume.at(10.0 + tenth / 10) for tenth in range(16)] == sorted(volume.at(10.0 + tenth / 10) for tenth in range(16))
    assert (volume.at(11.0), volume.at(11.5)) == (pytest.approx(100), 150)


def test_without_a_load_nothing_was_settled():
    assert Volume([]).at(5.0) == 0
