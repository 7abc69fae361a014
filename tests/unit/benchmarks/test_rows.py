"""What a benchmark leaves behind."""

import json

import pytest

from benchmarks import rows
from benchmarks.rows import Row


@pytest.fixture
def written(tmp_path):
    """Two rows as a program reads them, and the page."""
    duel = Row("ping vs locust", "msg/s")
    for ours, other in [(300.0, 100.0), (100.0, 90.0), (240.0, 120.0)]:
        duel.add(ours, other, ours_us=10.0, other_us=40.0)
    duel.taken = 0.124
    absent = Row("ping vs tsung", "msg/s", missing="it cannot be had")
    file = rows.write([duel, absent], tmp_path, "a machine")
    return json.loads(file.read_text("utf-8")), (tmp_path / "bench.md").read_text("utf-8")


def test_a_row_has_medians_their_ratio_and_every_single_figure(written):
    (duel, _), _ = written
    assert {name: duel[name] for name in ("name", "ours", "other", "unit")} == {"name": "ping vs locust", "ours": 240, "other": 100, "unit": "msg/s"}
    assert duel["ratio"] == pytest.approx(2.4)
    assert [(each["ours"], each["other"]) for each in duel["rounds"]] == [(300, 100), (100, 90), (240, 120)]
    assert "missing" not in duel


def test_a_missing_peer_is_a_row_with_its_reason_and_no_figure(written):
    (_, absent), page = written
    assert absent == {"name": "ping vs tsung", "ours": None, "other": None, "ratio": None, "unit": "msg/s", "rounds": [], "missing": "it cannot be had"}
    assert "missing: it cannot be had" in page


def test_the_page_names_the_machine_and_has_a_line_for_each_row(written):
    _, page = written
    assert page.startswith("a machine\n\n| row ")
    assert "| 240  | 100   | 2.4" in page
    assert "CPU 10.0 against 40.0 us a message, 4.0 x less; the host took 12% of the machine |" in page
    assert page.count("the host took") == 1


@pytest.mark.parametrize(("value", "text"), [(None, "-"), (0.12345, "0.123"), (9.876, "9.88"), (123.4, "123"), (98765.4, "98,765")])
def test_a_figure_has_as_many_digits_as_mean_something(value, text):
    assert rows.figure(value) == text


def test_a_side_that_took_no_time_worth_telling_is_not_divided_by():
    starved = Row("ping vs locust", "msg/s")
    starved.add(12.8, 4565.0, ours_us=0.0, other_us=108.1)
    assert "CPU" not in rows.table([starved])
