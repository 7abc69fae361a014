"""What was run: ``run.json`` of a run folder, written at the start of the run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from .errors import InputError


@dataclass(frozen=True, slots=True)
class RunInfo:
    """The facts of a run that do not come from its tests."""

    run: str
    profile: str
    target_name: str
    target_title: str
    reference: bool
    seed: int | None
    started: datetime | None
    command: tuple[str, ...]
    limits_changed: tuple[str, ...]
    interrupted: bool
    versions: dict[str, Any]
    machine: dict[str, Any]
    selected: tuple[str, ...]
    variables: dict[str, Any]

    @property
    def place(self) -> str:
        """Where the figures come from, as the verdict names it."""
        return "the reference platform" if self.reference else f"the real target {self.target_title}"


def read_run_info(folder: Path) -> RunInfo:
    """Reads ``run.json``; without a readable one the folder is no run."""
    path = folder / "run.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{folder} is not the folder of a run: its run.json cannot be read ({error.strerror}).") from error
    except ValueError as error:
        raise InputError(f"{path} is torn and cannot be read: {error}.") from error
    if not isinstance(content, dict) or not content.get("run") or not content.get("profile"):
        raise InputError(f"{path} must name the run and its profile (keys run and profile).")
    target = _mapping(content, "target")
    name = str(target.get("name") or "unknown target")
    seed = content.get("seed")
    return RunInfo(
        run=str(content["run"]),
        profile=str(content["profile"]),
        target_name=name,
        target_title=str(target.get("title") or name),
        reference=target.get("reference") is True,
        seed=seed if isinstance(seed, int) else None,
        started=_instant(content.get("started")),
        command=_texts(content, "command"),
        limits_changed=_texts(content, "limits_changed"),
        interrupted=bool(content.get("interrupted")),
        versions=_mapping(content, "versions"),
        machine=_mapping(content, "machine"),
        selected=_texts(content, "selected"),
        variables=_mapping(content, "variables"),
    )


def _mapping(content: dict[str, Any], key: str) -> dict[str, Any]:
    value = content.get(key)
    return value if isinstance(value, dict) else {}


def _texts(content: dict[str, Any], key: str) -> tuple[str, ...]:
    value = content.get(key)
    return tuple(str(one) for one in value) if isinstance(value, list) else ()


def _instant(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(value)).astimezone()
    except ValueError:
        return None
