"""What is wrong in a file that people write, and where: one sentence for the most helpful of all mistakes."""

from __future__ import annotations

import difflib
from typing import Any, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

LONGEST_VALUE = 80
Place = list[int | str]
"""The keys that lead to a value, from the outermost on."""


def worst_mistake(error: ValidationError, model: Any) -> tuple[Place, str]:
    """Place and sentence of the mistake to be mended first, in a file that ``model`` describes."""
    worst = min(error.errors(), key=_helpfulness)
    place = _place(worst["loc"], model)
    return place, _sentence(worst, place, model)


def _helpfulness(error: ErrorDetails) -> int:
    """A misspelt key explains the missing one, and both explain what a wrong branch of alternatives says."""
    return {"extra_forbidden": 0, "missing": 1}.get(error["type"], 2)


def _sentence(error: ErrorDetails, place: Place, model: Any) -> str:
    name = ".".join(map(str, place))
    if error["type"] == "extra_forbidden":
        allowed = _allowed_at(place, model)
        near = difflib.get_close_matches(str(place[-1]), allowed, 1)
        hint = f"; did you mean '{near[0]}'?" if near else "."
        return f"unknown key '{name}'{hint}" + (f" Allowed here: {', '.join(allowed)}" if allowed else "")
    if error["type"] == "missing":
        return f"key '{name}' is missing; it is needed"
    if error["type"] == "impossible":
        return f"key '{name}' {error['msg']}"
    if error["type"] == "too_short":
        return f"key '{name}' must have at least one entry"
    message = error["msg"].removeprefix("Value error, ").removeprefix("Input ").replace("should be", "must be")
    given = repr(error["input"])
    shown = given if len(given) <= LONGEST_VALUE else f"{given[:LONGEST_VALUE]}..."
    return f"key '{name}' {message}" + ("" if " not '" in message else f", not {shown}")


def _place(location: tuple[int | str, ...], model: Any) -> Place:
    """The keys that lead to an error, without the names of alternatives that pydantic puts between them."""
    place: Place = []
    for part in location:
        if part == "[key]":  # the key itself is wrong
            break
        inner = _inside(model, part)
        if inner is None and place and _is_alternative(model, part):
            continue
        place.append(part)
        model = inner
    return place


def _is_alternative(annotation: Any, part: int | str) -> bool:
    return any(getattr(option, "__name__", "") == part for option in get_args(annotation))


def _allowed_at(place: Place, model: Any) -> list[str]:
    for part in place[:-1]:
        model = _inside(model, part)
    fields = _fields(model)
    return sorted(fields)


def _fields(annotation: Any) -> dict[str, Any]:
    """The keys of a model, or of the model among alternatives, with their annotations."""
    for option in (annotation, *get_args(annotation)):
        if hasattr(option, "model_fields"):
            return {field.alias or name: field.annotation for name, field in option.model_fields.items()}
    return {}


def _inside(annotation: Any, part: int | str) -> Any:
    """The annotation of what stands under a key: a field of a model, a value of a mapping, an item of a list."""
    for option in (annotation, *get_args(annotation)):
        arguments = get_args(option)
        if get_origin(option) is dict:
            return arguments[1]
        if get_origin(option) is list and isinstance(part, int):
            return arguments[0]
    return _fields(annotation).get(str(part))
