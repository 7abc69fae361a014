"""A store that cannot write says why, and keeps nothing of what it began."""

from __future__ import annotations

import sqlite3

import pytest

from reference_platform.storage.batch import Batch
from reference_platform.storage.database import Database
from reference_platform.storage.ownership import Ownership


@pytest.fixture
def store(tmp_path):
    opened = Database(tmp_path / "store.sqlite", Ownership(tmp_path / "store.sqlite"), synchronous="normal")
    yield opened
    opened.close()


def origins(store):
    return store._sql.execute("SELECT count(*) FROM origins").fetchone()[0]


def test_a_full_disk_is_called_so(store):
    pages = store._sql.execute("PRAGMA page_count").fetchone()[0]
    store._sql.execute(f"PRAGMA max_page_count={pages + 2}")
    with pytest.raises(sqlite3.Error, match="database or disk is full"):
        store.write(Batch(1, origins=[(number, "u", "s" * 2000, "c") for number in range(100)]))
    assert origins(store) == 0
    store._sql.execute(f"PRAGMA max_page_count={pages + 1000}")
    store.write(Batch(1, origins=[(1, "u", "s", "c")]))
    assert origins(store) == 1, "it goes on when there is room again"


def test_what_breaks_off_in_the_middle_leaves_nothing(store):
    with pytest.raises(sqlite3.Error):
        store.write(Batch(1, origins=[(1, "u", "s", "c"), (1, "u", "s", "c")]))
    assert origins(store) == 0
    store.write(Batch(1, origins=[(1, "u", "s", "c")]))
    assert origins(store) == 1
