"""Some events or rows of a sequence, by position."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import tee
from typing import Protocol, TypeVar, overload

from .names import NOTHING

R_co = TypeVar("R_co", covariant=True)
T = TypeVar("T")

_NONE_FOR_NOTHING: Callable[[int, int], int | None] = {NOTHING: None}.get


class Columns(Protocol[R_co]):
    """What picks need of the sequence from which they pick."""

    def __getitem__(self, key: int, /) -> R_co: ...

    def made(self, positions: Sequence[int]) -> Iterator[R_co]:
        """The tuples at some positions."""


class Picked(Sequence[R_co]):
    """Some events or rows of a sequence, by position; a tuple is made when somebody looks at it."""

    __slots__ = ("_whole", "positions")

    def __init__(self, whole: Columns[R_co], positions: array[int]) -> None:
        self._whole = whole
        self.positions = positions

    def __len__(self) -> int:
        return len(self.positions)

    @overload
    def __getitem__(self, key: int) -> R_co: ...
    @overload
    def __getitem__(self, key: slice) -> Picked[R_co]: ...
    def __getitem__(self, key: int | slice) -> R_co | Picked[R_co]:
        if isinstance(key, slice):
            return Picked(self._whole, self.positions[key])
        return self._whole[self.positions[key]]

    def __iter__(self) -> Iterator[R_co]:
        return self._whole.made(self.positions)

    def entries(self, column: Sequence[T]) -> Iterator[T]:
        """What a column of the whole says of these."""
        return map(column.__getitem__, self.positions)


def entries(column: Sequence[T], positions: Iterable[int]) -> Iterator[T]:
    """What a column says at these positions."""
    return map(column.__getitem__, positions)


def or_none(numbers: Iterable[int]) -> Iterator[int | None]:
    """Entries of a column of whole numbers, with None for NOTHING."""
    return map(_NONE_FOR_NOTHING, *tee(numbers))
