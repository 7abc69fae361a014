"""Reads a target file: YAML, ``extends``, validation. Every mistake is one sentence with file, key and what is allowed."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from profiles.nearest import did_you_mean

from ..errors import UsageError
from ..mistakes import worst_mistake
from ..places import RESOURCES
from .model import TargetFile

FOLDER = RESOURCES / "targets"
"""Where targets are looked up by name; a path always works too."""
ADAPTER = ("handshake", "encode", "decode", "ask", "ledger")
"""What every adapter can do (see ``Adapter`` in the module ``mapping``)."""


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
        known = known_targets()
        raise UsageError(f"unknown target '{name_or_path}'{did_you_mean(str(name_or_path), known)} Known targets: {', '.join(known)} (or the path of a file)")
    return named


def read_target_file(path: Path) -> TargetFile:
    """The validated model of one file."""
    layers = _layers(path.resolve(), ())
    merged: dict[str, Any] = {}
    for _file, data in reversed(layers):
        merged = _overlaid(merged, data)
    try:
        return TargetFile.model_validate(merged)
    except ValidationError as error:
        place, sentence = worst_mistake(error, TargetFile)
        file = next((file for file, data in layers if _has(data, place)), layers[0][0])
        raise UsageError(f"{file}: {sentence}") from None


def adapter_class(path: Path, named: str) -> type[Any]:
    """The class that a target file names as its adapter: ``FILE.py:Class``, the file beside the target file."""
    file, _, name = named.rpartition(":")
    place = path.parent / file
    if not file.endswith(".py") or not name.isidentifier():
        raise UsageError(f"{path}: key 'adapter' must be FILE.py:Class such as 'desk_adapter.py:DeskAdapter', not '{named}'")
    if not place.is_file():
        raise UsageError(f"{path}: key 'adapter' names {place}, which is not there; the file must lie beside the target file")
    spec = spec_from_file_location(place.stem, place)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path}: key 'adapter' names {place}, which Python cannot load")
    module = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever it does when it is loaded is the author's
        raise UsageError(f"{path}: the adapter {place} cannot be loaded ({type(error).__name__}: {error})") from error
    found = getattr(module, name, None)
    if not isinstance(found, type):
        classes = [other for other, value in vars(module).items() if isinstance(value, type) and value.__module__ == module.__name__]
        raise UsageError(f"{path}: key 'adapter' names the class '{name}', which is not in {place}; there are: {', '.join(classes) or 'none'}")
    lacking = [method for method in ADAPTER if not callable(getattr(found, method, None))]
    if lacking:
        raise UsageError(f"{path}: the adapter {named} lacks {', '.join(lacking)}; an adapter has: {', '.join(ADAPTER)}")
    return found


def _layers(path: Path, above: tuple[Path, ...]) -> list[tuple[Path, dict[str, Any]]]:
    """The file and those that it extends, nearest first."""
    if path in above:
        raise UsageError(f"{path}: key 'extends' leads back to this file itself; name another target")
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}; correct the path or its permissions") from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(data, dict):
        raise UsageError(f"{path}: a target file is a list of 'key: value' lines that begins with 'schema: 1'")
    parent = data.pop("extends", None)
    if parent is None:
        return [(path, data)]
    if not isinstance(parent, str):
        raise UsageError(f"{path}: key 'extends' must be the name of a target or the path of a file, not {parent!r}")
    beside = path.parent / (parent if parent.endswith((".yaml", ".yml")) else f"{parent}.yaml")
    return [(path, data), *_layers(beside.resolve() if beside.is_file() else find_target(parent), (*above, path))]


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


def _has(data: Any, place: list[int | str]) -> bool:
    """True when the key at this place, or for a missing one its surroundings, stand in this file."""
    for part in place[:-1]:
        data = data.get(part) if isinstance(data, dict) else data
    return isinstance(data, dict) and place[-1] in data
