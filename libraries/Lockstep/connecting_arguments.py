"""Argument types of connections and of the ladder by which clients come back."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from .arguments import converter
from .numbers_in_text import figure, fraction


class Factor(float):
    """By how much each wait is longer than the one before, such as ``2``; 1 or more."""

    @classmethod
    def convert(cls, value: str | float) -> Factor:
        """Converts a number."""
        factor = figure(value)
        if factor is None or factor < 1:
            raise ValueError(f"must be a number of 1 or more, such as 2, not '{value}'")
        return cls(factor)


class Jitter(float):
    """By how much a wait may be longer or shorter, by chance, such as ``10 %`` or ``0.1``; 0 to 100 %."""

    @classmethod
    def convert(cls, value: str | float) -> Jitter:
        """Converts a number between 0 and 1, or a percentage."""
        jitter = fraction(value)
        if jitter is None or not 0 <= jitter <= 1:
            raise ValueError(f"must be a part of a wait such as '10 %', 0 to 100 %, not '{value}'")
        return cls(jitter)


class LocalAddress(str):
    """An address of this machine that a connection comes from, such as ``127.0.0.2``."""

    __slots__ = ()

    @classmethod
    def convert(cls, value: str) -> LocalAddress:
        """Converts the text of an IP address."""
        try:
            return cls(ip_address(str(value).strip()))
        except ValueError:
            raise ValueError(f"must be an IP address of this machine, such as 127.0.0.2, not '{value}'") from None


CONVERTERS: dict[type, Any] = {kind: converter(kind) for kind in (Factor, Jitter, LocalAddress)}

if TYPE_CHECKING:
    MaybeLocalAddress = LocalAddress | None
else:
    MaybeLocalAddress = LocalAddress  # see the end of arguments.py
