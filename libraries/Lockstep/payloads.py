"""What suites say to agents: files in ``resources/payloads``. Every mistake is one sentence with file, key and what is allowed.

The labels in them are the kit's own idea of what a text is about; they stay here and are never sent.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from profiles.nearest import did_you_mean

from .errors import UsageError
from .mistakes import worst_mistake
from .places import RESOURCES

FOLDER = RESOURCES / "payloads"
"""Where payloads are looked up by name; a path always works too."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Saying(_Strict):
    """One message of a conversation."""

    content: str = Field(min_length=1)
    label: str = Field(min_length=1)   # what the agent ought to take it for
    final: bool = False                # the conversation ends with it


class Conversation(_Strict):
    """Messages that build on each other."""

    schema_version: Literal[1] = Field(alias="schema")
    title: str = Field(min_length=1)
    messages: list[Saying] = Field(min_length=1)


class Task(_Strict):
    """One message to agents."""

    content: str = Field(min_length=1)
    agents: list[str] = Field(min_length=1)
    key: str | None = None             # of the fact that it writes for all of them


class Coordination(_Strict):
    """One round of messages to agents."""

    schema_version: Literal[1] = Field(alias="schema")
    title: str = Field(min_length=1)
    messages: list[Task] = Field(min_length=1)


Payload = TypeVar("Payload", bound=BaseModel)


def read_payload(name_or_path: str, model: type[Payload]) -> Payload:
    """The validated payload behind a name (``sales_conversation``) or a path."""
    path = _find(name_or_path)
    try:
        data: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(data, dict):
        raise UsageError(f"{path} is empty or no list of 'key: value' lines; a payload begins with 'schema: 1' and has a title and messages")
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise UsageError(f"{path}: {worst_mistake(error, model)[1]}") from None


def _find(name_or_path: str) -> Path:
    path = Path(name_or_path)
    found = path if path.suffix in {".yaml", ".yml"} else FOLDER / f"{name_or_path}.yaml"
    if not found.is_file():
        known = sorted(file.stem for file in FOLDER.glob("*.yaml"))
        raise UsageError(f"there is no payload '{name_or_path}'{did_you_mean(name_or_path, known)} Known are: {', '.join(known)} (or the path of a file)")
    return found
