"""What all parts of a target file are made of."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from ..arguments import Duration, Size

Seconds = Annotated[float, BeforeValidator(lambda value: float(Duration.convert(value)))]
Bytes = Annotated[int, BeforeValidator(lambda value: int(Size.convert(value)))]
Shape = dict[str, Any]
"""A message as it looks on the wire; ``"{name}"`` stands for a value of the kit's."""
Condition = dict[str, Any]
"""Dotted path to the value that a message must have there; ``"*"``: any value but none."""


class Strict(BaseModel):
    """Knows its keys; any other is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)
