"""Every mistake in a target file is one sentence with file, key and what is allowed."""

import re

import pytest
import yaml

from Lockstep.errors import UsageError
from Lockstep.targets import load_target
from Lockstep.targets.guarantees import Guarantees
from Lockstep.targets.loading import find_target, known_targets, read_target_file
from Lockstep.targets.vocabulary import OF_A_QUESTION, OF_CONTROL, QUESTIONS

MINIMAL = {
    "schema": 1, "name": "desk", "connect": {"url": "ws://127.0.0.1:1/ws"},
    "messages": {"send": {"id": "{message_id}"}, "reply": {"where": {"type": "answer"}, "message_id": "id"}},
}


def placeholders_of(names):
    return ", ".join(f"{{{name}}}" for name in sorted(names))


@pytest.fixture
def write(tmp_path):
    def write(data, name="desk.yaml"):
        path = tmp_path / name
        path.write_text(data if isinstance(data, str) else yaml.safe_dump(data))
        return path

    return write


def changed(place, value):
    """MINIMAL with one key set; a dotted place."""
    data = yaml.safe_load(yaml.safe_dump(MINIMAL))
    inner = data
    *way, last = place.split(".")
    for part in way:
        inner = inner.setdefault(part, {})
    inner[last] = value
    return data


def sentence_of(path):
    with pytest.raises(UsageError) as error:
        read_target_file(path)
    text = str(error.value)
    assert text.startswith(f"usage: {path}")
    return text.removeprefix(f"usage: {path}").removeprefix(": ")


def test_a_minimal_file_is_enough(write):
    target = load_target(write(MINIMAL))
    assert (target.name, target.title) == ("desk", "desk")


def test_the_files_of_the_kit_are_right():
    assert {"jupyter", "real", "reference"} <= set(known_targets())
    for name in known_targets():
        assert load_target(name).name == name


@pytest.mark.parametrize(
    ("place", "meant"),
    [
        ("mesages", "messages"), ("connect.utl", "url"), ("connect.auth.vlaue", "value"), ("connect.auth.token.frm", "from"),
        ("messages.replay", "reply"), ("guarantees.duplicates.windw", "window"), ("limits.mesage_size", "message_size"), ("lifecycle.stat", "start"),
        ("control.ledgr", "ledger"), ("control.hold.methd", "method"), ("permissions.load.rat", "rate"),
    ],
)
def test_a_misspelt_key_is_named_at_every_depth_with_the_nearest(write, place, meant):
    said = sentence_of(write(changed(place, "x")))
    assert said.startswith(f"unknown key '{place}'; did you mean '{meant}'? Allowed here: ")
    assert meant in said.partition("Allowed here: ")[2].split(", ")


def test_a_misspelt_key_inside_rules_and_questions_is_named(write):
    assert sentence_of(write(changed("messages.reply", [{"where": {}, "mesage_id": "x"}]))).startswith(
        "unknown key 'messages.reply.0.mesage_id'; did you mean 'message_id'? Allowed here: "
    )
    question = {"ask": {}, "answr": {"where": {}}}
    assert sentence_of(write(changed("questions.state", question))) == (
        "unknown key 'questions.state.answr'; did you mean 'answer'? Allowed here: answer, ask, in_order"
    )
    assert sentence_of(write(changed("endpoints.websocket_url", {"enviroment": "X"}))) == (
        "unknown key 'endpoints.websocket_url.enviroment'; did you mean 'environment'? Allowed here: default, environment"
    )


def test_a_key_that_resembles_nothing_lists_what_is_allowed(write):
    allowed = ", ".join(sorted(Guarantees.model_fields))
    assert sentence_of(write(changed("guarantees.zzz", 1))) == f"unknown key 'guarantees.zzz'. Allowed here: {allowed}"


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        ("guarantees.order", "sometimes", "key 'guarantees.order' must be 'per_connection', 'per_user' or 'none', not 'sometimes'"),
        ("connect.ready", {"wait_for": {}, "within": "soon"}, "key 'connect.ready.within' must be a time such as '100 ms' or '2 s', not 'soon'"),
        ("connect.max_size", "many", "key 'connect.max_size' must be a size such as '64 KiB' or '200 B', not 'many'"),
        ("messages", "text", "key 'messages' must be a valid dictionary or instance of Messages, not 'text'"),
        ("schema", 2, "key 'schema' must be 1, not 2"),
        ("reference", "perhaps", "key 'reference' must be a valid boolean, unable to interpret input, not 'perhaps'"),
    ],
)
def test_a_wrong_value_is_told_with_what_is_allowed(write, place, value, said):
    assert sentence_of(write(changed(place, value))) == said


def test_a_long_wrong_value_is_shortened(write):
    assert len(sentence_of(write(changed("guarantees.order", "x" * 500)))) < 200


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        ("limits.queue_capacity", 0, "key 'limits.queue_capacity' must be 1 or more, not '0'"),
        ("limits.normal_capacity", -3, "key 'limits.normal_capacity' must be 1 or more, not '-3'"),
        ("limits", {"queue_capacity": 5, "normal_capacity": 6}, "key 'limits.normal_capacity' must be at most 'limits.queue_capacity' (5), not 6"),
        ("guarantees.priorities", {"workers": 0}, "key 'guarantees.priorities.workers' must be 1 or more, not '0'"),
        ("guarantees.priorities", {"high_in_a_row": 0}, "key 'guarantees.priorities.high_in_a_row' must be 1 or more, not '0'"),
        ("messages.send", {"id": "{message_id}", "body": {"texts": ["{contents}"]}},
         ("key 'messages.send' uses {contents}, which nobody fills; did you mean content? Allowed are: {acknowledge}, {attempt}, {client}, {content}, {conversation}, {final}, "
         "{message_id}, {priority}, {sequence_id}, {shared_state_key}, {target_agents}, {timestamp}, {user}")),
        ("questions.agent_state", {"ask": {"id": "{message_id}"}, "answer": {"where": {}}},
         f"key 'questions.agent_state.ask' uses {{message_id}}, which nobody fills. Allowed are: {placeholders_of(OF_A_QUESTION)}"),
        ("control.fail", {"url": "http://x", "body": {"n": "{number}"}},
         f"key 'control.fail.body' uses {{number}}, which nobody fills; did you mean user? Allowed are: {placeholders_of(OF_CONTROL)}"),
        ("questions.queue_stat", {"ask": {}, "answer": {"where": {}}},
         f"key 'questions.queue_stat' is no question that the kit asks; did you mean queue_state? Allowed are: {', '.join(QUESTIONS)}"),
        ("questions.agent_state", {"ask": {}, "answer": {"where": {}, "fields": {"pending": 5}}},
         "key 'questions.agent_state.answer.fields.pending' must be a valid string, not 5"),
        ("questions.agent_state", {"ask": {}, "answer": {"where": {}, "fields": {"pending": ["a", "b"]}}},
         "key 'questions.agent_state.answer.fields.pending' must be a valid string, not ['a', 'b']"),
        ("questions.agent_state", {"ask": {}, "answer": {"where": {}, "request_id": "a..b"}},
         "key 'questions.agent_state.answer.request_id' must be a path such as 'state.count', not 'a..b'"),
    ],
)
def test_an_impossible_mapping_is_told_with_key_and_what_is_allowed(write, place, value, said):
    assert sentence_of(write(changed(place, value))) == said


@pytest.mark.parametrize("missing", ["schema", "name", "connect", "messages"])
def test_a_missing_key_is_named(write, missing):
    data = {key: value for key, value in MINIMAL.items() if key != missing}
    assert sentence_of(write(data)) == f"key '{missing}' is missing; it is needed"


def test_a_file_may_extend_another_and_null_removes(write):
    write(changed("limits", {"message_size": "1 kB", "queue_capacity": 5}), "base.yaml")
    file = read_target_file(write({"extends": "base", "name": "child", "limits": {"queue_capacity": None}, "messages": {"send": {"text": "{content}"}}}))
    assert (file.name, file.limits.message_size, file.limits.queue_capacity) == ("child", 1000, None)
    assert file.messages.send == {"id": "{message_id}", "text": "{content}"}


def test_null_means_absent_without_extends_too(write):
    assert read_target_file(write(changed("lifecycle", None))).lifecycle is None


def test_a_mistake_in_the_extended_file_names_that_file(write):
    base = write(changed("limits.mesage_size", "1 kB"), "base.yaml")
    with pytest.raises(UsageError, match=rf"^usage: {re.escape(str(base))}: unknown key 'limits\.mesage_size'"):
        read_target_file(write({"extends": "base.yaml", "name": "child"}))


def test_files_that_extend_each_other_are_refused(write):
    write({"extends": "desk"}, "other.yaml")
    assert sentence_of(write({"extends": "other"})) == "key 'extends' leads back to this file itself; name another target"


def test_extends_must_be_a_name(write):
    assert sentence_of(write({"extends": ["a"]})) == "key 'extends' must be the name of a target or the path of a file, not ['a']"


@pytest.mark.parametrize(
    ("text", "said"),
    [("a: [1", " is not YAML: "), ("- a\n- b\n", "a target file is a list of 'key: value' lines"), ("", "a target file is a list of"), ("a: \x07", " is not YAML: ")],
)
def test_what_is_no_target_file_is_told(write, text, said):
    assert sentence_of(write(text)).startswith(said)


def test_bytes_that_are_no_text_are_told(tmp_path):
    path = tmp_path / "desk.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    assert sentence_of(path).startswith(" is not YAML: ")


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    (tmp_path / "desk.yaml").mkdir()
    assert sentence_of(tmp_path / "desk.yaml") == " cannot be read: Is a directory; correct the path or its permissions"


def test_an_unknown_target_is_told_with_the_nearest_and_the_list():
    with pytest.raises(UsageError) as error:
        find_target("referense")
    known = ", ".join(known_targets())
    assert str(error.value) == f"usage: unknown target 'referense'; did you mean reference? Known targets: {known} (or the path of a file)"
    with pytest.raises(UsageError, match=r"^usage: unknown target 'zzz'\. Known targets: "):
        find_target("zzz")


def test_a_path_that_leads_nowhere_is_told():
    with pytest.raises(UsageError, match=r"^usage: there is no target file no/where\.yaml; give the path of a \.yaml file or one of: "):
        find_target("no/where.yaml")


ADAPTER = "class Desk:\n    def __init__(self, file): self.name = file.name\n" + "".join(
    f"    def {name}(self, *_): pass\n" for name in ("handshake", "encode", "decode", "ask", "ledger")
)


@pytest.mark.parametrize(
    ("place", "value", "sentence"),
    [
        ("lifecycle", {"start": []}, "key 'lifecycle.start' must have at least one entry"),
        ("lifecycle", {"start": ["x"], "ready": "soon"}, ("key 'lifecycle.ready' must be json_line, or an address that answers once the server is ready "
                                                         "such as {url: 'http://127.0.0.1:{free_port}/'}, not 'soon'")),
        ("lifecycle", {"start": ["x"], "ready": {"uri": "x"}}, "unknown key 'lifecycle.ready.uri'; did you mean 'url'? Allowed here: headers, url"),
        ("lifecycle", {"start": ["x"], "needs": {"modules": [], "requirements": "r"}}, "key 'lifecycle.needs.modules' must have at least one entry"),
        ("limits.burst", 0, "key 'limits.burst' must be 1 or more, not '0'"),
        ("limits.clients", -1, "key 'limits.clients' must be 1 or more, not '-1'"),
        ("limits.rate", "fast", "key 'limits.rate' must be a rate such as '50 msg/s', not 'fast'"),
        ("connect.prepare", {"url": "x", "method": "BREW"}, "key 'connect.prepare.0.method' must be 'GET', 'POST', 'PUT', 'PATCH' or 'DELETE', not 'BREW'"),
        ("connect.prepare", [{"ulr": "x"}], "unknown key 'connect.prepare.0.ulr'; did you mean 'url'? Allowed here: body, headers, method, take, url, within"),
        ("connect.prepare", {"url": "x", "take": {"k": "a..b"}}, "key 'connect.prepare.0.take.k' must be a path such as 'state.count', not 'a..b'"),
        ("connect.ready", {"wait_for": {"t": 1}, "say": {"x": "{content}"}}, ("key 'connect.ready.say' uses {content}, which nobody fills; did you mean client? Allowed are: "
                                                                             "{client}, {connection}, {epoch}, {offset}, {session}, {token}, {user}")),
        ("connect.auth.token", {"from": "heaven"}, "key 'connect.auth.token.from' must be 'endpoint', 'oidc', 'environment', 'lifecycle' or 'none', not 'heaven'"),
        ("connect.auth.token", {"from": "oidc"}, "key 'connect.auth.token.provider' is needed where 'from' is oidc, and nowhere else"),
        ("connect.auth.token", {"provider": {"issuer": "x", "client_id": "y"}}, "key 'connect.auth.token.provider' is needed where 'from' is oidc, and nowhere else"),
    ],
)
def test_an_impossible_way_to_reach_a_server_is_a_sentence(write, place, value, sentence):
    assert sentence_of(write(changed(place, value))) == sentence


@pytest.mark.parametrize("name", ["attempt", "timestamp", "client"])
def test_copies_that_differ_contradict_a_key_of_identical_messages(write, name):
    data = changed("guarantees.duplicates", {"key": "content", "answer": "silent"})
    assert load_target(write(data)).offers("duplicate_detection")
    data["messages"]["send"]["n"] = f"<{{{name}}}>"
    assert sentence_of(write(data)) == (
        f"key 'guarantees' says that identical messages are duplicates ('duplicates.key: content'), but 'messages.send' uses {{{name}}}, "
        "so that no two copies are identical; leave it out of 'messages.send' or choose another key: message_id, none"
    )


def test_an_adapter_is_made_with_the_file_that_names_it(write, tmp_path):
    (tmp_path / "desk_adapter.py").write_text(ADAPTER)
    assert load_target(write(changed("adapter", "desk_adapter.py:Desk"))).adapter.name == "desk"


@pytest.mark.parametrize(
    ("code", "named", "sentence"),
    [
        (ADAPTER, "Desk", "key 'adapter' must be FILE.py:Class such as 'desk_adapter.py:DeskAdapter', not 'Desk'"),
        (ADAPTER, "other.py:Desk", "key 'adapter' names FOLDER/other.py, which is not there; the file must lie beside the target file"),
        (ADAPTER, "a.py:Dsk", "key 'adapter' names the class 'Dsk', which is not in FOLDER/a.py; there are: Desk"),
        (ADAPTER.replace("def ask", "def aks"), "a.py:Desk", "the adapter a.py:Desk lacks ask; an adapter has: handshake, encode, decode, ask, ledger"),
        ("1/0", "a.py:Desk", "the adapter FOLDER/a.py cannot be loaded (ZeroDivisionError: division by zero)"),
    ],
)
def test_an_adapter_that_cannot_be_had_is_a_sentence_before_anything_starts(write, tmp_path, code, named, sentence):
    (tmp_path / "a.py").write_text(code)
    path = write(changed("adapter", named))
    with pytest.raises(UsageError) as error:
        load_target(path)
    assert str(error.value) == f"usage: {path}: " + sentence.replace("FOLDER", str(tmp_path))
