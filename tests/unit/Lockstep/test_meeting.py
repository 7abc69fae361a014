"""Shares that find each other: who starts the target, when all begin, and what becomes of those who wait for one that does not come."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from time import monotonic, time

import psutil
import pytest

from Lockstep import meeting
from Lockstep.errors import EnvironmentSetupError
from Lockstep.meeting import Meeting, NotMet

GONE = {"pid": 2**22 + 1, "created": 1.0}


class Values:
    """What pabot's server keeps, without pabot."""

    def __init__(self):
        self.kept, self._lock = {}, threading.Lock()

    def get(self, key):
        return self.kept.get(key, "")

    def put(self, key, value):
        self.kept[key] = value

    def first(self, key, value):
        with self._lock:
            return self.kept.setdefault(key, value) is value


def together(values, act, of=4):
    """What each share gets out of it, all at the same time."""

    def one(number):
        try:
            return act(Meeting(values, "suite", number, of))
        except (NotMet, EnvironmentSetupError) as error:
            return str(error)

    with ThreadPoolExecutor(of) as threads:
        return list(threads.map(one, range(1, of + 1)))


def test_one_share_starts_the_target_and_all_are_told_where_it_is():
    started = []

    def start():
        started.append(threading.get_ident())
        return {"url": f"ws://there:{len(started)}"}

    assert together(Values(), lambda one: one.target(start)) == [{"url": "ws://there:1"}] * 4
    assert len(started) == 1


def test_a_target_that_does_not_start_is_told_to_all():
    def start():
        raise EnvironmentSetupError("no such file")

    said = together(Values(), lambda one: one.target(start))
    assert all("no such file" in text for text in said)
    assert sum("could not start the target" in text for text in said) == 3


def test_all_begin_at_one_instant_which_leaves_time_to_open():
    values = Values()
    began = time()
    instants = together(values, lambda one: (one.agreed("first", 0.5), one.agreed("second", 0.2)))
    assert len(set(instants)) == 1
    first, second = instants[0]
    assert first >= began + 0.5
    assert second != first


def test_a_share_that_does_not_come_is_named_with_what_to_do(monkeypatch):
    monkeypatch.setattr(meeting, "PATIENCE", 0.3)
    values = Values()
    one = Meeting(values, "suite", 1, 2)
    with pytest.raises(NotMet, match=r"share 2 of 2 did not come within 0\.3 s; pabot needs 2 processes \(--processes 2\)"):
        one.agreed("flood", 0.0)
    values.kept["lockstep/suite/starter"] = "2"
    with pytest.raises(NotMet, match="share 2 of 2 did not come within"):
        one.target(dict)


@pytest.mark.parametrize("how", ["killed", "over"])
def test_nobody_waits_for_a_share_that_has_ended(how):
    values = Values()
    one = Meeting(values, "suite", 1, 2)
    if how == "killed":
        values.put("lockstep/suite/here/2", GONE)
    else:
        Meeting(values, "suite", 2, 2).leave()
    begin = monotonic()
    with pytest.raises(NotMet, match="share 2 of 2 has ended already"):
        one.agreed("flood", 0.0)
    assert monotonic() - begin < 3


def test_a_share_that_was_ready_and_then_ended_does_not_hold_up_who_knows_it(monkeypatch):
    """All were ready once: the instant was agreed, even if one of them has gone before another has asked."""
    values = Values()
    two = Meeting(values, "suite", 2, 2)
    one = Meeting(values, "suite", 1, 2)
    values.put("lockstep/suite/flood/2", "ready")
    two.leave()
    assert one.agreed("flood", 0.0) > 0


def test_who_comes_when_another_has_gone_is_told_so_and_not_where_a_dead_target_was():
    values = Values()
    one = Meeting(values, "suite", 1, 2)
    one.target(lambda: {"url": "ws://gone"})
    one.leave()
    with pytest.raises(NotMet, match="share 1 of 2 has ended already; pabot needs 2 processes"):
        Meeting(values, "suite", 2, 2).target(dict)


def test_a_target_is_gone_with_the_share_that_had_started_it():
    values = Values()
    two = Meeting(values, "suite", 2, 2)
    values.put("lockstep/suite/starter", "1")
    values.put("lockstep/suite/here/1", GONE)
    values.put("lockstep/suite/target", {"addresses": {"url": "ws://gone"}})
    with pytest.raises(NotMet, match="share 1 of 2, which had started the target, has ended already"):
        two.target(dict)


def test_all_are_told_where_a_target_is_that_was_restarted():
    def act(one):
        one.target(lambda: {"url": "ws://before"})
        if one.has_started_the_target:
            one.tell("crash", {"url": "ws://after"})
            return "told"
        return one.told("crash")["url"]

    assert sorted(together(Values(), act)) == ["told", *["ws://after"] * 3]


def test_a_target_that_dies_with_its_share_is_told_by_nobody():
    values = Values()
    two = Meeting(values, "suite", 2, 2)
    values.put("lockstep/suite/starter", "1")
    values.put("lockstep/suite/here/1", GONE)
    with pytest.raises(NotMet, match="share 1 of 2 has ended already"):
        two.told("crash")


def test_the_one_that_started_the_target_waits_until_nobody_needs_it():
    values, left = Values(), []

    def act(one):
        one.target(dict)
        one.agreed("flood", 0.0)
        if values.get("lockstep/suite/starter") != str(one._number):
            threading.Event().wait(0.2)
        one.leave()
        left.append(one._number)

    together(values, act)
    assert len(left) == 4
    assert str(left[-1]) == values.get("lockstep/suite/starter")


def test_it_does_not_wait_for_the_dead():
    values = Values()
    one = Meeting(values, "suite", 1, 3)
    one.target(dict)
    values.put("lockstep/suite/here/2", GONE)
    values.put("lockstep/suite/here/3", {"pid": os.getpid(), "created": psutil.Process().create_time() - 60})
    begin = monotonic()
    one.leave()
    assert monotonic() - begin < 3
