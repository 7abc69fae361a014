"""New tokens for old ones: by refresh token, in band, and not at all."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect


def refresh(platform, refresh_token, **more):
    return platform.ask(f"{platform.ready['auth_url']}/auth/refresh", {"refresh_token": refresh_token, **more})


def revoke(platform, **what):
    return platform.ask(f"{platform.ready['auth_url']}/auth/revoke", what)


def events(platform, *types):
    return [(event["type"], event["reason"]) for event in platform.lines("audit") if not types or event["type"] in types]


def opened(platform, token, **query):
    more = "".join(f"&{name}={value}" for name, value in query.items())
    return platform.closing.enter_context(connect(f"{platform.ready['websocket_url']}?token={token}{more}", compression=None))


def comes_in(platform, token):
    try:
        with connect(f"{platform.ready['websocket_url']}?token={token}", compression=None) as socket:
            return json.loads(socket.recv(timeout=30))["type"] == "connection_established"
    except InvalidStatus:
        return False


def say(socket, **fields):
    socket.send(json.dumps(fields))
    return json.loads(socket.recv(timeout=30))


def in_band(socket, token, request_id="r1"):
    return say(socket, type="token_refresh", request_id=request_id, new_token=token)


@pytest.fixture(scope="module")
def shared(module_serve):
    return module_serve("--set", "refusal_limit=10000")


# by refresh token


def test_rotation_gives_new_tokens_of_the_same_user_and_the_old_ones_are_dead(lent, alice):
    first = lent.account(alice, ttl=60, claims={"permissions": ["read"]})
    second = refresh(lent, first["refresh_token"])
    third = refresh(lent, second["refresh_token"])
    assert {one["user_id"] for one in (first, second, third)} == {first["user_id"]}
    assert len({one[name] for one in (first, second, third) for name in ("token", "refresh_token")}) == 6
    assert (third["expires_in"], third["refresh_expires_in"]) == (60, 86_400)
    said = jwt.decode(third["token"], options={"verify_signature": False})
    assert (said["sub"], said["permissions"]) == (first["user_id"], ["read"])
    assert [comes_in(lent, one["token"]) for one in (first, second, third)] == [False, False, True]
    assert refresh(lent, first["refresh_token"]) == (401, {"error": "the refresh token is not valid"})
    assert refresh(lent, second["refresh_token"])[0] == 401
    assert events(lent)[-6:] == [
        ("refresh_succeeded", "http"), ("refresh_succeeded", "http"), ("token_revoked", "revoked"), ("token_revoked", "revoked"),
        ("refresh_failed", "used"), ("refresh_failed", "used"),
    ]  # fmt: skip


def test_an_expired_access_token_can_be_renewed(lent, alice):
    account = lent.account(alice, claims={"exp": 1})
    assert not comes_in(lent, account["token"])
    # claims of the account's own go with it, but for its times
    assert comes_in(lent, refresh(lent, account["refresh_token"])["token"])


def test_what_is_no_refresh_token_is_refused_and_audited(lent, alice):
    account, other = lent.account(alice, refresh_ttl=0), lent.account(f"{alice}-other")
    token = other["refresh_token"]
    for wrong in (token + "x", token[:8], "x", " "):
        assert refresh(lent, wrong) == (401, {"error": "the refresh token is not valid"})
    assert refresh(lent, "") == (401, {"error": "a refresh_token is needed"})
    assert refresh(lent, account["refresh_token"]) == (401, {"error": "the refresh token has expired"})
    assert refresh(lent, token, user_id=account["user_id"]) == (401, {"error": "the refresh token is not valid"})
    assert refresh(lent, other["token"])[0] == 401, "an access token is none"
    assert [reason for _, reason in events(lent)[-8:]] == ["unknown"] * 4 + ["missing", "expired", "other_user", "unknown"]
    assert refresh(lent, token, user_id=other["user_id"])["user_id"] == other["user_id"], "all that has changed nothing"
    assert refresh(lent, 7) == (400, {"error": "refresh_token must be a string"})


def test_a_race_has_one_winner_whose_tokens_work(lent, alice):
    token = lent.account(alice)["refresh_token"]
    with ThreadPoolExecutor(8) as racers:
        answers = list(racers.map(lambda number: refresh(lent, token, request_id=f"r{number}"), range(8)))
    won = [answer for answer in answers if isinstance(answer, dict)]
    assert len(won) == 1
    assert comes_in(lent, won[0]["token"])
    assert comes_in(lent, refresh(lent, won[0]["refresh_token"])["token"])


def test_the_same_request_gets_the_same_answer_for_a_minute(serve):
    platform = serve()
    token = platform.account("alice", ttl=600)["refresh_token"]
    first = refresh(platform, token, request_id="r1")
    assert refresh(platform, token, request_id="r1") == first
    assert refresh(platform, token, request_id="r2")[0] == 401
    assert refresh(platform, token)[0] == 401
    platform.control("clock", {"advance": 30})
    assert refresh(platform, token, request_id="r1") == first
    platform.control("clock", {"advance": 31})
    assert refresh(platform, token, request_id="r1")[0] == 401
    assert comes_in(platform, first["token"])


def test_rotation_survives_a_kill(serve, tmp_path, monkeypatch):
    monkeypatch.setenv("SIGNING", "s" * 40)
    arguments = ("--store", str(tmp_path / "store"), "--set", "token_secret_from=SIGNING")
    platform = serve(*arguments)
    old = platform.account("alice")
    new = refresh(platform, old["refresh_token"], request_id="r1")
    platform.kill()
    platform = serve(*arguments)
    assert refresh(platform, old["refresh_token"], request_id="r1") == new, "not even this retry rotates twice"
    assert refresh(platform, old["refresh_token"], request_id="r2")[0] == 401
    assert not comes_in(platform, old["token"])
    assert comes_in(platform, new["token"])
    assert comes_in(platform, refresh(platform, new["refresh_token"])["token"])


def test_an_error_of_the_service_changes_nothing(serve):
    platform = serve()
    account = platform.account("alice")
    platform.control("auth", {"fail": 2, "status": 500})
    for _ in range(2):
        assert refresh(platform, account["refresh_token"]) == (500, {"error": "the refresh service has an error"})
    assert comes_in(platform, account["token"])
    assert comes_in(platform, refresh(platform, account["refresh_token"])["token"])
    assert platform.control("auth", {"fail": 0.5}) == (400, {"error": "fail must be a whole number, and status one of HTTP"})


# revoking


@pytest.mark.parametrize("by", ["token", "refresh_token"])
def test_revoking_reaches_connections_and_the_refresh_token(lent, alice, by):
    account, other = lent.account(alice), lent.account(alice)
    client, beside = opened(lent, account["token"]), opened(lent, other["token"])
    client.recv(), beside.recv()
    assert revoke(lent, **{by: account[by]}) == {"revoked": True}
    with pytest.raises(ConnectionClosed) as closed:
        client.recv(timeout=30)
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4401, "the token was revoked")
    assert not comes_in(lent, account["token"])
    assert refresh(lent, account["refresh_token"])[0] == 401
    assert say(beside, type="get_agent_state", request_id="s")["type"] == "agent_state", "another token of the same user"
    assert revoke(lent, token=account["token"]) == {"revoked": False}


def test_only_a_good_token_can_be_revoked(lent, alice):
    assert revoke(lent, token="garbage")[0] == 401
    assert revoke(lent, refresh_token="garbage")[0] == 401
    assert revoke(lent) == (400, {"error": "either token or refresh_token must be told"})


# in band


def test_a_connection_goes_on_with_another_token(lent, alice):
    lent.control("session_expiry", {"policy": "close"})
    first, second = lent.account(alice, ttl=600), lent.account(alice, ttl=1800)
    client = opened(lent, first["token"])
    client.recv()
    answer = in_band(client, second["token"])
    assert (answer["type"], answer["request_id"], answer["refresh_count"]) == ("token_refreshed", "r1", 1)
    assert answer["expires_at"] == jwt.decode(second["token"], options={"verify_signature": False})["exp"]
    assert [comes_in(lent, one["token"]) for one in (first, second)] == [False, True]
    lent.control("clock", {"advance": 700})
    assert say(client, type="get_agent_state", request_id="s")["type"] == "agent_state", "behind the end of the first token"
    lent.control("clock", {"advance": 1200})
    with pytest.raises(ConnectionClosed) as closed:
        client.recv(timeout=30)
    assert closed.value.rcvd.code == 4401
    lent.control("session_expiry", {"policy": "allow"})


def test_what_is_no_token_for_it_is_refused_and_the_connection_stays(lent, alice):
    account, other = lent.account(alice), lent.account(f"{alice}-other")
    client = opened(lent, account["token"], resumable="true")
    session = json.loads(client.recv())["session_id"]
    new = lent.account(alice)["token"]
    assert in_band(client, new)["type"] == "token_refreshed"
    wrong = [account["token"], new, other["token"], "garbage", lent.account(alice, claims={"exp": 1})["token"]]
    answers = [in_band(client, token, f"w{number}") for number, token in enumerate(wrong)]
    assert [(answer["type"], answer["code"], answer["request_id"]) for answer in answers] == [("error", "token_refused", f"w{number}") for number in range(5)]
    assert [reason for _, reason in events(lent, "refresh_failed", "refresh_succeeded")[-6:]] == [
        "in_band", "revoked", "same_token", "other_user", "malformed", "expired",
    ]  # fmt: skip
    assert {event["session"] for event in lent.lines("audit")[-5:]} == {session}
    assert in_band(client, "")["code"] == "invalid_message"
    assert in_band(client, lent.account(alice)["token"])["refresh_count"] == 2


# what nobody should send


def test_texts_that_cannot_be_written_are_refused_and_harm_nobody(lent, alice):
    url = lent.ready["auth_url"]
    for path, name in (("test-user", "email"), ("refresh", "refresh_token"), ("revoke", "token")):
        assert lent.ask(f"{url}/auth/{path}", {name: "\ud800"}) == (400, {"error": f"{name} must be a string of printable characters"})
    odd = lent.account(alice, claims={"jti": "\ud800"})
    assert comes_in(lent, odd["token"])
    assert revoke(lent, token=odd["token"]) == {"revoked": True}
    assert not comes_in(lent, odd["token"])
    assert not comes_in(lent, lent.account(alice, claims={"sub": "\ud800"})["token"])
    assert not comes_in(lent, lent.account(alice, claims={"exp": 10**40, "nbf": 10**40})["token"])
    endless = lent.account(alice, claims={"exp": 10**400})["token"]
    assert comes_in(lent, endless)
    client = opened(lent, lent.account(alice)["token"])
    client.recv()
    assert in_band(client, endless)["expires_at"] == 1e15
    assert revoke(lent, token=endless) == {"revoked": True}
    assert comes_in(lent, lent.account(alice)["token"])
