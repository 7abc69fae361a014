"""Robot's keyword decorator with types, so that decorated methods stay checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from robotlibcore import keyword as plc_keyword

Method = TypeVar("Method", bound=Callable[..., object])


def keyword(name: str | None = None, *, tags: tuple[str, ...]) -> Callable[[Method], Method]:
    """Marks a method as a keyword; every keyword has at least one tag, by which libdoc filters."""
    return cast("Callable[[Method], Method]", plc_keyword(name=name, tags=tags))
