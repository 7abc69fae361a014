"""Placeholders such as ``{token}`` in texts of a target file. Any other brace stands for itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import orjson

PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


def filled(text: str, value_of: Callable[[str], object]) -> str:
    """The text with each placeholder replaced by what ``value_of`` says of its name."""
    return PLACEHOLDER.sub(lambda found: str(value_of(found[1])), text)


def filled_body(shape: Mapping[str, Any], values: Mapping[str, object]) -> dict[str, Any]:
    """A shape with ``"{name}"`` replaced; a value that stands alone keeps its type, one without a value is left out."""
    result: dict[str, Any] = {}
    for key, value in shape.items():
        if isinstance(value, str) and (whole := PLACEHOLDER.fullmatch(value)):
            found = values.get(whole[1])
            if found is not None:
                result[key] = found
        else:
            result[key] = filled(value, lambda name: "" if (found := values.get(name)) is None else found) if isinstance(value, str) else value
    return result


def decoded(data: bytes) -> Any:
    """What JSON says; None where it is none."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
