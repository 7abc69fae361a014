"""The audit trail: who was refused and why, and what that means."""

from __future__ import annotations

import hashlib
import json

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

PROXY = "127.0.0.1"


def trail(platform, since=0):
    with_events = platform.lines(f"audit?since={since}")
    assert [event["index"] for event in with_events] == list(range(since + 1, since + 1 + len(with_events)))
    return with_events


def alerts(platform):
    return platform.control("alerts")["alerts"]


def refused(platform, token, *, address="127.0.0.1", **headers):
    """Status and headers of the answer to a handshake that must be refused."""
    query = "" if token is None else f"?token={token}"
    with pytest.raises(InvalidStatus) as caught:
        connect(platform.ready["websocket_url"] + query, additional_headers=headers, source_address=(address, 0), compression=None)
    return caught.value.response


def expired(platform, name="alice"):
    return platform.account(name, claims={"exp": 1})["token"]


def test_each_refusal_is_an_event_with_all_that_an_investigator_asks_for(platform):
    account = platform.account("alice", claims={"exp": 1})
    answer = refused(platform, account["token"], address="127.0.0.7", **{"User-Agent": "probe/1"})
    assert (answer.status_code, json.loads(answer.body)) == (401, {"error": "the token has expired"})
    (event,) = trail(platform)
    assert event.pop("time") == pytest.approx(platform.control("clock")["now"], abs=30)
    assert event == {
        "index": 1, "type": "token_expired", "severity": "HIGH", "user": account["user_id"], "address": "127.0.0.7", "user_agent": "probe/1",
        "fingerprint": hashlib.sha256(account["token"].encode()).hexdigest()[:16], "session": "", "reason": "expired",
    }  # fmt: skip


def test_kinds_of_refusals_are_told_apart_in_the_trail(platform):
    head, body, signature = platform.account("alice")["token"].split(".")
    for token in (f"{head}.{body}.{'A' * len(signature)}", "garbage", None, platform.account("alice", claims={"iss": "else"})["token"],
                  platform.account("alice", claims={"aud": "else"})["token"], platform.account("alice", claims={"nbf": 9_000_000_000})["token"]):  # fmt: skip
        assert refused(platform, token).status_code == 401
    assert [event["type"] for event in trail(platform)] == [
        "token_signature", "token_malformed", "token_missing", "token_issuer", "token_audience", "token_not_yet",
    ]  # fmt: skip


def test_it_is_durable_and_goes_on_after_a_kill(serve, tmp_path):
    first = serve("--store", str(tmp_path / "store"))
    refused(first, expired(first))
    before = trail(first)
    first.kill()
    second = serve("--store", str(tmp_path / "store"))
    refused(second, expired(second))
    assert trail(second)[0] == before[0]
    assert trail(second, since=1)[0]["index"] == 2


def test_nothing_in_it_is_a_token_even_if_somebody_says_it_elsewhere(platform):
    token = platform.account("alice", ttl=60)["token"]
    refused(platform, "x" + token, **{"User-Agent": f"agent {token} \t end", "X-Forwarded-For": token})
    text = json.dumps(trail(platform))
    assert token not in text
    assert "(token)" in text


def test_an_address_told_by_a_stranger_counts_nothing_and_one_told_by_a_trusted_proxy_does(serve):
    strict, trusting = serve(), serve("--set", "trusted_proxies=127.0.0.1,127.0.0.9")
    for platform in (strict, trusting):
        refused(platform, expired(platform), **{"X-Forwarded-For": "10.9.9.9, 192.0.2.1, 127.0.0.9"})
        refused(platform, expired(platform), address="127.0.0.5", **{"X-Forwarded-For": "192.0.2.1"})
    assert [event["address"] for event in trail(strict)] == ["127.0.0.1", "127.0.0.5"]
    assert [event["address"] for event in trail(trusting)] == ["192.0.2.1", "127.0.0.5"], "what stands before the last stranger is his word"


def test_an_alert_at_the_fifth_expired_token_and_not_before(platform):
    token = expired(platform)
    for _ in range(4):
        refused(platform, token)
    assert alerts(platform) == []
    refused(platform, token)
    assert [(one["name"], one["severity"], one["by"], one["count"]) for one in alerts(platform)] == [
        ("repeated_expired_token_attempts", "CRITICAL", "user", 5), ("repeated_expired_token_attempts", "CRITICAL", "address", 5),
    ]  # fmt: skip
    refused(platform, token)
    assert [one["count"] for one in alerts(platform)] == [6, 6], "an alert goes on, it is not raised again"


def test_five_in_more_than_ten_minutes_are_no_alert(platform):
    for pause in (0, 0, 0, 0, 600):
        platform.control("clock", {"advance": pause})
        refused(platform, platform.account("alice", claims={"exp": 1})["token"])
    assert alerts(platform) == []


def test_too_many_bad_tokens_from_one_address_are_told_to_wait_and_nobody_else_is(serve):
    platform = serve("--set", "refusal_limit=3")
    token = expired(platform)
    assert [refused(platform, token).status_code for _ in range(5)] == [401, 401, 401, 429, 429]
    assert 1 <= int(refused(platform, token).headers["Retry-After"]) <= 60
    assert refused(platform, token, address="127.0.0.8").status_code == 401
    assert platform.connect("bob").fence() == [], "a good token from the same address"
    assert len(trail(platform)) == 7
    platform.control("clock", {"advance": 60})
    assert refused(platform, token).status_code == 401
