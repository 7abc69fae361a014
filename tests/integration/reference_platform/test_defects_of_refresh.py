"""What is broken when tokens are renewed, seen on the wire."""

from __future__ import annotations

import pytest
from websockets.exceptions import ConnectionClosed

from integration.reference_platform.test_refresh import comes_in, in_band, opened, refresh, say


def renewed(platform, **query):
    """A connection whose token was just renewed, and its first token."""
    first, second = platform.account("alice", ttl=60), platform.account("alice", ttl=600)
    client = opened(platform, first["token"], **query)
    client.recv()
    return client, first["token"], lambda: in_band(client, second["token"])


def test_the_connection_is_dropped(serve):
    client, _, renew = renewed(serve("--defect", "x10_refresh_drops_conn"))
    assert renew()["type"] == "token_refreshed"
    with pytest.raises(ConnectionClosed) as closed:
        client.recv(timeout=30)
    assert closed.value.rcvd.code == 1000


def test_the_session_forgets(serve):
    client, _, renew = renewed(serve("--defect", "x10_refresh_resets_state"), resumable="true")
    client.send('{"type": "user_message", "message_id": "m", "content": "hello"}')
    client.recv()
    assert say(client, type="get_conversation_history", request_id="h")["count"] == 2
    renew()
    assert say(client, type="get_conversation_history", request_id="h")["count"] == 0


def test_the_old_token_lives(serve):
    platform = serve("--defect", "x10_old_token_still_valid")
    _, old, renew = renewed(platform)
    renew()
    assert comes_in(platform, old)


def test_the_old_end_counts(serve):
    platform = serve("--defect", "x10_refresh_ignored", "--set", "session_expiry=close")
    client, _, renew = renewed(platform)
    assert renew()["type"] == "token_refreshed"
    platform.control("clock", {"advance": 120})
    with pytest.raises(ConnectionClosed) as closed:
        client.recv(timeout=30)
    assert closed.value.rcvd.code == 4401


def test_a_refresh_token_has_no_end(serve):
    platform = serve("--defect", "x10_expired_refresh_accepted")
    account = platform.account("alice", refresh_ttl=0)
    assert refresh(platform, account["refresh_token"])["user_id"] == account["user_id"]


def test_a_refresh_token_can_be_used_again(serve):
    platform = serve("--defect", "x10_refresh_token_reusable")
    token = platform.account("alice")["refresh_token"]
    first, second = (refresh(platform, token, request_id=name)["token"] for name in "ab")
    assert first != second
    assert comes_in(platform, first)
    assert comes_in(platform, second)


def test_a_revoked_token_keeps_its_connection(serve):
    platform = serve("--defect", "x10_revocation_unheard")
    token = platform.account("alice")["token"]
    client = opened(platform, token)
    client.recv()
    assert platform.ask(platform.ready["auth_url"] + "/auth/revoke", {"token": token}) == {"revoked": True}
    assert say(client, type="get_agent_state", request_id="s")["type"] == "agent_state"
    assert not comes_in(platform, token)


def test_a_refresh_token_outlives_its_token(serve):
    correct, broken = serve(), serve("--defect", "x10_revoked_and_renewed")
    for platform, renews in ((correct, False), (broken, True)):
        account = platform.account("alice")
        assert platform.ask(platform.ready["auth_url"] + "/auth/revoke", {"token": account["token"]}) == {"revoked": True}
        assert isinstance(refresh(platform, account["refresh_token"]), dict) is renews
        assert not comes_in(platform, account["token"])
