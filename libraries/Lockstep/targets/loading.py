"""Reads a target file: YAML, ``extends``, validation. Every mistake is one sentence with file, key and what is allowed."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ..errors import UsageError
from .model import TargetFile

FOLDER = Path(__file__).resolve().parents[3] / "resources" / "targets"
"""Where targets are looked up by name; a path always works too."""


def known_targets() -> list[str]:
    """The names that may be given instead of a file."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def find_target(name_or_path: str | Path) -> Path:
    """The file behind a name (``reference``) or a path (``my/desk.yaml``)."""
    path = Path(name_or_path)
    if path.suffix in {".yaml", ".yml"}:
        if path.is_file():
            return path.resolve()
        raise UsageError(f"there is no target file {path}; give the path of a .yaml file or one of: {', '.join(known_targets())}")
    named = FOLDER / f"{name_or_path}.yaml"
    if not named.is_file():
        near = difflib.get_close_matches(str(name_or_path), known_targets(), 1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        raise UsageError(f"unknown target '{name_or_path}'{hint} Known targets: {', '.join(known_targets())} (or the path of a file)")
    return named


def read_target_file(path: Path) -> TargetFile:
    """The validated model of one file."""
    merged = _merged(path, ())
    try:
        return TargetFile.model_validate(merged)
    except ValidationError as error:
        raise UsageError(f"{path}: {_sentence(error.errors()[0])}") from None


def _merged(path: Path, above: tuple[Path, ...]) -> dict[str, Any]:
    if path in above:
        raise UsageError(f"{path}: key 'extends' leads back to this file itself; name another target")
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from None
    except yaml.YAMLError as error:
        raise UsageError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(data, dict):
        raise UsageError(f"{path}: a target file is a list of 'key: value' lines that begins with 'schema: 1'")
    parent = data.pop("extends", None)
    if parent is None:
        return data
    beside = path.parent / f"{parent}.yaml"
    return _overlaid(_merged(beside if beside.is_file() else find_target(parent), (*above, path)), data)


def _overlaid(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Keys of ``over`` replace those of ``base``; mappings are merged, ``null`` removes."""
    result = dict(base)
    for key, value in over.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = _overlaid(result[key], value)
        else:
            result[key] = value
    return result


def _sentence(error: ErrorDetails) -> str:
    place = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"unknown key '{place}'{_nearest(error['loc'])}"
    if error["type"] == "missing":
        return f"key '{place}' is missing; it is needed"
    message = error["msg"].removeprefix("Value error, ")
    return f"key '{place}': {message[0].lower()}{message[1:]}, not {error['input']!r}" if "not '" not in message else f"key '{place}': {message}"


def _nearest(place: tuple[int | str, ...]) -> str:
    """Suggests the nearest key that is allowed at this place and lists all of them."""
    model: Any = TargetFile
    for part in place[:-1]:
        if isinstance(part, int) or not hasattr(model, "model_fields"):
            continue
        field = next((f for n, f in model.model_fields.items() if (f.alias or n) == part), None)
        model = _model_within(field.annotation) if field is not None else None
    if not hasattr(model, "model_fields"):
        return ""
    allowed = [field.alias or name for name, field in model.model_fields.items()]
    near = difflib.get_close_matches(str(place[-1]), allowed, 1)
    return (f"; did you mean '{near[0]}'?" if near else ";") + f" Allowed here: {', '.join(sorted(allowed))}"


def _model_within(annotation: Any) -> Any:
    """The model inside ``X | None``, ``list[X]`` or ``dict[str, X]``."""
    if hasattr(annotation, "model_fields"):
        return annotation
    return next((found for part in getattr(annotation, "__args__", ()) if (found := _model_within(part))), None)
