"""Whether the connections of a load were served alike, and when a phase was too short to tell."""

import pytest
from robot.api import SkipExecution

from Lockstep.engine.load.plan import Plan
from Lockstep.engine.load.result import ConnectionAccount, Load
from Lockstep.errors import PerformanceThresholdError
from Lockstep.keywords.crowd import CrowdKeywords
from Lockstep.keywords.expectation import Expectation
from Lockstep.keywords.kit import Kit
from Lockstep.records import RUN


@pytest.fixture
def crowd(tmp_path, monkeypatch):
    monkeypatch.setenv(RUN, str(tmp_path))
    kit = Kit()
    yield CrowdKeywords(kit, Expectation(kit), None, None)
    kit.engine.stop()


def load(*answered, window=4):
    connections = [
        ConnectionAccount(number=number, user="u", prefix="u.", sent=count, answered=count, refused=0, lost=0, unsent=0, p50=0.0, p95=0.0, last=3.0, closed=None)
        for number, count in enumerate(answered)
    ]
    return Load("saturated", Plan(connections=len(answered), window=window, seconds=3.0), sent=sum(answered), answered=sum(answered), connections=connections)


def test_who_is_behind_by_more_than_was_on_its_way_is_starved(crowd):
    crowd.load_should_be_fair(load(800, 790, 805))
    with pytest.raises(PerformanceThresholdError, match=r"connection 2 was served 166\.7 messages a second"):
        crowd.load_should_be_fair(load(800, 500, 805))


def test_a_phase_in_which_one_window_decides_is_too_short_to_tell(crowd):
    with pytest.raises(SkipExecution, match="invalid: 4 answers more for the slower connections"):
        crowd.load_should_be_fair(load(*[90] * 20, 70))
    with pytest.raises(PerformanceThresholdError, match="79% of the mean"):
        crowd.load_should_be_fair(load(*[900] * 20, 700))
    with pytest.raises(PerformanceThresholdError, match="79% of the mean"):
        crowd.load_should_be_fair(load(*[90] * 20, 70, window=1))
