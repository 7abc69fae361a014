"""What keywords about many returns make of a journal: pass, fail with the right word, or skip."""

from __future__ import annotations

import json

import pytest
from robot.api import SkipExecution

from Lockstep.arguments import Duration
from Lockstep.checks.events import Kind
from Lockstep.engine.account import Account
from Lockstep.engine.client import Client
from Lockstep.engine.reconnect import Reconnection
from Lockstep.errors import PerformanceThresholdError, ViolationError
from Lockstep.keywords.expectation import Expectation
from Lockstep.keywords.kit import Kit
from Lockstep.keywords.returning import ReturningKeywords
from Lockstep.records import RUN
from Lockstep.targets import load_target

LATE = "invalid: the generator's own loop was late"


@pytest.fixture
def kit(tmp_path, monkeypatch):
    monkeypatch.setenv(RUN, str(tmp_path))
    kit = Kit()
    kit.use_target(load_target("reference"))
    monkeypatch.setattr(kit.engine.lag, "reason_for_invalid", lambda *_: None)
    kit.engine.clients["alice"] = Client("alice", Account("alice", "alice", "alice"))
    yield kit
    kit.engine.stop()


@pytest.fixture
def returning(kit):
    return ReturningKeywords(kit, Expectation(kit))


@pytest.fixture
def came_back(kit):
    """Alice came back so often; each time it took so long until she could read on."""

    def write(*took):
        journal = kit.engine.journal
        journal.write(Kind.CONNECT, "alice", 1, "alice", time=0.0)
        journal.write(Kind.CONNECTED, "alice", 1, "alice", time=0.1)
        journal.write(Kind.SEND, "alice", 1, "alice", "m1", time=0.2)
        journal.write(Kind.REPLY, "alice", 1, "alice", "m1", time=0.3)
        for connection, seconds in enumerate(took, 2):
            time, asked = connection * 10.0, {"question": "conversation_history"}
            journal.write(Kind.CLOSE, "alice", connection - 1, "alice", time=time)
            journal.write(Kind.CONNECT, "alice", connection, "alice", time=time)
            journal.write(Kind.CONNECTED, "alice", connection, "alice", time=time)
            journal.write(Kind.QUERY, "alice", connection, "alice", f"q{connection}", time=time + 1, details=asked)
            journal.write(Kind.ANSWER, "alice", connection, "alice", f"q{connection}", time=time + 1 + seconds, details={**asked, "fields": {"count": 2}})
        return [
            Reconnection("alice", 0, recovered=True, reason="", session_kept=True, tries=1, took=seconds, ready_after=seconds, away=0.0, replayed=0,
                         caught_up=True, resent=0)
            for seconds in took
        ]

    return write


def figures(folder):
    lines = [json.loads(line) for path in (folder / "records").glob("*.jsonl") for line in path.read_text().splitlines()]
    return {line["name"]: round(line["value"]) for line in lines if line["kind"] == "measurement"}


def test_the_context_is_back_in_time(came_back, returning, tmp_path):
    came_back(0.1, 0.2, 0.3, 0.4, 5.0)
    returning.the_context_should_have_been_back_within(Duration(1), "alice")
    assert figures(tmp_path) == {"context_mean": 1200, "context_median": 300, "context_max": 5000, "recovery_violations": 0}


def test_the_context_is_back_too_late(came_back, returning):
    came_back(0.1, 0.2, 1.1, 1.2, 1.3)
    with pytest.raises(PerformanceThresholdError, match="context took 1100 ms"):
        returning.the_context_should_have_been_back_within(Duration(1), "alice")


def test_returns_that_are_level_and_returns_that_rise(came_back, returning):
    returning.reconnecting_should_not_become_slower(came_back(0.1, 0.1, 0.1, 0.1, 0.9), "alice")
    with pytest.raises(PerformanceThresholdError, match="it took 80 ms longer"):
        returning.reconnecting_should_not_become_slower(came_back(0.01, 0.03, 0.05, 0.07, 0.09), "alice")


def test_too_few_returns_prove_nothing(came_back, returning):
    few = came_back(0.1, 0.1)
    with pytest.raises(ViolationError, match="nothing was there to be checked"):
        returning.reconnecting_should_not_become_slower(few, "alice")
    with pytest.raises(ViolationError, match="nothing was there to be checked"):
        returning.the_context_should_have_been_back_within(Duration(1), "alice")


def test_a_late_machine_voids_times(kit, came_back, returning, monkeypatch):
    slow = came_back(*(2.0 + number for number in range(5)))
    monkeypatch.setattr(kit.engine.lag, "reason_for_invalid", lambda *_: LATE)
    for judge in (lambda: returning.the_context_should_have_been_back_within(Duration(1), "alice"),
                  lambda: returning.reconnecting_should_not_become_slower(slow, "alice")):
        with pytest.raises(SkipExecution, match=LATE):
            judge()
