"""Argument types of a reconnect ladder."""

from __future__ import annotations

from typing import Any

from .arguments import converter, figure


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
        text = str(value).strip()
        jitter = figure(text.removesuffix("%"))
        if jitter is not None and text.endswith("%"):
            jitter /= 100
        if jitter is None or not 0 <= jitter <= 1:
            raise ValueError(f"must be a part of a wait such as '10 %', 0 to 100 %, not '{value}'")
        return cls(jitter)


CONVERTERS: dict[type, Any] = {kind: converter(kind) for kind in (Factor, Jitter)}
