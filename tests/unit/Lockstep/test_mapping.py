"""The declarative adapter: what is put on the wire and how answers are understood."""

import orjson
import pytest

from Lockstep.checks.events import Kind
from Lockstep.errors import UsageError
from Lockstep.targets.connect import Ready
from Lockstep.targets.mapping import Decoded, JsonMapping, digest_of
from Lockstep.targets.model import Messages, Question


def mapping(messages=None, questions=None, ready=None):
    said = {"send": {"type": "chat"}, "reply": {"where": {"type": "answer"}, "message_id": "id"}, **(messages or {})}
    asked = {name: Question.model_validate(question) for name, question in (questions or {}).items()}
    return JsonMapping(Messages.model_validate(said), asked, Ready.model_validate(ready) if ready else None)


def decoded(adapter, wire):
    (one,) = adapter.decode(orjson.dumps(wire))
    return one


def test_placeholders_keep_the_type_of_their_value_and_stand_inside_texts():
    adapter = mapping({"send": {"a": "{sequence_id}", "b": "id-{message_id}!", "c": {"d": "{content}"}, "e": ["{sequence_id}", "x"], "f": 7, "g": None, "h": True}})
    assert orjson.loads(adapter.encode({"sequence_id": 3, "message_id": "m", "content": "t"})) == {
        "a": 3, "b": "id-m!", "c": {"d": "t"}, "e": [3, "x"], "f": 7, "g": None, "h": True,
    }


def test_a_placeholder_without_a_value_leaves_its_key_out():
    adapter = mapping({"send": {"a": "{priority}", "b": {"c": "{priority}"}, "d": ["{priority}", 1], "e": "<{priority}>"}})
    assert orjson.loads(adapter.encode({"priority": None})) == {"b": {}, "d": [1], "e": "<None>"}
    assert orjson.loads(adapter.encode({})) == {"b": {}, "d": [1], "e": "<>"}


def test_encoding_never_changes_the_shape_for_the_next_message():
    adapter = mapping({"send": {"type": "chat", "id": "{message_id}"}})
    assert orjson.loads(adapter.encode({"message_id": "a"})) == {"type": "chat", "id": "a"}
    assert orjson.loads(adapter.encode({})) == {"type": "chat"}


def test_parts_are_found_by_dotted_paths_through_objects_and_lists():
    adapter = mapping({
        "reply": {"where": {"head.type": "answer"}, "message_id": "body.refs.1.id", "attempt": "body.n", "sequence_id": "s", "digest": "d"},
        "offset": "head.offset", "session": "head.session",
    })
    wire = {"head": {"type": "answer", "offset": 9, "session": "S"}, "body": {"refs": [{}, {"id": "m7"}], "n": 2}, "s": 5, "d": "abc"}
    assert decoded(adapter, wire) == Decoded(Kind.REPLY, "m7", 2, 5, 9, "abc", {"session": "S"})
    assert decoded(adapter, {"head": {"type": "answer"}, "body": {"refs": []}}) == Decoded(Kind.REPLY, details={})


def test_the_first_rule_that_holds_decides_and_a_star_means_any_value_but_none():
    adapter = mapping({
        "refused": {"where": {"type": "error", "id": "*"}, "message_id": "id", "reason": "code"}, "error": {"where": {"type": "error"}, "reason": "code"},
    })
    assert decoded(adapter, {"type": "error", "id": "m", "code": "full"}) == Decoded(Kind.REFUSED, "m", details={"reason": "full"})
    assert decoded(adapter, {"type": "error", "id": None, "code": "x"}) == Decoded(Kind.ERROR, details={"reason": "x"})


def test_one_kind_may_have_several_rules():
    adapter = mapping({"reply": [{"where": {"type": "a"}, "message_id": "x"}, {"where": {"type": "b"}, "message_id": "y"}]})
    assert decoded(adapter, {"type": "b", "y": "m"}).message_id == "m"
    assert decoded(adapter, {"type": "a", "x": "n"}).message_id == "n"


def test_conditions_that_are_no_texts_are_compared_as_they_are():
    adapter = mapping({"reply": {"where": {"ok": True, "code": 200}, "message_id": "id"}})
    assert decoded(adapter, {"ok": True, "code": 200, "id": "m"}).kind is Kind.REPLY
    assert decoded(adapter, {"ok": False, "code": 200, "id": "m"}).kind is Kind.OTHER


def test_an_echoed_content_becomes_its_digest():
    adapter = mapping({"reply": {"where": {"type": "answer"}, "message_id": "id", "echo": "text"}})
    assert decoded(adapter, {"type": "answer", "id": "m", "text": "hello"}).digest == digest_of("hello") == "2cf24dba5fb0a30e"
    assert decoded(adapter, {"type": "answer", "id": "m", "text": 5}).digest is None


QUESTION = {"agent_state": {"ask": {"get": "agent_state", "request": "{request_id}"},
                      "answer": {"where": {"type": "agent_state"}, "request_id": "request", "fields": {"count": "n", "deep": "a.b"}}}}


def test_questions_carry_their_request_id_and_answers_their_fields():
    adapter = mapping(questions=QUESTION)
    assert orjson.loads(adapter.ask("agent_state", "q1")) == {"get": "agent_state", "request": "q1"}
    assert decoded(adapter, {"type": "agent_state", "request": "q1", "n": 3}) == Decoded(
        Kind.ANSWER, "q1", details={"question": "agent_state", "fields": {"count": 3, "deep": None}}
    )


def test_what_a_question_says_beside_its_id_is_filled_in():
    told = {"agent_state": {"ask": {"id": "{request_id}", "team": "{agents}"}, "answer": {"where": {"type": "team"}}}}
    assert orjson.loads(mapping(questions=told).ask("agent_state", "q1", {"agents": ["data", "analysis"]})) == {"id": "q1", "team": ["data", "analysis"]}
    assert orjson.loads(mapping(questions=told).ask("agent_state", "q1")) == {"id": "q1"}


def test_an_error_may_name_the_question_that_it_refuses():
    adapter = mapping({"error": [{"where": {"type": "error", "re": "*"}, "request_id": "re", "reason": "code"}, {"where": {"type": "error"}, "reason": "code"}]})
    assert decoded(adapter, {"type": "error", "re": "q1", "code": "x"}) == Decoded(Kind.ERROR, "q1", details={"reason": "x"})
    assert decoded(adapter, {"type": "error", "code": "x"}) == Decoded(Kind.ERROR, details={"reason": "x"})


def test_replies_and_refusals_tell_what_their_fields_name():
    adapter = mapping({
        "reply": {"where": {"type": "answer"}, "message_id": "id", "fields": {"version": "v", "shared": "s"}},
        "refused": {"where": {"type": "full"}, "message_id": "id", "reason": "code", "fields": {"retry_after": "wait.s"}},
    })
    assert decoded(adapter, {"type": "answer", "id": "m", "v": 3}).details == {"version": 3}
    assert decoded(adapter, {"type": "full", "id": "m", "code": "q", "wait": {"s": 0.5}}).details == {"reason": "q", "retry_after": 0.5}


def test_an_answer_without_request_id_has_none():
    assert decoded(mapping(questions=QUESTION), {"type": "agent_state", "n": 3}).message_id is None


def test_a_question_that_the_target_does_not_know_is_a_sentence():
    with pytest.raises(UsageError, match=r"^usage: this target cannot be asked for mood; its file names: agent_state$"):
        mapping(questions=QUESTION).ask("mood", "q")


def test_readiness_is_recognised_with_session_epoch_and_offset():
    adapter = mapping(ready={"wait_for": {"type": "hello"}, "session": "sid", "epoch": "e", "offset": "o", "recovered": "r"})
    assert decoded(adapter, {"type": "hello", "sid": "S", "e": 2, "o": 0, "r": False}) == Decoded(
        Kind.CONNECTED, offset=0, details={"session": "S", "epoch": 2, "offset": 0, "recovered": False}
    )


@pytest.mark.parametrize("data", [b"", b"not json", b"\xff\xfe", b"[1, 2]", b'"text"', b"5", b"null", b"{", b"[" * 5000])
def test_garbage_is_other_and_shows_its_beginning(data):
    (one,) = mapping().decode(data)
    assert one.kind is Kind.OTHER
    assert one.message_id is None
    assert one.details["garbage"] == data[:200].decode("utf-8", "replace")


def test_an_unknown_message_is_other():
    assert decoded(mapping(), {"type": "news", "id": "m"}) == Decoded(Kind.OTHER, details={})


@pytest.mark.parametrize("type_", [["answer"], {"answer": 1}, 5, None])
def test_a_type_that_is_no_text_is_other(type_):
    assert decoded(mapping(), {"type": type_}).kind is Kind.OTHER


@pytest.mark.parametrize(("given", "understood"), [({"a": 1}, None), (["m"], None), (7, "7"), (None, None), ("m", "m"), (1.5, None)])
def test_an_id_of_a_wrong_type_never_reaches_the_engine(given, understood):
    assert decoded(mapping(), {"type": "answer", "id": given}).message_id == understood


@pytest.mark.parametrize("given", ["1", 1.5, True, [1], {"n": 1}])
def test_numbers_of_a_wrong_type_count_as_absent(given):
    adapter = mapping({"reply": {"where": {"type": "answer"}, "message_id": "id", "attempt": "n", "sequence_id": "n", "digest": "x"}, "offset": "n"})
    assert decoded(adapter, {"type": "answer", "id": "m", "n": given, "x": 5})[2:6] == (None, None, None, None)


def test_of_two_rules_that_fit_the_one_with_more_conditions_is_meant():
    said = {"reply": {"where": {"type": "result"}, "message_id": "to"}}
    asked = {"agent_state": {"ask": {}, "answer": {"where": {"type": "result", "state.count": "*"}, "request_id": "to", "fields": {"count": "state.count"}}}}
    adapter = mapping(said, asked)
    assert decoded(adapter, {"type": "result", "to": "m1"}).kind is Kind.REPLY
    assert decoded(adapter, {"type": "result", "to": "q1", "state": {"count": 3}}).kind is Kind.ANSWER


@pytest.mark.parametrize(("in_order", "fields"), [(True, {"pending": 0, "count": 3}), (False, {"count": 3})])
def test_behind_an_answer_in_order_nothing_is_under_way(in_order, fields):
    asked = {"agent_state": {"ask": {}, "in_order": in_order, "answer": {"where": {"type": "state"}, "fields": {"count": "n"}}}}
    assert decoded(mapping(questions=asked), {"type": "state", "n": 3}).details["fields"] == fields


def test_a_client_speaks_first_only_where_the_file_says_what():
    ready = {"say": {"type": "init", "token": "{token}", "n": "{connection}", "who": "{user}", "back": "{session}"}, "wait_for": {"type": "ack"}}
    assert orjson.loads(mapping(ready=ready).handshake("u-1", {"token": "t", "connection": 7})) == {"type": "init", "token": "t", "n": 7, "who": "u-1"}
    assert mapping(ready={"wait_for": {"type": "ack"}}).handshake("u-1", {}) is None
    assert mapping().handshake("u-1", {}) is None


def test_a_number_that_no_column_can_hold_is_the_largest_that_one_can():
    adapter = mapping({"reply": {"where": {"type": "answer"}, "message_id": "id", "attempt": "n"}})
    assert decoded(adapter, {"type": "answer", "id": "m", "n": 2**64 - 1}).attempt == 2**63 - 1
