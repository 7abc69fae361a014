"""What checks do with whole columns: each of these takes arrays and gives arrays, and is one C loop where numpy is installed.

Without numpy the same is done by the C loops of the standard library, some five times slower. Nothing else knows of either.
A *mask* is bytes, 1 where an entry is wanted and 0 where not.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from functools import partial
from importlib import import_module
from itertools import accumulate, compress, islice
from math import isnan
from operator import eq, lt, sub
from typing import Any

numpy: Any
try:
    numpy = import_module("numpy")
except ImportError:  # slower, not wrong
    numpy = None

Column = Any  # array, bytes or bytearray
NEVER = 2**31 - 1
"""Where something did not happen; behind every position, so that one comparison tells *before* from *never*."""


def places(mask: bytes) -> array[int]:
    """Where a mask is 1, ascending."""
    if numpy:
        return _array("I", numpy.flatnonzero(_view(mask)))
    return array("I", compress(range(len(mask)), mask))


def taken(column: Column, positions: Sequence[int]) -> Any:
    """What a column says at these positions."""
    typecode = column.typecode if isinstance(column, array) else "B"
    if numpy:
        return _array(typecode, _view(column)[_view(positions)])
    return array(typecode, map(column.__getitem__, positions))


def chosen(column: Column, mask: bytes) -> Any:
    """The entries of a column where the mask is 1."""
    return column if 0 not in mask else taken(column, places(mask))


def equal(one: Column, other: Column | int) -> bytes:
    """Where two columns, or a column and a number, are equal."""
    if numpy:
        return bytes(_view(one) == (other if isinstance(other, int) else _view(other)))
    return bytes(map(other.__eq__, one)) if isinstance(other, int) else bytes(map(eq, one, other))


def less(one: Column, other: Column) -> bytes:
    """Where the entry of one column is less than that of the other."""
    if numpy:
        return bytes(_view(one) < _view(other))
    return bytes(map(lt, one, other))


def negated(mask: bytes) -> bytes:
    """1 for 0 and 0 for 1."""
    return mask.translate(_NEGATION)


def both(one: bytes, other: bytes) -> bytes:
    """1 where both masks are."""
    return (int.from_bytes(one, "little") & int.from_bytes(other, "little")).to_bytes(len(one), "little")


def either(one: bytes, other: bytes) -> bytes:
    """1 where one of the masks is."""
    return (int.from_bytes(one, "little") | int.from_bytes(other, "little")).to_bytes(len(one), "little")


def difference(one: Column, other: Column) -> array[float]:
    """One column minus the other."""
    if numpy:
        return _array("d", _view(one) - _view(other))
    return array("d", map(sub, one, other))


def least(one: Column, other: Column) -> array[int]:
    """The lesser of two entries each."""
    if numpy:
        return _array("i", numpy.minimum(_view(one), _view(other)))
    return array("i", map(min, one, other))


def least_from_here(column: Column) -> array[int]:
    """For each entry the least of it and all that follow."""
    if numpy:
        return _array("i", numpy.minimum.accumulate(_view(column)[::-1])[::-1])
    found = array("i", accumulate(reversed(column), min))
    found.reverse()
    return found


def surplus(one: Column, other: Column) -> array[int]:
    """By how much each entry of one column exceeds that of the other; 0 where it does not."""
    if numpy:
        return _array("q", numpy.maximum(_view(one) - _view(other), 0))
    return array("q", [mine - theirs if mine > theirs else 0 for mine, theirs in zip(one, other, strict=True)])


def happened(positions: Column) -> array[int]:
    """These positions, ascending, without NEVER."""
    if numpy:
        view = _view(positions)
        return _array("I", numpy.sort(view[view != NEVER]))
    return array("I", sorted(filter(NEVER.__ne__, positions)))


def ranks(ordered: Column, values: Column) -> array[int]:
    """For each value how many entries of an ascending column are less."""
    if numpy:
        return _array("q", numpy.searchsorted(_view(ordered), _view(values)))
    return array("q", map(partial(bisect_left, ordered), values))


def ascending(column: array[float]) -> array[float]:
    """The same entries in order, nan left out."""
    if numpy:
        view = _view(column)
        return _array("d", numpy.sort(view[~numpy.isnan(view)]))
    return array("d", sorted(value for value in column if not isnan(value)))


def rises(column: Column) -> bool:
    """True when each entry is greater than the one before."""
    if numpy:
        view = _view(column)
        return bool((view[1:] > view[:-1]).all())
    return all(map(lt, column, islice(column, 1, None)))


def firsts(keys: array[int], positions: array[int], count: int) -> array[int]:
    """Key -> the first of the positions that belong to it, for keys below `count`; NEVER where there is none."""
    if numpy:
        found = numpy.full(count, NEVER, "i")
        found[_view(keys)[::-1]] = _view(positions)[::-1]  # backwards, so that the first has the last word
        return _array("i", found)
    first = array("i", [NEVER]) * count
    for key, position in zip(reversed(keys), reversed(positions), strict=True):
        first[key] = position
    return first


def grouped(keys: Column, positions: array[int]) -> Mapping[int, array[int]]:
    """Key -> the positions that belong to it, in the order given; keys in the order of their first."""
    if numpy:
        view = _view(keys)
        narrow = view.astype("H") if len(view) and view.max() < 2**16 else view  # so few keys are sorted without comparing
        order = numpy.argsort(narrow, kind="stable")
        found, starts = numpy.unique(narrow[order], return_index=True)
        ends = [*starts[1:].tolist(), len(order)]
        parts = sorted(zip(order[starts].tolist(), found.tolist(), starts.tolist(), ends, strict=False))  # no entries, one end
        ordered = _view(positions)[order]
        return {key: _array("I", ordered[start:end]) for _, key, start, end in parts}
    groups: dict[int, array[int]] = {}
    for key, position in zip(keys, positions, strict=True):
        if key in groups:
            groups[key].append(position)
        else:
            groups[key] = array("I", [position])
    return groups


_NEGATION = bytes([1, *[0] * 255])


def _view(column: Column) -> Any:
    return numpy.asarray(memoryview(column))


def _array(typecode: str, values: Any) -> array[Any]:
    made: array[Any] = array(typecode)
    made.frombytes(values.astype(typecode, copy=False).tobytes())
    return made
