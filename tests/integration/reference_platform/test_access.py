"""Who may come in, and who may stay: origins of pages, and tokens that expire in a session."""

from __future__ import annotations

import json

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from integration.reference_platform.raw_client import CLOSE, TEXT, Raw
from reference_platform.configuration import load
from reference_platform.errors import PlatformError

HERE, ELSEWHERE = "https://app.example.test", "https://evil.example.test"


@pytest.fixture
def guarded(lent):
    """The shared platform, whose policies are as they were afterwards."""
    yield lent
    lent.control("origins", {})
    lent.control("session_expiry", {"policy": "allow"})


def connected(platform, name, ttl):
    """A connection whose token lasts for so long."""
    token = platform.account(name, ttl=ttl)["token"]
    return platform.closing.enter_context(connect(f"{platform.ready['websocket_url']}?token={token}&resumable=true", compression=None))


def from_page(platform, name, *origins):
    """A handshake from pages of these origins: the greeting, or the refusal."""
    headers = [("Origin", origin) for origin in origins]
    try:
        with connect(platform.url(name), additional_headers=headers, compression=None) as opened:
            return json.loads(opened.recv(timeout=30))["type"]
    except InvalidStatus as refusal:
        return refusal.response.status_code, json.loads(refusal.response.body)


# origins


def test_from_anywhere_unless_told_otherwise(guarded, alice):
    assert from_page(guarded, alice, ELSEWHERE) == "connection_established"


def test_a_page_from_elsewhere_is_refused_before_its_token_is_looked_at(guarded, alice):
    assert guarded.control("origins", {"allowed": [HERE]}) == {"allowed": [HERE]}
    assert from_page(guarded, alice, HERE) == "connection_established"
    assert from_page(guarded, alice) == "connection_established", "a program of its own has no origin"
    refused = (403, {"error": f"pages from {ELSEWHERE} may not connect"})
    assert from_page(guarded, alice, ELSEWHERE) == refused
    assert from_page(guarded, alice, HERE, ELSEWHERE) == refused
    assert from_page(guarded, alice, f"{HERE}.evil.test")[0] == 403
    assert from_page(guarded, alice, "null")[0] == 403


def test_a_change_holds_for_those_that_come_and_not_for_those_that_are_there(guarded, alice):
    client = guarded.connect(alice, headers={"Origin": ELSEWHERE})
    guarded.control("origins", {"allowed": [HERE]})
    assert client.fence() == []
    assert from_page(guarded, alice, ELSEWHERE)[0] == 403
    guarded.control("origins", {"allowed": [HERE, ELSEWHERE]})
    assert from_page(guarded, alice, ELSEWHERE) == "connection_established"
    guarded.control("origins", {"allowed": []})
    assert from_page(guarded, alice, HERE)[0] == 403


@pytest.mark.parametrize(("allowed", "said"), [
    (["app.example.test"], "allowed is 'app.example.test'; allowed: origins such as https://app.example.test"),
    (["https://app.example.test/page"], "allowed is 'https://app.example.test/page'; allowed: origins such as https://app.example.test"),
    ([7], "allowed is 7; allowed: a valid string"),
    (True, "allowed is True; allowed: a valid list"),
])
def test_what_is_no_origin_is_a_sentence(guarded, allowed, said):
    assert guarded.control("origins", {"allowed": allowed}) == (400, {"error": said})


def test_origins_can_be_configured(serve, alice):
    platform = serve("--set", f"allowed_origins={HERE}, https://b.test:8443")
    assert from_page(platform, alice, "https://b.test:8443") == "connection_established"
    assert from_page(platform, alice, ELSEWHERE)[0] == 403
    with pytest.raises(PlatformError, match=r"--set: allowed_origins is 'b\.test'; allowed: origins such as https://app\.example\.test"):
        load(None, ["allowed_origins=b.test"])


# tokens


def test_a_connection_outlives_its_token_unless_told_otherwise(guarded, alice):
    client = connected(guarded, alice, 60)
    guarded.control("clock", {"advance": 61})
    client.ping().wait(30)
    with pytest.raises(InvalidStatus) as refusal:
        connect(f"{guarded.ready['websocket_url']}?token={guarded.account(alice, ttl=0)['token']}")
    assert refusal.value.response.status_code == 401


def test_a_connection_ends_with_its_token_and_its_user_comes_back_with_a_fresh_one(guarded, alice):
    assert guarded.control("session_expiry", {"policy": "close"}) == {"policy": "close"}
    client, neighbour = connected(guarded, alice, 60), guarded.connect(f"{alice}-neighbour")
    greeting = json.loads(client.recv(timeout=30))
    guarded.control("clock", {"advance": 30})
    client.ping().wait(30)
    guarded.control("clock", {"advance": 31})
    with pytest.raises(ConnectionClosed) as closed:
        client.recv(timeout=30)
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4401, "the token has expired")
    assert neighbour.fence() == []
    back = guarded.connect(alice, session_id=greeting["session_id"], epoch=1, offset=0)
    assert (back.greeting["recovered"], back.greeting["session_id"]) == (True, greeting["session_id"])


def test_what_was_received_in_time_is_processed_and_what_comes_later_is_not(guarded, alice):
    guarded.control("session_expiry", {"policy": "close"})
    client, user = Raw(guarded, alice, ttl=60), guarded.account(alice)["user_id"]
    guarded.control("hold", {"user": user})
    client.send(TEXT, b'{"type":"user_message","message_id":"in time","content":"a"}')
    while guarded.control("status")["pending"] == 0:
        pass
    guarded.control("clock", {"advance": 61})
    assert client.frame() == (CLOSE, (4401).to_bytes(2, "big") + b"the token has expired")
    client.send(TEXT, b'{"type":"user_message","message_id":"too late","content":"b"}')
    client.send(CLOSE, (4401).to_bytes(2, "big"))
    assert client.stream.read() == b""
    client.stream.close()
    client.socket.close()
    guarded.control("release", {"user": user})
    assert guarded.connect(alice).state()["processed_message_ids"] == ["in time"]


@pytest.mark.parametrize("policy", ["ask", None, 3])
def test_what_is_no_policy_is_a_sentence(guarded, policy):
    assert guarded.control("session_expiry", {"policy": policy}) == (400, {"error": f"policy is {policy!r}; allowed: 'allow' or 'close'"})


def test_the_policy_can_be_configured_and_real_time_counts_too(serve, alice):
    platform = serve("--set", "session_expiry=close")
    client = connected(platform, alice, 0.5)
    assert json.loads(client.recv(timeout=30))["type"] == "connection_established"
    with pytest.raises(ConnectionClosed) as closed:
        client.recv(timeout=30)
    assert closed.value.rcvd.code == 4401
