"""What a target says of itself before anything is started."""

import asyncio

import pytest
import yaml
from robot.api.types import Secret

from Lockstep.errors import EnvironmentSetupError, UsageError
from Lockstep.targets import load_target

BASE = {
    "schema": 1, "name": "desk", "connect": {"url": "ws://127.0.0.1:1/ws"},
    "messages": {"send": {"id": "{message_id}"}, "reply": {"where": {"type": "answer"}, "message_id": "id"}},
}
SENT = ("priority", "acknowledge", "conversation", "final", "target_agents")
SENDING = {"messages": {**BASE["messages"], "send": {"id": "{message_id}", **{name: f"{{{name}}}" for name in SENT}}}}
ACCEPTED = {"messages": {**SENDING["messages"], "accepted": {"where": {"type": "ok"}, "message_id": "id"}}}
MEMORY = {"questions": {name: {"ask": {}, "answer": {"where": {}, "fields": {"version": "version"}}} for name in ("agent_context", "update_agent_context")}}
PRIORITIES = {"guarantees": {"priorities": {"high_in_a_row": 9}}}


def telling(*fields):
    """A target whose agent can be asked for its state and tells these fields."""
    return {"questions": {"agent_state": {"ask": {}, "answer": {"where": {}, "fields": {field: field for field in fields}}}}}


@pytest.fixture
def target(tmp_path):
    def make(**keys):
        path = tmp_path / "desk.yaml"
        path.write_text(yaml.safe_dump({**BASE, **keys}, sort_keys=False))
        return load_target(path)

    return make


def test_without_endpoints_the_websocket_address_is_the_one(target):
    assert target().endpoints() == [("websocket", "ws://127.0.0.1:1/ws", None)]


def test_endpoints_come_from_the_environment_or_their_default(target, monkeypatch):
    desk = target(endpoints={"websocket_url": {"environment": "DESK_URL", "default": "ws://default"}, "auth_url": "http://fixed"})
    monkeypatch.delenv("DESK_URL", raising=False)
    assert desk.endpoints() == [("websocket", "ws://default", "DESK_URL"), ("auth", "http://fixed", None)]
    monkeypatch.setenv("DESK_URL", "ws://set")
    assert desk.endpoints()[0] == ("websocket", "ws://set", "DESK_URL")


def test_an_endpoint_without_value_names_its_variable(target, monkeypatch):
    monkeypatch.delenv("DESK_URL", raising=False)
    with pytest.raises(UsageError, match=r"endpoint 'websocket_url' is read from the environment variable DESK_URL, which is not set"):
        target(endpoints={"websocket_url": {"environment": "DESK_URL"}}).open()


def test_the_kits_real_target_reads_the_three_agreed_variables(monkeypatch):
    for variable in ("E2E_WEBSOCKET_URL", "E2E_BACKEND_URL", "E2E_AUTH_SERVICE_URL"):
        monkeypatch.delenv(variable, raising=False)
    assert load_target("real").endpoints() == [
        ("websocket", "ws://localhost:8000/ws", "E2E_WEBSOCKET_URL"), ("backend", "http://localhost:8000", "E2E_BACKEND_URL"),
        ("auth", "http://localhost:8001", "E2E_AUTH_SERVICE_URL"),
    ]


def test_the_endpoints_of_a_target_that_we_start_are_not_known_before():
    assert load_target("reference").endpoints() == []


@pytest.mark.parametrize(
    ("keys", "capability", "offered"),
    [
        ({}, "ledger", False), ({}, "agent_state", False), ({}, "restart", False), ({}, "server_figures", False), ({}, "duplicate_detection", True),
        ({"guarantees": {"duplicates": {"key": "none"}}}, "duplicate_detection", False),
        ({"control": {"ledger": {"url": "http://x/ledger?since={since}"}}}, "ledger", True),
        ({"control": {"ledger": {"url": "{control_url}/ledger"}}}, "ledger", False),
        ({"control": {"ledger": {"url": "{control_url}/ledger"}}, "endpoints": {"control_url": "http://x"}}, "ledger", True),
        ({"lifecycle": {"start": ["x"]}}, "restart", True), ({"lifecycle": {"start": ["x"], "restart": False}}, "restart", False),
        ({"lifecycle": {"start": ["x"]}}, "server_figures", True),
        ({}, "queue_state", False), ({"questions": {"queue_state": {"ask": {}, "answer": {"where": {}}}}}, "queue_state", True),
        ({}, "bounded_queue", False), ({"limits": {"queue_capacity": 5}}, "bounded_queue", True),
        (PRIORITIES, "priorities", False), ({**PRIORITIES, **SENDING}, "priorities", True), (SENDING, "priorities", False),
        (ACCEPTED, "acknowledgement", True), (SENDING, "acknowledgement", False), ({}, "conversations", False), (SENDING, "conversations", True),
        (telling("conversation_complete"), "completion", False), (SENDING, "completion", False),
        ({**telling("conversation_complete"), **SENDING}, "completion", True),
        (telling(), "context", False), (telling("context_digest"), "context", True),
        (telling(), "memory_usage", False), (telling("total_objects"), "memory_usage", True),
        (SENDING, "target_agents", False), ({**SENDING, "questions": {"configure_agents": {"ask": {}, "answer": {"where": {}}}}}, "target_agents", True),
        (MEMORY, "agent_memory", True), ({"questions": {"agent_context": MEMORY["questions"]["agent_context"]}}, "agent_memory", False),
        ({"questions": {"conversation_history": {"ask": {}, "answer": {"where": {}, "fields": {"messages": "messages"}}}}}, "history", True),
        ({"questions": {"conversation_history": {"ask": {}, "answer": {"where": {}}}}}, "history", False),
        ({"questions": {"performance_stats": {"ask": {}, "answer": {"where": {}}}}}, "tasks", False),
        ({"questions": {"performance_stats": {"ask": {}, "answer": {"where": {}, "fields": {"tasks": "tasks"}}}}}, "tasks", True),
        ({}, "session_list", False), ({"control": {"sessions": {"url": "http://x/sessions?user={user}"}}}, "session_list", True),
        ({"control": {"events": {"url": "{control_url}/events?since={since}"}}}, "session_events", False),
        ({}, "fail", False), ({"control": {"fail": {"url": "http://x/fail"}}}, "fail", True),
    ],
)
def test_offered_is_what_the_file_names_and_what_can_be_reached(target, keys, capability, offered):
    desk = target(**keys)
    if "lifecycle" not in keys:
        desk.open()
    assert desk.offers(capability) is offered


def test_a_misspelt_capability_is_never_taken_for_one_that_is_not_offered(target):
    with pytest.raises(UsageError, match=r"^usage: there is no capability 'ledgr'; did you mean ledger\? Known are: acknowledgement, advance_clock, agent_context"):
        target().offers("ledgr")


def test_addresses_that_are_not_there_are_named_and_other_braces_left_alone(target):
    desk = target(endpoints={"auth_url": "http://a"})
    desk.open()
    assert desk.fill('{auth_url}/x?{"a":1}&u={user}', user="u1") == 'http://a/x?{"a":1}&u=u1'
    with pytest.raises(EnvironmentSetupError, match=r"^environment: target 'desk' has no control_url; known are: auth_url$"):
        desk.fill("{control_url}/x")


@pytest.mark.parametrize(
    ("auth", "expected"),
    [
        ({"by": "header", "name": "X-Auth", "value": "Bearer {token}"}, ("ws://127.0.0.1:1/ws", {"X-Auth": "Bearer a b"}, [])),
        ({"by": "query", "name": "token"}, ("ws://127.0.0.1:1/ws?token=a%20b", {}, [])),
        ({"by": "subprotocol", "value": "auth-{token}"}, ("ws://127.0.0.1:1/ws", {}, ["auth-a b"])),
        ({"by": "none"}, ("ws://127.0.0.1:1/ws", {}, [])),
    ],
)
def test_the_token_travels_as_the_file_says(target, auth, expected):
    assert target(connect={"url": "ws://127.0.0.1:1/ws", "auth": auth}).handshake(Secret("a b"), {}) == expected


LISTS = {name: {"url": f"http://x/{name}?user={{user}}"} for name in ("sessions", "connections", "agents")}


class Asked:
    """Stands in for the HTTP side: gives this answer to whatever is asked."""

    def __init__(self, answer):
        self.answer, self.urls = answer, []

    async def request(self, _what, _method, url, _body):
        self.urls.append(url)
        return self.answer


@pytest.mark.parametrize("name", ["sessions", "connections", "agents"])
def test_lists_are_asked_of_one_user_or_of_all(target, name):
    desk = target(control=LISTS)
    desk.open()
    desk.http = Asked(b'{"%s": [{"user": "a b", "n": 1}]}' % name.encode())
    assert asyncio.run(getattr(desk, name)("a b")) == asyncio.run(getattr(desk, name)()) == [{"user": "a b", "n": 1}]
    assert desk.http.urls == [f"http://x/{name}?user=a%20b", f"http://x/{name}?user="]


@pytest.mark.parametrize("answer", [b"[]", b"{}", b'{"sessions": 1}', b"no JSON"])
def test_a_list_that_is_none_is_told_with_its_place_in_the_file(target, answer):
    desk = target(control=LISTS)
    desk.open()
    desk.http = Asked(answer)
    with pytest.raises(EnvironmentSetupError, match=r"sessions: the answer has no list under 'sessions'; see 'control.sessions' in .*desk.yaml"):
        asyncio.run(desk.sessions())


def test_events_are_lines(target):
    desk = target(control={"events": {"url": "http://x/events?since={since}"}})
    desk.open()
    desk.http = Asked(b'{"index": 8}\n{"index": 9}\n')
    assert asyncio.run(desk.events(7)) == [{"index": 8}, {"index": 9}]
    assert desk.http.urls == ["http://x/events?since=7"]


def test_events_that_are_no_lines_of_json_are_told_with_their_place_in_the_file(target):
    desk = target(control={"events": {"url": "http://x/events?since={since}"}})
    desk.open()
    desk.http = Asked(b"no JSON\n")
    with pytest.raises(EnvironmentSetupError, match=r"events: the answer is no list of JSON lines; see 'control.events' in .*desk.yaml"):
        asyncio.run(desk.events())


def test_a_list_that_is_not_offered_is_named(target):
    with pytest.raises(UsageError, match=r"target 'desk' offers no sessions; its file has no 'control.sessions'"):
        asyncio.run(target().sessions())


def test_restarting_what_is_not_ours_is_refused(target):
    with pytest.raises(UsageError, match="was not started by this kit and cannot be restarted; its file has no 'lifecycle'"):
        target().restart(gracefully=True)
