"""Distributions of times: counted in bulk, merged exactly, read by percentile, exported as an HdrHistogram.

A time is kept in microseconds to 3 significant digits, in the very buckets of an HdrHistogram (values below 2048 exactly, above
that the 11 highest bits). Recording into that library one by one costs more than decoding a reply; counting a list in C does not.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from hdrh.histogram import HdrHistogram

HIGHEST = 3_600_000_000
"""us; an hour. What takes longer counts as this long."""
KEPT_BITS, ROUGH_BITS = 11, 7


def bucket(microseconds: int, bits: int = KEPT_BITS) -> int:
    """The lowest value that shares a bucket with this one."""
    surplus = microseconds.bit_length() - bits
    return microseconds if surplus <= 0 else microseconds >> surplus << surplus


class _Buckets(dict[int, int]):
    """Remembers buckets, so that a long column is put into them without a line of Python for each value."""

    MOST = 20_000

    def __init__(self, bits: int) -> None:
        super().__init__()
        self._bits = bits

    def __missing__(self, microseconds: int) -> int:
        if len(self) > self.MOST:
            self.clear()
        found = self[microseconds] = bucket(min(max(microseconds, 0), HIGHEST), self._bits)
        return found


_FINE, _ROUGH = _Buckets(KEPT_BITS), _Buckets(ROUGH_BITS)


class Histogram:
    """How many times fell into which bucket."""

    def __init__(self, counts: Mapping[int, int] | Iterable[tuple[int, int]] = ()) -> None:
        self.counts: dict[int, int] = dict(counts)

    @classmethod
    def of(cls, microseconds: Iterable[int], *, rough: bool = False) -> Self:
        """Counts many times at once; ``rough``: to 1.6 %, which takes less room."""
        return cls(Counter(map((_ROUGH if rough else _FINE).__getitem__, microseconds)))

    def packed(self) -> array[int]:
        """Buckets and counts in turns, in a tenth of the room: for those that are kept by the hundred."""
        return array("I", chain.from_iterable(self.counts.items()))

    @classmethod
    def unpacked(cls, numbers: array[int]) -> Self:
        """The opposite of ``packed``."""
        return cls(zip(numbers[::2], numbers[1::2], strict=True))

    def add(self, other: Histogram) -> None:
        """Takes in another one; no precision is lost."""
        counts = self.counts
        for value, count in other.counts.items():
            counts[value] = counts.get(value, 0) + count

    @property
    def total(self) -> int:
        """How many times."""
        return sum(self.counts.values())

    def percentile(self, p: float) -> float:
        """The nearest-rank percentile in seconds; 0 where nothing was counted. 0 < p <= 100."""
        rank = math.ceil(Fraction(str(p)) * self.total / 100)
        seen = 0
        for value in sorted(self.counts):
            seen += self.counts[value]
            if seen >= rank:
                return value / 1e6
        return 0.0

    @property
    def mean(self) -> float:
        """s; 0 where nothing was counted."""
        total = self.total
        return sum(value * count for value, count in self.counts.items()) / total / 1e6 if total else 0.0

    def above(self, limit: float) -> int:
        """How many took longer than so many seconds."""
        most = bucket(round(limit * 1e6))
        return sum(count for value, count in self.counts.items() if value > most)

    def exported(self) -> HdrHistogram:
        """The same as an object of the ``hdrhistogram`` library, to write files that its tools read."""
        from hdrh.histogram import HdrHistogram  # noqa: PLC0415 - only where files are written

        result = HdrHistogram(1, HIGHEST, 3)
        for value, count in self.counts.items():
            result.record_value(value, count)
        return result

    def write(self, file: Path) -> None:
        """Writes the percentiles in ms as text, in the format (``.hgrm``) that tools for latency plot."""
        with file.open("wb") as out:
            self.exported().output_percentile_distribution(out, 1000.0)
