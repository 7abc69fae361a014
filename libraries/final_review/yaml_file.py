"""Reads one YAML file of the resources folder; whatever is wrong with it becomes one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from .errors import InputError


def read_mapping(path: Path) -> dict[str, Any]:
    """Returns the top-level keys of a YAML file."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not valid YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(content, dict):
        raise InputError(f"{path} must hold keys with values, such as 'schema: 1'.")
    return content
