"""The borders of suites and tests: fresh scopes, saved journals, honest messages, and never an error that ends the run."""

import json
from types import SimpleNamespace

import pytest

from Lockstep.checks.events import Kind
from Lockstep.engine.load.plan import Plan
from Lockstep.engine.load.result import Load
from Lockstep.keywords.kit import Kit
from Lockstep.listener import TestListener
from Lockstep.records import RUN


@pytest.fixture
def kit(tmp_path, monkeypatch):
    monkeypatch.setenv(RUN, str(tmp_path))
    one = Kit()
    yield one
    one.engine.stop()


@pytest.fixture
def warnings(monkeypatch):
    said = []
    monkeypatch.setattr("Lockstep.listener.logger.warn", said.append)
    return said


def data(name="Suite.A Test"):
    return SimpleNamespace(full_name=name, tests=[])


def result(*tags, status="PASS", message=""):
    return SimpleNamespace(tags=tags, passed=status == "PASS", failed=status == "FAIL", message=message)


def test_every_suite_and_test_gets_accounts_of_its_own(kit):
    listener = TestListener(kit)
    logins = []
    for begin in (listener.start_suite, listener.start_test, listener.start_test, listener.start_suite, listener.start_test):
        begin(data(), result())
        logins.append(kit.account("alice").login)
        assert kit.account("alice").login == logins[-1]
    assert len(set(logins)) == 5


def test_the_scope_knows_the_tests_cases_and_criterion(kit):
    TestListener(kit).start_test(data(), result("slow", "rms-2", "rms-b", "wsr-1-10", "fr-loss", "rmsx-1"))
    assert (kit.scope.name, kit.scope.cases, kit.scope.criterion) == ("Suite.A Test", "rms-2,rms-b,wsr-1-10", "fr-loss")


def test_a_passed_test_says_what_could_not_be_checked(kit):
    listener = TestListener(kit)
    listener.start_test(data(), result())
    kit.scope.checks_done, kit.scope.not_offered = 3, ["ledger order", "processed once"]
    passed, failed = result(message="Fine."), result(status="FAIL", message="bad")
    listener.end_test(data(), passed)
    listener.end_test(data(), failed)
    assert passed.message == "Fine.\n3 of 5 checks; not offered by the target: ledger order, processed once."
    assert failed.message == "bad"


def test_the_journal_of_a_failed_test_is_saved_from_its_own_beginning(kit, tmp_path):
    listener = TestListener(kit)
    kit.engine.journal.write(Kind.MARK, "alice", 1, "u", "before")
    listener.start_test(data("My Suite.Ünlucky / Test"), result())
    kit.engine.journal.write(Kind.SEND, "alice", 1, "u", "mine", 1)
    listener.end_test(data(), result(status="PASS"))
    assert not (tmp_path / "journals").exists()
    listener.end_test(data(), result(status="FAIL"))
    (line,) = (tmp_path / "journals" / "My-Suite-nlucky-Test.jsonl").read_text().splitlines()
    assert json.loads(line)["message_id"] == "mine"


def test_a_journal_that_cannot_be_saved_is_a_warning_and_clients_are_still_closed(kit, tmp_path, warnings, monkeypatch):
    (tmp_path / "journals").write_text("in the way")
    listener = TestListener(kit)
    listener.start_test(data(), result())
    kit.engine.journal.write(Kind.SEND, "alice", 1, "u", "mine", 1)
    kit.engine.clients["alice"] = SimpleNamespace(connection=None)
    listener.end_test(data(), result(status="FAIL"))
    (said,) = warnings
    assert said.startswith("The journal of 'Suite.A Test' could not be saved: ")
    assert kit.engine.clients == {}


def test_no_error_at_any_border_reaches_the_run(kit, warnings, monkeypatch):
    def broken(*_):
        raise RuntimeError("no")

    listener = TestListener(kit)
    listener.start_suite(data(), result())
    listener.start_test(data(), result())
    kit.engine.clients["alice"] = SimpleNamespace(connection=None)
    kit._target = SimpleNamespace(http=None)
    monkeypatch.setattr(kit.engine, "run", broken)
    monkeypatch.setattr(kit.engine, "close", lambda _aliases: None)
    listener.end_test(data(), result())
    listener.end_suite(data(), result())
    monkeypatch.setattr(kit.engine, "stop", broken)
    listener.close()
    assert [said.partition(":")[0] for said in warnings] == [
        "Closing what 'Suite.A Test' left open failed", "Closing what the suite left open failed",
        "Ending the target that the run left behind failed", "Ending the engine failed",
    ]
    monkeypatch.undo()


def test_clients_of_a_suite_live_until_its_end_and_those_of_a_test_until_its_own(kit):
    listener, client = TestListener(kit), SimpleNamespace(connection=None)
    listener.start_suite(data(), result())
    kit.engine.clients["of suite"] = client
    listener.start_test(data(), result())
    kit.engine.clients["of test"] = client
    listener.end_test(data(), result())
    assert list(kit.engine.clients) == ["of suite"]
    listener.end_suite(data(), result())
    assert kit.engine.clients == {}


def test_the_loads_of_a_test_are_drawn_when_it_has_ended_and_what_cannot_be_drawn_is_a_warning(kit, monkeypatch, warnings):
    shown = []
    monkeypatch.setattr("Lockstep.listener.logger.info", lambda text, html: shown.append((text, html)))
    listener = TestListener(kit)
    listener.start_test(data(), result())
    listener.end_test(data(), result())
    assert shown == []
    listener.start_test(data(), result())
    kit.scope.loads.append(Load("peak", Plan(connections=1)))
    listener.end_test(data(), result())
    assert [(">peak</th>" in text, html) for text, html in shown] == [(True, True)]
    kit.scope.loads.append("no load")
    listener.end_test(data(), result())
    assert [said.partition(":")[0] for said in warnings] == ["The load of 'Suite.A Test' could not be drawn"]


def test_what_was_set_for_whoever_comes_is_taken_back_from_the_target_that_was_told_and_from_no_other(kit):
    told = []

    async def control(capability, **values):
        told.append((capability, values))

    target = SimpleNamespace(control=control, offers=lambda _capability: True)
    listener = TestListener(kit)
    for another in (False, True):
        kit.use_target(target)
        listener.start_test(data(), result())
        kit.control("work_time", None, seconds=2.0)
        if another:
            kit.use_target(target)
        listener.end_test(data(), result())
    kit.use_target(None)
    assert told == [
        ("work_time", {"user": None, "seconds": 2.0}), ("work_time", {"user": None, "seconds": 0.0}), ("work_time", {"user": None, "seconds": 2.0}),
    ]
