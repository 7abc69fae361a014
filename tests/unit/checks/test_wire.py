"""Rules of the wire: what a server may do about each, against what it did."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_histories import examples

from Lockstep.checks.wire import RuleSeen, in_words, wire_rules_hold

WAYS = ["answered", "alive", "silent", "dropped", "close 1000", "close none", "close 1002", "close 1009", "http 400", "http 426", "http 200", "http ?"]


@pytest.mark.parametrize(("way", "allowed", "code"), [
    ("close 1002", ["close 1002"], None), ("close 1007", ["close 1002"], "wrong_close"), ("dropped", ["close 1002"], "wrong_close"),
    ("dropped", ["close 1002", "failed", "dropped"], None), ("close 1011", ["failed"], None), ("close 1000", ["failed"], "wrong_close"),
    ("close none", ["failed"], "wrong_close"), ("close none", ["close"], None), ("alive", ["close 1002"], "not_refused"),
    ("answered", ["failed", "dropped"], "not_refused"), ("silent", ["close 1009"], "not_refused"), ("silent", ["alive"], "wrong_close"),
    ("alive", ["answered"], "wrong_close"), ("close 1002", ["answered"], "wrong_close"), ("http 404", ["http 4xx"], None),
    ("http 404", ["http 400"], "wrong_close"), ("http 505", ["http refused"], None), ("dropped", ["http refused"], None),
    ("http 200", ["http refused"], "wrong_close"), ("alive", ["http 400"], "not_refused"), ("garbage", ["alive"], "corrupted"),
])
def test_a_way_is_allowed_or_not(way: str, allowed: list[str], code: str | None) -> None:
    verdict = wire_rules_hold([RuleSeen("a rule", "5.2", way, allowed, why="a masked frame")])
    assert {str(one) for one in verdict.counts} == ({code} if code else set())
    assert [(figure.name, figure.value, figure.unit) for figure in verdict.measurements] == [("wire_rules_held", 0 if code else 100, "%")]


def test_sentences_say_what_was_done_and_what_is_due() -> None:
    seen = [
        RuleSeen("first reserved bit", "5.2", "alive", ["close 1002", "dropped"]),
        RuleSeen("a ping", "5.5.2", "alive", ["alive"], (b"hi", b""), (b"hello",)),
        RuleSeen("a long ping", "5.5.2", "alive", ["alive"], (), (b"x" * 17,), others_served=False),
        RuleSeen("a key", "4.2.1", "garbage", ["http 400"], why="a wrong Sec-WebSocket-Accept"),
        RuleSeen("a text", "5.6", "answered", ["answered"], (b"",), (b"",)),
    ]
    verdict = wire_rules_hold(seen)
    assert [violation.sentence for violation in verdict.violations] == [
        "first reserved bit (RFC 6455, 5.2): the server kept the connection, where it must have closed with 1002 or ended the connection without a close",
        "a ping (RFC 6455, 5.5.2): the pongs carried 68 69, nothing, where the pings had carried 68 65 6c 6c 6f",
        f"a long ping (RFC 6455, 5.5.2): the pongs carried none, where the pings had carried {'78 ' * 15}78 … (17 B)",
        "a long ping (RFC 6455, 5.5.2): afterwards the server did not answer somebody else",
        "a key (RFC 6455, 4.2.1): the server sent a wrong Sec-WebSocket-Accept",
    ]
    assert verdict.counts == {"not_refused": 1, "corrupted": 3, "not_isolated": 1}
    assert verdict.measurements[0].value == 20
    assert wire_rules_hold([]).counts == {"vacuous": 1}


def test_every_way_has_words() -> None:
    assert [in_words(way) for way in ("close", "close none", "http refused", "http 4xx", "failed", "something")] == [
        "closed", "closed without a code", "refused the handshake", "answered HTTP 4xx", "closed with an error code", "something",
    ]


@examples(300)
@given(st.lists(st.tuples(st.sampled_from(WAYS), st.lists(st.sampled_from(WAYS), min_size=1, max_size=3), st.booleans()), max_size=8))
def test_exact_ways_as_the_oracle_sees_them(rules: list[tuple[str, list[str], bool]]) -> None:
    verdict = wire_rules_hold([RuleSeen(f"rule {number}", "5", way, allowed, others_served=served) for number, (way, allowed, served) in enumerate(rules)])
    refusals = sum(way not in allowed and way in WAYS[:3] and not set(allowed) & set(WAYS[:3]) for way, allowed, _ in rules)
    wrong = sum(way not in allowed for way, allowed, _ in rules)
    counts = verdict.counts
    assert (counts.get("not_refused", 0), counts.get("not_refused", 0) + counts.get("wrong_close", 0)) == (refusals, wrong)
    assert counts.get("not_isolated", 0) == sum(not served for _, _, served in rules)
    assert verdict.exercised == len(rules)
