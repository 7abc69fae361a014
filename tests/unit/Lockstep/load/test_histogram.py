"""Counted in bulk, merged exactly, in the buckets of an HdrHistogram."""

import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import given, settings
from hypothesis import strategies as st

from Lockstep.checks.latency import percentile
from Lockstep.engine.load.histogram import HIGHEST, Histogram, bucket

times = st.lists(st.one_of(st.integers(0, 5000), st.integers(0, 10**8)), min_size=1, max_size=200)


@settings(max_examples=100, deadline=None)
@given(times, st.sampled_from([1, 50, 90, 99, 99.9, 100]))
def test_a_percentile_is_the_exact_one_to_three_digits(values, p):
    exact = percentile(sorted(values), p)
    assert round(Histogram.of(values).percentile(p) * 1e6) == bucket(exact)
    assert exact * 0.999 <= bucket(exact) <= exact


@settings(max_examples=50, deadline=None)
@given(times, times)
def test_merging_is_the_same_as_counting_together(some, others):
    merged = Histogram.of(some)
    merged.add(Histogram.of(others))
    assert merged.counts == Histogram.of(some + others).counts
    assert merged.total == len(some) + len(others)


@settings(max_examples=50, deadline=None)
@given(times)
def test_the_export_is_what_the_library_would_have_recorded(values):
    recorded = HdrHistogram(1, HIGHEST, 3)
    for value in values:
        recorded.record_value(value)
    assert Histogram.of(values).exported().encode() == recorded.encode()


def test_the_file_holds_percentiles_in_milliseconds(tmp_path):
    Histogram.of([1000] * 99 + [500_000]).write(tmp_path / "x.hgrm")
    rows = [line.split() for line in (tmp_path / "x.hgrm").read_text().splitlines() if line and line.lstrip()[0].isdigit()]
    assert [float(row[0]) for row in (rows[0], rows[-1])] == pytest.approx([1.0, 500.0], rel=1e-3)


def test_what_is_out_of_range_is_kept_at_its_edge():
    assert Histogram.of([-5, 10**12]).counts == {0: 1, bucket(HIGHEST): 1}


def test_nothing_counted_is_zero_everywhere():
    empty = Histogram()
    assert (empty.total, empty.mean, empty.percentile(99), empty.above(0.0)) == (0, 0.0, 0.0, 0)


def test_above_counts_what_took_longer():
    assert Histogram.of([1000, 2000, 2001, 50_000]).above(0.002) == 2


def test_buckets_are_those_of_three_significant_digits():
    assert [bucket(value) for value in (2047, 2048, 2049, 4097, 4099)] == [2047, 2048, 2048, 4096, 4096]
