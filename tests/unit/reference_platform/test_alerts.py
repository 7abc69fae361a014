"""Who calls, what it means, and when it is too much: rules by themselves."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_platform.clock import Clock
from reference_platform.tokens.alerts import KEPT, Alerts, Rule
from reference_platform.tokens.audit_trail import Event
from reference_platform.tokens.callers import LONGEST, caller, fingerprint, presentable
from reference_platform.tokens.refusal_limit import WITHIN, RefusalLimit

TRUSTED = ["10.0.0.1", "10.0.0.2"]


def event(number, time, **fields):
    usual = {"type": "token_expired", "severity": "HIGH", "user": "u", "address": "a", "user_agent": "", "fingerprint": "f", "session": "", "reason": ""}
    return Event(number, time, **{**usual, **fields})


def raised(events, *rules):
    alerts = Alerts(rules) if rules else Alerts()
    for one in events:
        alerts.see(one)
    return [(one["name"], one["by"], one["subject"], one["count"]) for one in alerts.raised]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.sampled_from("uv"), st.sampled_from("ab"), st.sampled_from([0, 1, 4, 11])), max_size=25))
def test_a_rule_against_an_obvious_count(steps):
    rule, time, events = Rule("r", "LOW", frozenset({"token_expired"}), "user", 3, 10), 0.0, []
    for number, (user, address, pause) in enumerate(steps, 1):
        time += pause
        events.append(event(number, time, user=user, address=address))
    expected, going_on = 0, {}
    for place, one in enumerate(events):
        enough = sum(other.user == one.user and other.time > one.time - 10 for other in events[: place + 1]) >= 3
        expected += enough and not going_on.get(one.user, False)
        going_on[one.user] = enough
    assert len(raised(events, rule)) == expected


def test_an_attack_is_told_from_mistakes():
    assert raised([event(number, number, address=f"a{number}", fingerprint=f"{number}") for number in range(4)]) == []
    assert raised([event(number, number, user=f"u{number}", fingerprint=f"{number}", address="x") for number in range(5)]) == [
        ("repeated_expired_token_attempts", "address", "x", 5), ("token_attack_pattern", "address", "x", 5),
    ]  # fmt: skip
    forged = [event(number, number, type="token_signature", fingerprint=f"{number}") for number in range(3)]
    assert raised(forged) == [("token_attack_pattern", "user", "u", 3), ("token_attack_pattern", "address", "a", 3)]
    stolen = [event(number, number, user="", address=f"a{number}") for number in range(3)]
    assert raised(stolen) == [("token_attack_pattern", "fingerprint", "f", 3)]
    assert raised([event(number, number, type="token_missing") for number in range(50)]) == []


def test_a_flood_of_strangers_takes_no_more_memory():
    alerts = Alerts((Rule("r", "LOW", frozenset({"token_expired"}), "user", 1, 10),))
    for number in range(3 * KEPT):
        alerts.see(event(number, 0.0, user=f"u{number}"))
    assert len(alerts.raised) == KEPT
    assert max(map(len, alerts._seen)) == len(alerts._open) == KEPT


@pytest.mark.parametrize(("peer", "forwarded", "address"), [
    ("1.2.3.4", ["9.9.9.9"], "1.2.3.4"),
    ("10.0.0.1", [], "10.0.0.1"),
    ("10.0.0.1", ["9.9.9.9, 8.8.8.8"], "8.8.8.8"),
    ("10.0.0.1", ["9.9.9.9", "8.8.8.8,10.0.0.2 "], "8.8.8.8"),
    ("10.0.0.1", ["10.0.0.2"], "10.0.0.2"),
])
def test_a_caller_is_where_the_last_trusted_proxy_saw_it(peer, forwarded, address):
    assert caller(peer, forwarded, "probe/1", TRUSTED) == (address, "probe/1")


def test_what_strangers_say_is_kept_short_on_one_line_and_without_tokens():
    assert presentable("a\nb\x1b[31m\ud800") == "a?b?[31m?"
    assert presentable("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.signature x") == "(token) x"
    assert len(presentable("x" * 10_000)) == LONGEST
    assert len(fingerprint("\ud800")) == 16


def test_too_many_refusals_of_one_address_within_a_minute(monkeypatch):
    clock, now = Clock(), 1000.0
    monkeypatch.setattr(clock, "now", lambda: now)
    limit = RefusalLimit(clock, 3)
    assert [limit.count("a") for _ in range(3)] == [None] * 3
    assert limit.count("b") is None
    now += 20
    assert limit.count("a") == 40
    assert limit.count("a") == 40
    now += WITHIN
    assert limit.count("a") is None


def test_refusals_of_many_addresses_take_no_more_memory(monkeypatch):
    monkeypatch.setattr("reference_platform.tokens.refusal_limit.WATCHED", 2)
    limit = RefusalLimit(Clock(), 1)
    assert [limit.count(address) for address in "abc"] == [None] * 3
    assert limit.count("a") is None, "forgotten"
    assert limit.count("c") is not None
