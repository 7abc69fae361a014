"""What keywords about sessions and recovery make of a journal: pass, fail with the right word, or skip."""

from __future__ import annotations

import json

import pytest
from robot.api import SkipExecution

from Lockstep.arguments import Duration, Share
from Lockstep.checks.events import Kind
from Lockstep.engine.account import Account
from Lockstep.engine.client import Client
from Lockstep.engine.reconnect import Reconnection
from Lockstep.engine.resume_attempt import ResumeAttempt
from Lockstep.errors import PerformanceThresholdError, UsageError, ViolationError
from Lockstep.keywords.expectation import Expectation
from Lockstep.keywords.kit import Kit
from Lockstep.keywords.recovering import RecoveringKeywords
from Lockstep.keywords.resuming import ResumingKeywords
from Lockstep.keywords.stability import Moment
from Lockstep.records import RUN
from Lockstep.targets import load_target

LATE = "invalid: the generator's own loop was late"


@pytest.fixture
def kit(tmp_path, monkeypatch):
    monkeypatch.setenv(RUN, str(tmp_path))
    kit = Kit()
    kit.use_target(load_target("reference"))
    kit.target.open_at({"websocket_url": "ws://127.0.0.1:1/ws"})  # nobody is asked anything: control lists are not offered there
    monkeypatch.setattr(kit.engine.lag, "reason_for_invalid", lambda *_: None)
    for alias in ("alice", "bob"):
        kit.engine.clients[alias] = Client(alias, Account(alias, alias, alias))
    yield kit
    kit.engine.stop()


@pytest.fixture
def resuming(kit):
    return ResumingKeywords(kit, Expectation(kit))


@pytest.fixture
def recovering(kit):
    return RecoveringKeywords(kit, Expectation(kit))


@pytest.fixture
def write(kit):
    def written(kind, connection=1, client="alice", message_id=None, time=None, **fields):
        return kit.engine.journal.write(kind, client, connection, client, message_id, time=time, **fields)

    return written


ASKED = {"session": "s-1", "epoch": 1, "offset": 2}


def come_back(write, told, *offsets, client="alice", began=1.0, took=0.5):
    """A client loses its session and comes back to it."""
    write(Kind.CONNECT, client=client, time=0.0)
    write(Kind.CONNECTED, client=client, time=0.1, details={"session": "s-1", "epoch": 1, "offset": 0})
    write(Kind.OTHER, client=client, time=0.2, offset=1)
    write(Kind.OTHER, client=client, time=0.2, offset=2)
    write(Kind.CLOSE, client=client, time=began)
    write(Kind.CONNECT, 2, client, time=began, details=ASKED)
    if told is not None:
        write(Kind.CONNECTED, 2, client, time=began + took, details=told)
    for offset in offsets:
        write(Kind.OTHER, 2, client, time=began + took, offset=offset)


RECOVERED = {**ASKED, "recovered": True, "head": 4}
EXPIRED = {"session": "s-9", "epoch": 1, "offset": 0, "recovered": False, "reason": "session_expired", "head": 0}


def test_a_session_that_is_kept_and_one_that_is_new(write, resuming):
    come_back(write, RECOVERED, 3, 4)
    resuming.the_session_should_be_kept("alice")
    resuming.nothing_should_be_missing_after_the_resume("alice")
    with pytest.raises(ViolationError, match=r"which had ended, and was let into it \(session s-1\)"):
        resuming.the_session_should_be_a_new_one("alice")


def test_a_session_that_is_gone(write, resuming):
    come_back(write, EXPIRED)
    resuming.the_session_should_be_a_new_one("alice")
    with pytest.raises(ViolationError, match=r"got session s-9 instead \(session_expired\)"):
        resuming.the_session_should_be_kept("alice")


def test_what_is_missing_after_a_resume(write, resuming, tmp_path):
    come_back(write, RECOVERED, 4)
    with pytest.raises(ViolationError, match="was told all of it was recovered, but offset 3 never came"):
        resuming.nothing_should_be_missing_after_the_resume("alice")
    assert found(tmp_path, "verdict", "counts") == [{"unsound_resume": 1}, {"gap": 1}, {}, {}]


def found(folder, kind, fact):
    lines = [json.loads(line) for path in (folder / "records").glob("*.jsonl") for line in path.read_text().splitlines()]
    return [line[fact] for line in lines if line["kind"] == kind]


def test_without_a_return_there_is_nothing_to_judge(write, resuming):
    write(Kind.CONNECTED, details={"session": "s-1"})
    for expectation in (resuming.the_session_should_be_kept, resuming.the_session_should_be_a_new_one, resuming.nothing_should_be_missing_after_the_resume):
        with pytest.raises(ViolationError, match="nothing was there to be checked"):
            expectation("alice")


def attempt(since, user="mallory", history=None, **told):
    told = {"session": "s-7", "epoch": 1, "recovered": False, "reason": "unknown_session", **told}
    return ResumeAttempt("mallory (trying)", user, ASKED, since, connected=True, refusal="", session=told["session"], epoch=1,
                         recovered=told["recovered"], reason=told["reason"], told=told, received=0, history=history)


def test_who_has_no_right_is_refused(write, resuming, kit):
    come_back(write, RECOVERED, 3, 4)
    since = kit.engine.journal.cursor
    resuming.the_resume_should_be_refused(attempt(since), reason="unknown_session")
    with pytest.raises(ViolationError, match="and was let into it"):
        resuming.the_resume_should_be_refused(attempt(since, session="s-1"))
    with pytest.raises(ViolationError, match="found 1 entry of a conversation"):
        resuming.the_resume_should_be_refused(attempt(since, history={"messages": [{}]}))
    resuming.the_resume_should_be_refused(attempt(since, "alice", {"messages": [{}]}, session="s-1", reason="stale_epoch"), reason="stale_epoch")
    refused = ResumeAttempt("mallory (trying)", "mallory", ASKED, since, connected=False, refusal="HTTP 403", session="", epoch=None, recovered=False,
                            reason="", told={}, received=0, history=None)
    resuming.the_resume_should_be_refused(refused)


def test_conversation_and_memory_are_compared_as_they_were_told(resuming):
    before = {"count": 1, "messages": [{"message_id": "a", "role": "user", "content": "x"}]}
    resuming.the_conversation_history_should_be_unchanged(before, dict(before))
    with pytest.raises(ViolationError, match=r"message a \(user\)"):
        resuming.the_conversation_history_should_be_unchanged(before, {"count": 0, "messages": []})
    memory = {"version": 2, "variables": {"a": 1}}
    resuming.the_agent_memory_should_be_unchanged(memory, dict(memory), acknowledged=2)
    with pytest.raises(ViolationError, match="version 3 had been confirmed"):
        resuming.the_agent_memory_should_be_unchanged(memory, dict(memory), acknowledged=3)


def test_nothing_confirmed_is_forgotten(write, resuming):
    for request, question, version in (("1", "update_agent_context", 2), ("2", "agent_context", 1)):
        write(Kind.QUERY, message_id=request, details={"question": question})
        write(Kind.ANSWER, message_id=request, details={"question": question, "fields": {"version": version}})
    with pytest.raises(ViolationError, match="says version 1, but version 2 had been confirmed"):
        resuming.nothing_that_was_confirmed_should_be_forgotten("alice")


def test_ids_need_to_be_many_and_random(resuming):
    with pytest.raises(UsageError, match="9 session ids show nothing; give 10 or more"):
        resuming.session_ids_should_be_unguessable([str(number) for number in range(9)])
    with pytest.raises(ViolationError, match="each id is higher than the one before it"):
        resuming.session_ids_should_be_unguessable([f"{number:040}" for number in range(10)])


def test_somebody_must_be_connected_to_look_for_ghosts(resuming, kit, monkeypatch):
    monkeypatch.setattr(resuming._expect, "offered", lambda *_: True)
    with pytest.raises(UsageError, match="no client is connected, so no session can be live"):
        resuming.exactly_one_session_should_be_live("alice")


# recovery ---------------------------------------------------------------------------------------------------------------------


def back(took, ready_after=None):
    return Reconnection("alice", since=0, recovered=True, reason="", session_kept=True, tries=1, took=took, ready_after=took if ready_after is None else ready_after,
                        away=took, replayed=0, caught_up=True, resent=0)


def test_the_median_of_five_returns(write, recovering, tmp_path):
    write(Kind.CLOSE)
    recovering.recovery_should_take_less_than(Duration(1), [back(0.5, 0.1), [back(0.5, 0.1), back(0.9, 0.2)], back(3, 0.3), back(0.1, 0.1)])
    assert {"recovery_median", "recovery_mean", "recovery_max", "reconnect_median", "reconnect_mean", "reconnect_max"} <= set(found(tmp_path, "measurement", "name"))
    with pytest.raises(PerformanceThresholdError, match=r"recovery took 1500 ms \(median of 5 tries"):
        recovering.recovery_should_take_less_than(Duration(1), [back(1.5)] * 5)
    with pytest.raises(UsageError, match="the median of 4 reconnections is noise; give 5 or more"):
        recovering.recovery_should_take_less_than(Duration(1), [back(0.1)] * 4)


@pytest.mark.parametrize("given", [[3], [[back(0.1)], "back"]])
def test_what_is_no_reconnection_is_refused(write, recovering, given):
    with pytest.raises(UsageError, match="reconnections must be what 'Reconnect' and its kin returned"):
        recovering.each_recovery_should_take_less_than(Duration(1), given)
    with pytest.raises(UsageError, match="no reconnection was given"):
        recovering.each_recovery_should_take_less_than(Duration(1), [])


def test_every_single_return(write, recovering, kit, monkeypatch):
    write(Kind.CLOSE)
    recovering.each_recovery_should_take_less_than(Duration(1), [back(0.9)])
    with pytest.raises(ViolationError, match="alice took 1100 ms to be back, where 1000 ms are allowed"):
        recovering.each_recovery_should_take_less_than(Duration(1), [back(0.9), back(1.1)])
    monkeypatch.setattr(kit.engine.lag, "reason_for_invalid", lambda *_: LATE)
    for expectation, times in ((recovering.each_recovery_should_take_less_than, 1), (recovering.recovery_should_take_less_than, 5)):
        with pytest.raises(SkipExecution, match=LATE):
            expectation(Duration(1), [back(1.1)] * times)


def test_everybody_who_came_back_in_this_test(write, recovering, kit, monkeypatch):
    come_back(write, RECOVERED)
    recovering.everybody_should_have_recovered_within(Duration(0.6))
    with pytest.raises(ViolationError, match=r"within 0.4 s, but it took 0.500 s \(first try at \+1.000 s\)"):
        recovering.everybody_should_have_recovered_within(Duration(0.4))
    write(Kind.SEND, 2, message_id="m", time=9.0)
    monkeypatch.setattr(kit.engine.lag, "reason_for_invalid", lambda *_: LATE)
    with pytest.raises(SkipExecution, match=LATE):
        recovering.everybody_should_have_recovered_within(Duration(0.4))
    recovering.everybody_should_have_recovered_within(Duration(0.6))  # lateness made it no easier to keep


def test_who_never_got_in_again(write, recovering, kit, monkeypatch, tmp_path):
    come_back(write, None)
    monkeypatch.setattr(kit.engine.lag, "reason_for_invalid", lambda *_: LATE)  # excuses times, not this
    with pytest.raises(ViolationError, match=r"never got in \(1 of 1 reconnection failed, so that ≥ 0 % is certain\)"):
        recovering.reconnection_should_succeed("alice")
    with pytest.raises(ViolationError, match="never got in"):
        recovering.reconnection_should_succeed("alice", at_least=Share(0.99))
    recovering.reconnection_should_succeed("alice", at_least=Share(0.01))
    assert "reconnections_succeeded" in found(tmp_path, "measurement", "name")


def test_nobody_waits_much_longer_than_others(write, recovering):
    come_back(write, RECOVERED)
    come_back(write, {**RECOVERED, "session": "s-1"}, client="bob", took=20)
    with pytest.raises(PerformanceThresholdError, match=r"bob was in again after 20\.000 s, where half of 2 clients were after"):
        recovering.nobody_should_have_waited_much_longer_than_others()


def test_one_end_for_every_message(write, recovering, monkeypatch, kit):
    monkeypatch.setattr(kit.engine, "run", lambda work: work.close())  # no settling: nobody is connected
    monkeypatch.setattr(Expectation, "_warn", staticmethod(lambda *_: None))
    write(Kind.SEND, message_id="a", attempt=1)
    write(Kind.SEND, message_id="b", attempt=1)
    write(Kind.REPLY, message_id="a", attempt=1)
    with pytest.raises(ViolationError, match="message b was never answered"):
        recovering.every_message_should_have_one_end("alice")
    assert kit.scope.not_offered == ["processed once in ledger", "ledger agrees with journal"]
    recovering.what_was_confirmed_should_survive_the_kill("alice")
    assert kit.scope.not_offered[2:] == ["confirmed survives kills"]


def test_a_bystander_has_a_baseline(write, recovering):
    for number in range(100):
        write(Kind.SEND, client="bob", message_id=f"m{number}", time=number / 50)
        if number < 60:
            write(Kind.REPLY, client="bob", message_id=f"m{number}", time=number / 50)
    with pytest.raises(ViolationError, match=r"bob got 0\.0 answers a second while others were in trouble"):
        recovering.the_bystander_should_keep_its_throughput("bob", since=Moment(130), until=Moment(155))
    recovering.the_bystander_should_keep_its_throughput("bob", since=Moment(60), until=Moment(110))
