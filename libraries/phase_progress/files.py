"""One small file for each process that is in a long phase. Replaced in one step, so that a reader never sees half of it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, fields
from pathlib import Path

from .progress import Progress

FOLDER = "progress"
"""In the folder of the run."""
_WORDS = {"suite", "test", "phase", "stage"}


def write(run: Path, progress: Progress) -> None:
    """Replaces what this process said before.

    A courtesy that disturbs nothing: what a full disk means is said where figures are written, and where a reader has the file open
    (Windows then refuses to replace it) the next second tries again.
    """
    file = run / FOLDER / f"{os.getpid()}.json"
    known = {name: value for name, value in asdict(progress).items() if value is not None}
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        beside = file.with_suffix(".new")
        beside.write_text(json.dumps({"schema": 1, **known}), encoding="utf-8")
        beside.replace(file)


def remove(run: Path) -> None:
    """The phase is over."""
    for suffix in ("json", "new"):
        with suppress(OSError):
            (run / FOLDER / f"{os.getpid()}.{suffix}").unlink(missing_ok=True)


def read(run: Path, before: Mapping[int, Progress] | None = None) -> dict[int, Progress]:
    """Progress by process id. What cannot be read this time, since it is just being replaced, is what it was ``before``."""
    found = {}
    for file in (run / FOLDER).glob("*.json"):
        if not file.stem.isdecimal():
            continue
        pid = int(file.stem)
        try:
            found[pid] = _progress(json.loads(file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            continue
        except (OSError, ValueError, TypeError, AttributeError):
            if before and pid in before:
                found[pid] = before[pid]
    return found


def _progress(values: Mapping[str, object]) -> Progress:
    """What another version of the kit wrote may have more, less or other values."""
    given = {field.name: values.get(field.name) for field in fields(Progress)}
    words = {name: str(given[name] or "") for name in _WORDS}
    figures = {name: value for name, value in given.items() if name not in _WORDS and isinstance(value, int | float)}
    return Progress(**{**words, **figures})  # type: ignore[arg-type]  # the fields of the class itself
