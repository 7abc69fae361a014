"""Defects and quirks by name. Each is a subclass of one port and says so with a decorator; its base class is its slot."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import pkgutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from .errors import PlatformError
from .policies import PORTS, Port

PortType = TypeVar("PortType", bound=type[Port])

_registered: dict[str, dict[str, type[Port]]] = {"defect": {}, "quirk": {}}


def defect(name: str) -> Callable[[PortType], PortType]:
    """Registers a port that breaks a promise."""
    return _register("defect", name)


def quirk(name: str) -> Callable[[PortType], PortType]:
    """Registers a port that behaves oddly and keeps every promise."""
    return _register("quirk", name)


def catalogue(kind: str) -> dict[str, type[Port]]:
    """All that is seeded, ``defect`` or ``quirk``, by name."""
    package = importlib.import_module(f"reference_platform.{kind}s")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    return dict(sorted(_registered[kind].items()))


def replacements(defects: Iterable[str], quirks: Iterable[str]) -> dict[str, type[Port]]:
    """The ports that the named defects and quirks replace, by slot."""
    replaced: dict[str, type[Port]] = {}
    for kind, names in (("defect", defects), ("quirk", quirks)):
        for name in names:
            port = _named(kind, name)
            slot = slot_of(port, name)
            if slot in replaced:
                raise PlatformError(f"{name} replaces {slot}, which {replaced[slot].__name__} replaces already; one platform takes one of them")
            replaced[slot] = port
    return replaced


def slot_of(port: type[Port], name: str) -> str:
    """The port that this class replaces, found by its base class."""
    for slot, base in PORTS.items():
        if issubclass(port, base):
            return slot
    raise PlatformError(f"{name}: {port.__name__} is no subclass of a port; the ports are {', '.join(base.__name__ for base in PORTS.values())}")


def _register(kind: str, name: str) -> Callable[[PortType], PortType]:
    def keep(port: PortType) -> PortType:
        _registered[kind][name] = port
        return port

    return keep


def _named(kind: str, name: str) -> type[Port]:
    if ".py:" in name:
        return _from_file(name)
    known = catalogue(kind)
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise PlatformError(f"there is no {kind} {name}; {hint}known: {', '.join(known)}")
    return known[name]


def _from_file(name: str) -> type[Port]:
    file, _, class_name = name.rpartition(":")
    path = Path(file)
    if not path.is_file():
        raise PlatformError(f"{name}: there is no file {path}")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise PlatformError(f"{name}: {path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise PlatformError(f"{name}: {path} cannot be loaded ({type(error).__name__}: {error})") from error
    port = getattr(module, class_name, None)
    if not isinstance(port, type) or not issubclass(port, Port):
        raise PlatformError(f"{name}: {path} has no class {class_name} that replaces a port")
    return port
