"""Input that a target has to refuse, as tables in ``resources/payloads`` name it, and the frames that it consists of."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from profiles.nearest import did_you_mean

from .errors import UsageError
from .payloads import read_payload
from .targets.vocabulary import impossible

Encode = Callable[[Mapping[str, Any]], bytes]
"""A good message, with other things in place of some of its parts, as the target's file says that messages look."""
Promise = Literal["not_json", "not_message", "too_deep", "too_large", "not_utf8", "not_utf8_binary"]
"""A key of ``guarantees.refusal`` in a target file."""

HERE = "<<the part>>"
_NAMED = re.compile(rb'("(?:[^"\\]|\\.)*")\s*:\s*"<<the part>>"')
WAYS = ("text", "hex", "part", "twice", "levels")


def _bytes(value: object) -> object:
    try:
        return [bytes.fromhex(str(part)) for part in (value if isinstance(value, list) else [value])]
    except ValueError:
        raise impossible(f"must be bytes in hexadecimal digits such as '22 ff 22', or a list of such fragments, not {value!r}") from None


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Input(_Strict):
    """One input. ``text``: as it is; ``hex``: bytes, in one frame or several; the others change a good message, and so does ``hex`` in a ``part``."""

    text: str | None = None
    hex: Annotated[list[bytes], BeforeValidator(_bytes)] | None = None
    binary: bool = False               # in binary frames
    part: str | None = None            # this part of the message is replaced
    value: Any = None                  # by this value,
    written: str | None = None         # or by what is written here, which need not be JSON; with hex: its text by these bytes
    twice: str | None = None           # this part stands twice in the message; one that is a text
    levels: int | None = Field(default=None, ge=1)   # so many lists or objects in each other, the message itself among them
    of: Literal["lists", "objects"] = "lists"
    closed: bool = True
    refused: Promise | None = None     # which promise of the target applies, where it is not that of the table
    accepted: bool = False             # it is good, and shows where the bound lies

    @model_validator(mode="after")
    def _says_one_thing(self) -> Input:
        said = [way for way in WAYS if getattr(self, way) is not None]
        if len(said) != 1 and said != ["hex", "part"]:
            raise impossible(f"must say one of {', '.join(WAYS)}, not {' and '.join(said) or 'none'}")
        return self

    def frames(self, encode: Encode) -> list[bytes]:
        """The payloads of its frames; more than one are the fragments of one message."""
        if self.hex is not None:
            before, after = (b"", b"") if self.part is None else _around(encode({self.part: HERE}), self.part)
            fragments = [before + self.hex[0], *self.hex[1:]]
            fragments[-1] += after
            return fragments
        return [self.text.encode() if self.text is not None else self._changed(encode)]

    def _changed(self, encode: Encode) -> bytes:
        if self.levels is not None:
            begin, end = (b"[", b"]") if self.of == "lists" else (b'{"a":', b"}")
            inner = self.levels - 1
            return encode({})[:-1] + b',"nested":' + begin * inner + b"0" + (end * inner if self.closed else b"") + b"}"
        part = self.part or self.twice or ""
        text = encode({part: HERE})
        if self.twice is not None:
            changed, found = _NAMED.subn(rb'\1:"first",\1:"second"', text)
        else:
            written = json.dumps(self.value) if self.written is None else self.written
            found = text.count(json.dumps(HERE).encode())
            changed = text.replace(json.dumps(HERE).encode(), written.encode())
        if not found:
            raise _no_part(part)
        return changed


def _around(text: bytes, part: str) -> tuple[bytes, bytes]:
    before, found, after = text.partition(HERE.encode())
    if not found:
        raise _no_part(part)
    return before, after


def _no_part(part: str) -> UsageError:
    return UsageError(f"the messages of this target have no part '{part}' ('messages.send' in its file), so it cannot be replaced")


class Inputs(_Strict):
    """A table of inputs that are wrong in the same way."""

    schema_version: Literal[1] = Field(alias="schema")
    title: str = Field(min_length=1)
    refused: Promise
    inputs: dict[str, Input] = Field(min_length=1)

    def promise(self, one: Input) -> Promise:
        """Which promise of the target says how this input is refused."""
        return one.refused or self.refused


def read_inputs(table: str) -> Inputs:
    """The table of this name in ``resources/payloads``, or in this file."""
    return read_payload(table, Inputs)


def named(inputs: Inputs, table: str, name: str) -> Input:
    """One input of a table."""
    found = inputs.inputs.get(name)
    if found is None:
        raise UsageError(f"'{table}' has no input '{name}'{did_you_mean(name, sorted(inputs.inputs))} It has: {', '.join(inputs.inputs)}")
    return found
