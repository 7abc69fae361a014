"""What an analyst says about a fault, converted; a wrong word is answered with those that are known."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from ..arguments import Count, Size, converter, member_of
from .catalogue import Direction, Fault
from .gate import NEXT
from .plan import IN_PLANS
from .triggers import After


class Cut(StrEnum):
    """How a connection is cut: ``close`` (FIN), ``reset`` (RST), ``half_open`` (one end gets no sign) or ``blackhole`` (neither does)."""

    close = "close"
    reset = "reset"
    half_open = "half_open"
    blackhole = "blackhole"


class OldPath(StrEnum):
    """What becomes of the way that is left: ``closed`` (both ends see that it has ended) or ``blackholed`` (neither does)."""

    closed = "closed"
    blackholed = "blackholed"


class ByteRate(float):
    """How many bytes may pass in a second, such as ``64 KiB/s``; more than 0."""

    @classmethod
    def convert(cls, value: object) -> ByteRate:
        """Converts a size with or without ``/s`` behind it."""
        try:
            return cls(Size.convert(re.sub(r"\s*/\s*s(ec|econd)?$", "", str(value).strip(), flags=re.IGNORECASE)))
        except ValueError:
            raise ValueError(f"must be a rate such as '64 KiB/s', not '{value}'") from None


class WhichConnection(str):
    """A connection of a client through the fault proxy: its number, counted from 1, or ``next``."""

    __slots__ = ()

    @classmethod
    def convert(cls, value: object) -> WhichConnection:
        """Converts a whole number or the word."""
        text = str(value).strip().lower()
        try:
            return cls(text if text == NEXT else Count.convert(text))
        except ValueError:
            raise ValueError(f"must be the number of a connection, counted from 1, or '{NEXT}', not '{value}'") from None

    @property
    def place(self) -> int | str:
        """The number, or the word."""
        return self if self == NEXT else int(self)


class FaultKinds(tuple[Fault, ...]):
    """Kinds of faults for a plan, such as ``close, reset, half_open``."""

    __slots__ = ()

    @classmethod
    def convert(cls, value: object) -> FaultKinds:
        """Converts a list, or a text with commas; each kind counts once."""
        words: list[Any] = list(value) if isinstance(value, list | tuple) else [word for word in str(value).split(",") if word.strip()]
        kinds = list(dict.fromkeys(Fault.convert(word) for word in words))
        wrong = [kind for kind in kinds if kind not in IN_PLANS]
        if wrong or not kinds:
            raise ValueError(f"must be some of {', '.join(IN_PLANS)}, not '{', '.join(wrong) or value}'")
        return cls(kinds)


FAULT_CONVERTERS: dict[type, Any] = {
    **{kind: converter(kind) for kind in (Fault, After, ByteRate, WhichConnection, FaultKinds)},
    **{kind: converter(kind, member_of(kind)) for kind in (Direction, Cut, OldPath)},
}

# As in arguments.py: Robot needs the bare type, the type checker must know of None.
if TYPE_CHECKING:
    MaybeAfter = After | None
    MaybeByteRate = ByteRate | None
    MaybeConnection = WhichConnection | None
    MaybeCut = Cut | None
    MaybeDirection = Direction | None
else:
    MaybeAfter, MaybeByteRate, MaybeConnection, MaybeCut, MaybeDirection = After, ByteRate, WhichConnection, Cut, Direction
