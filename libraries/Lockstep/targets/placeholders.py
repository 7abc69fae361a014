"""Placeholders such as ``{token}`` in texts of a target file. Any other brace stands for itself."""

from __future__ import annotations

import re
from collections.abc import Callable

PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


def filled(text: str, value_of: Callable[[str], object]) -> str:
    """The text with each placeholder replaced by what ``value_of`` says of its name."""
    return PLACEHOLDER.sub(lambda found: str(value_of(found[1])), text)
