"""The durable claims against the obvious model: a list of everything, searched from its end."""

from __future__ import annotations

import sqlite3

from hypothesis import given, settings
from hypothesis import strategies as st

from reference_platform.storage.claims import FORGOTTEN_AT_ONCE, SCHEMA, SHIFT, Claims

# few slots, few keys in each: most keys meet others
KEYS = st.integers(0, 3).flatmap(lambda slot: st.integers(0, 3).map(lambda low: slot << SHIFT | low))
TRANSACTIONS = st.lists(st.tuples(st.lists(KEYS, min_size=1, max_size=6), st.sampled_from([0, 1, 100])), min_size=1, max_size=20)


def opened():
    """A store in memory; who goes round in a chain of claims is interrupted after some thousand looks."""
    sql = sqlite3.connect(":memory:", isolation_level=None)
    left = iter(range(100))
    sql.set_progress_handler(lambda: next(left, None) is None, 1_000)
    sql.executescript(SCHEMA)
    return sql


@settings(max_examples=40, deadline=None)
@given(TRANSACTIONS)
def test_against_an_obvious_model(transactions):
    sql = opened()
    claims = Claims(sql)
    model, index, now = [], 1, 1000.0
    for keys, passed in transactions:
        now += passed
        made = [(key, index + place) for place, key in enumerate(keys)]
        model += [(now, key, at) for key, at in made]
        claims.write(index, now, made)
        index += 10
    for known in (claims, Claims(sql)):  # the second one as after a restart
        for slot in range(5):
            for low in range(5):
                key = slot << SHIFT | low
                assert list(known.find(key)) == [at for _, claimed, at in reversed(model) if claimed == key]


@settings(max_examples=40, deadline=None)
@given(TRANSACTIONS)
def test_what_is_younger_is_never_forgotten(transactions):
    claims = Claims(opened())
    model, index, now = [], 1, 1000.0
    for keys, passed in transactions:
        now += passed
        made = [(key, index + place) for place, key in enumerate(keys)]
        model += [(now, key, at) for key, at in made]
        claims.write(index, now, made)
        claims.forget(now - 100)
        index += 10
        for key in {key for _, key, _ in model}:
            expected = [at for time, claimed, at in reversed(model) if claimed == key and time >= now - 100]
            assert list(claims.find(key))[: len(expected)] == expected


def test_old_ones_go_a_few_at_a_time_and_are_not_found_any_more():
    sql = opened()
    claims = Claims(sql)
    for number in range(1, 10):
        claims.write(number, number, [(7 << SHIFT, number)])
    for done in range(1, 4):
        claims.forget(100)
        assert sql.execute("SELECT min(id) FROM claims").fetchone() == (1 + FORGOTTEN_AT_ONCE * done,)
        assert min(claims.find(7 << SHIFT)) == 1 + FORGOTTEN_AT_ONCE * done
    claims.forget(100)
    claims.forget(100)
    assert list(claims.find(7 << SHIFT)) == [9], "the last transaction stays"
