"""The small parts of coming back: the ladder, what is remembered of a session, and what a handshake says of it."""

import orjson
import pytest
import yaml
from robot.api.types import Secret

from Lockstep.checks.events import Event, Kind
from Lockstep.connecting_arguments import Factor, Jitter
from Lockstep.engine.ladder import Ladder
from Lockstep.engine.session import SessionState
from Lockstep.errors import UsageError
from Lockstep.targets import load_target
from Lockstep.targets.loading import read_target_file
from Lockstep.targets.mapping import JsonMapping
from Lockstep.targets.model import TargetFile

RESUME = {"ask": {"query": {"resumable": "true"}, "headers": {"X-Stay": "{user}"}},
          "with": {"query": {"sid": "{session}", "from": "{epoch}:{offset}", "epoch": "{epoch}"}, "headers": {"X-Session": "{session}"}}}
READY = {"wait_for": {"type": "hello"}, "session": "sid"}
MINIMAL = {
    "schema": 1, "name": "desk", "connect": {"url": "ws://127.0.0.1:1/ws?v=2", "ready": READY, "resume": RESUME},
    "messages": {"send": {"id": "{message_id}"}, "reply": {"where": {"type": "answer"}, "message_id": "id"}},
}


# the ladder


@pytest.mark.parametrize(
    ("ladder", "at_once", "waits"),
    [
        (Ladder(1, 2, 30, 0, 7), False, [1, 2, 4, 8, 16, 30, 30]),
        (Ladder(1, 2, 30, 0, 4), True, [0, 1, 2, 4]),
        (Ladder(0.5, 1, 0.5, 0, 3), False, [0.5] * 3),
        (Ladder(1, 3, 5, 0, 4, 0.02), False, [0.02, 0.06, 0.1, 0.1]),
        (Ladder(1, 2, 30, 0, 1), True, [0]),
        (Ladder(jitter=0, tries=5, steps=(1, 2, 7)), True, [0, 1, 2, 7, 7]),
        (Ladder(jitter=0, tries=2, scale=0.5, steps=(1, 2, 7)), False, [0.5, 1]),
    ],
)
def test_each_wait_is_longer_up_to_the_cap(ladder, at_once, waits):
    assert list(ladder.waits(4711, at_once=at_once)) == pytest.approx(waits)
    assert ladder.rungs[: len(waits) - at_once] == pytest.approx(waits[at_once:])


def test_jitter_is_symmetric_bounded_and_repeated_by_the_seed():
    ladder = Ladder(1, 1, 1, 0.2, 2000)
    waits = list(ladder.waits((4711, "alice", 1)))
    assert waits == list(ladder.waits((4711, "alice", 1))) != list(ladder.waits((4711, "bob", 1)))
    assert list(ladder.waits((4711, "alice", 2))) != waits
    assert 0.8 <= min(waits) < 0.81
    assert 1.19 < max(waits) <= 1.2
    assert sum(waits) / len(waits) == pytest.approx(1, abs=0.02)


def test_a_cap_below_the_first_wait_is_a_sentence():
    with pytest.raises(UsageError, match=r"^usage: cap must be at least first \(5 s\), not 1 s; it bounds how long the waits may become"):
        Ladder(5, 2, 1)


@pytest.mark.parametrize(("kind", "given", "value"), [(Factor, "2", 2), (Factor, 1, 1), (Jitter, "10 %", 0.1), (Jitter, "0", 0), (Jitter, "100%", 1), (Jitter, 0.5, 0.5)])
def test_the_parts_of_a_ladder_are_numbers(kind, given, value):
    assert kind.convert(given) == pytest.approx(value)


@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        (Factor, "0.5", "must be a number of 1 or more, such as 2, not '0.5'"), (Factor, "twice", "must be a number of 1 or more, such as 2, not 'twice'"),
        (Jitter, "101 %", "must be a part of a wait such as '10 %', 0 to 100 %, not '101 %'"), (Jitter, "-0.1", "must be a part of a wait such as '10 %', 0 to 100 %, not '-0.1'"),
        (Jitter, "some", "must be a part of a wait such as '10 %', 0 to 100 %, not 'some'"),
    ],
)
def test_what_is_no_part_of_a_ladder_is_a_sentence(kind, given, said):
    with pytest.raises(ValueError, match="must") as error:
        kind.convert(given)
    assert str(error.value) == said


# the session


def hello(**details):
    return Event(7, 1.0, Kind.CONNECTED, "alice", 2, "u", details=details)


def test_a_session_counts_on_where_it_was_recovered_and_anew_in_a_new_epoch():
    session = SessionState()
    assert session.position == {"session": "", "epoch": None, "offset": 0}
    session.greeted(hello(session="s", epoch=1, offset=0, recovered=False))
    session.offset = 12
    session.greeted(hello(session="s", epoch=1, offset=12, recovered=True))
    assert (session.position, session.recovered) == ({"session": "s", "epoch": 1, "offset": 12}, True)
    session.greeted(hello(session="s", epoch=2, offset=0, recovered=False))
    assert (session.position, session.recovered) == ({"session": "s", "epoch": 2, "offset": 0}, False)
    session.offset = 3
    session.greeted(hello(session="t", epoch=2, offset=5))
    assert session.position == {"session": "t", "epoch": 2, "offset": 5}


def test_what_comes_before_the_greeting_counts_in_the_epoch_that_it_belongs_to():
    session = SessionState("s", 1, 10)
    session.numbered(11, None)  # says nothing of its epoch
    session.numbered(12, {"session": "s", "epoch": 1})
    session.numbered(11, {"session": "s", "epoch": 1})
    assert session.offset == 12
    session.numbered(70, {"session": "s", "epoch": 2})
    session.numbered(71, {"session": "t", "epoch": 1})
    assert session.offset == 12, "it would ask for too late an offset, did the connection end now"
    session.greeted(hello(session="s", epoch=2, offset=0), early=70)
    assert session.position == {"session": "s", "epoch": 2, "offset": 70}
    session.greeted(hello(session="s", epoch=3, offset=9), early=4)
    assert session.offset == 9


def test_what_a_greeting_does_not_say_is_not_guessed():
    session = SessionState()
    session.greeted(hello(session="s", offset="many", recovered="true"))
    assert (session.position, session.recovered) == ({"session": "s", "epoch": None, "offset": 0}, False)
    session.greeted(hello())
    assert session.id == ""


# the handshake


@pytest.fixture
def target(tmp_path):
    def make(**connect):
        path = tmp_path / "desk.yaml"
        path.write_text(yaml.safe_dump({**MINIMAL, "connect": {**MINIMAL["connect"], **connect}}, sort_keys=False))
        return load_target(path)

    return make


@pytest.mark.parametrize(
    ("resume", "url", "headers"),
    [
        (None, "ws://127.0.0.1:1/ws?v=2", {}),
        ({}, "ws://127.0.0.1:1/ws?v=2&resumable=true", {"X-Stay": "u"}),
        ({"session": "a b&c", "epoch": 3, "offset": 12}, "ws://127.0.0.1:1/ws?v=2&sid=a%20b%26c&from=3%3A12&epoch=3", {"X-Session": "a b&c"}),
        ({"session": "s", "epoch": None, "offset": 0}, "ws://127.0.0.1:1/ws?v=2&sid=s&from=%3A0", {"X-Session": "s"}),
    ],
)
def test_a_handshake_says_nothing_of_a_session_or_that_it_wants_one_or_which_it_wants_back(target, resume, url, headers):
    assert target().handshake(None, {"user": "u"}, resume) == (url, headers, [])


def test_the_token_travels_beside_the_session(target):
    auth = {"by": "query", "name": "token", "token": {"from": "none"}}
    url, _, _ = target(auth=auth).handshake(Secret("t&t"), {"user": "u"}, {"session": "s", "epoch": 1, "offset": 2})
    assert url == "ws://127.0.0.1:1/ws?v=2&sid=s&from=1%3A2&epoch=1&token=t%26t"


def test_a_target_that_knows_no_way_back_is_asked_for_none(target):
    assert target(resume=None).handshake(None, {"user": "u"}, {}) == ("ws://127.0.0.1:1/ws?v=2", {}, [])
    assert (target(resume=None).offers("resume"), target().offers("resume")) == (False, True)


def test_everything_that_a_greeting_says_of_a_session_is_kept():
    said = {"sid": "s", "epoch": 2, "offset": 12, "recovered": False, "reason": "too_far_behind", "head": 15, "context": True, "class": "medium",
            "warning": "w", "policy": "p", "moved": True}
    ready = {**READY, "epoch": "epoch", "offset": "offset", "recovered": "recovered", "reason": "reason", "head": "head",
             "context_available": "context", "absence_class": "class", "warning": "warning", "policy": "policy", "location_changed": "moved"}
    file = read_target_file_of({**MINIMAL, "connect": {"url": "ws://x/", "ready": ready}})
    mapping = JsonMapping(file.messages, file.questions, file.connect.ready)
    (decoded,) = mapping.decode(orjson.dumps({"type": "hello", **said}))
    assert (decoded.kind, decoded.offset) == (Kind.CONNECTED, 12)
    assert decoded.details == {
        "session": "s", "epoch": 2, "offset": 12, "recovered": False, "reason": "too_far_behind", "head": 15, "context_available": True,
        "absence_class": "medium", "warning": "w", "policy": "p", "location_changed": True,
    }


def read_target_file_of(data):
    return TargetFile.model_validate(data)


@pytest.mark.parametrize(
    ("connect", "said"),
    [
        ({"resume": {"with": {"query": {"sid": "{sesion}"}}}},
         "key 'connect.resume.with.query' uses {sesion}, which nobody fills; did you mean session? Allowed are: {client}, {connection}, {epoch}, {offset}, {session}, {user}"),
        ({"resume": {"ask": {"headers": {"X": "{zzz}"}}}},
         "key 'connect.resume.ask.headers' uses {zzz}, which nobody fills. Allowed are: {client}, {connection}, {epoch}, {offset}, {session}, {user}"),
        ({"resume": {"wiht": {}}}, "unknown key 'connect.resume.wiht'; did you mean 'with'? Allowed here: ask, with"),
        ({"resume": {"with": {"query": {"offset": "{offset}"}}}}, "key 'connect.resume' needs {session}, in 'connect.resume.with' (query or headers) or in 'connect.ready.say'"),
        ({"ready": {"wait_for": {"type": "hello"}}}, "key 'connect.resume' needs 'connect.ready.session': where the server names the session that a client can come back to"),
        ({"ready": None}, "key 'connect.resume' needs 'connect.ready.session': where the server names the session that a client can come back to"),
    ],
)
def test_an_impossible_way_back_is_a_sentence(tmp_path, connect, said):
    path = tmp_path / "desk.yaml"
    path.write_text(yaml.safe_dump({**MINIMAL, "connect": {**MINIMAL["connect"], **connect}}, sort_keys=False))
    with pytest.raises(UsageError) as error:
        read_target_file(path)
    assert str(error.value) == f"usage: {path}: {said}"


def test_a_session_may_also_be_named_in_the_first_word(target):
    say = {"type": "start", "session": "{session}", "from": "{offset}"}
    desk = target(ready={**READY, "say": say}, resume={})
    assert desk.offers("resume")
    assert orjson.loads(desk.adapter.handshake("u", {"session": "s", "offset": 4})) == {"type": "start", "session": "s", "from": 4}
    assert orjson.loads(desk.adapter.handshake("u", {})) == {"type": "start"}


@pytest.mark.parametrize(
    ("promise", "said"),
    [
        ({"takeover": "sometimes"}, "key 'guarantees.sessions.takeover' must be 'at_once', 'after_timeout' or 'refused', not 'sometimes'"),
        ({"windw": "5 s"}, "unknown key 'guarantees.sessions.windw'; did you mean 'window'? Allowed here: after_restart, brief, lifetime, takeover, window"),
    ],
)
def test_a_promise_that_nobody_knows_is_a_sentence(tmp_path, promise, said):
    path = tmp_path / "desk.yaml"
    path.write_text(yaml.safe_dump({**MINIMAL, "guarantees": {"sessions": promise}}))
    with pytest.raises(UsageError) as error:
        read_target_file(path)
    assert str(error.value) == f"usage: {path}: {said}"


def test_the_reference_platform_promises_its_sessions():
    promised = load_target("reference").file.guarantees.sessions
    assert (promised.window, promised.brief, promised.lifetime, promised.after_restart, promised.takeover) == (300, 30, 86400, "next_epoch", "at_once")
