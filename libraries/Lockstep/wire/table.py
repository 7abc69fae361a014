"""The conformance table: ``resources/payloads/wire_conformance.yaml``. Every mistake in it is one sentence with the place and what is allowed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from profiles.nearest import did_you_mean

from ..errors import UsageError
from ..mistakes import worst_mistake
from ..places import RESOURCES
from .frames import CLOSE, CONTINUATION, OPCODES, TEXT, ClientFrame

FILE = RESOURCES / "payloads" / "wire_conformance.yaml"
Level = Literal["strict", "lenient"]
WAY = re.compile(r"answered|alive|failed|dropped|close|close none|close \d{3,5}|http \d{3}|http 4xx|http refused")
PIECES = ("{message}", "{first half}", "{second half}", "{before the cut}", "{behind the cut}")
CHARACTER = "ü"
"""Each message has one, so that it can be cut inside a character."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _way(text: str) -> str:
    if not WAY.fullmatch(text):
        raise ValueError(f"must be what a server can do, such as 'close 1002', 'dropped', 'answered' or 'http 400', not '{text}'")
    return text


Ways = Annotated[list[Annotated[str, AfterValidator(_way)]], Field(min_length=1)]


class Repeated(_Strict):
    """A payload that is too long to be written down."""

    repeat: str = Field(min_length=1)
    times: int = Field(gt=0, le=1_000_000)


class Hexadecimal(_Strict):
    """A payload byte by byte."""

    hex: Annotated[str, AfterValidator(lambda text: bytes.fromhex(text).hex(" "))]


class Close(_Strict):
    """What a close frame carries."""

    code: int = Field(ge=0, le=65_535)
    reason: str | Hexadecimal | Repeated = ""


Payload = str | Hexadecimal | Repeated


class Sending(_Strict):
    """One frame, or all fragments of one text. One of the first eight keys says what it is."""

    text: Payload | None = None
    binary: Payload | None = None
    continuation: Payload | None = None
    ping: Payload | None = None
    pong: Payload | None = None
    close: Close | Payload | None = None
    opcode: int | None = Field(default=None, ge=0, le=15)
    fragments: Payload | None = None
    of: int = Field(default=1, gt=0)              # bytes in each of the fragments
    final: bool = True
    reserved: int = Field(default=0, ge=0, le=7)
    masked: bool = True
    length_bits: Literal[0, 16, 64] = 0
    announced: int | None = Field(default=None, ge=0, lt=2**64)

    @model_validator(mode="after")
    def _one_kind(self) -> Sending:
        if sum(getattr(self, kind) is not None for kind in (*OPCODES, "opcode", "fragments")) != 1:
            raise ValueError(f"a frame is one of {', '.join(OPCODES)}, opcode or fragments")
        return self

    def frames(self, message: bytes) -> Iterator[ClientFrame]:
        """What is written, where the server is to understand ``message``."""
        if self.fragments is not None:
            payload = payload_of(self.fragments, message)
            for begin in range(0, len(payload), self.of):
                yield ClientFrame(CONTINUATION if begin else TEXT, payload[begin : begin + self.of], final=begin + self.of >= len(payload))
            return
        kind = next((kind for kind in OPCODES if getattr(self, kind) is not None), "opcode")
        opcode = OPCODES.get(kind, self.opcode or 0)
        said = getattr(self, kind) if kind in OPCODES else "x"
        if opcode == CLOSE and isinstance(said, Close):
            payload = said.code.to_bytes(2) + payload_of(said.reason, message)
        else:
            payload = payload_of(said, message)
        yield ClientFrame(opcode, payload, self.final, self.reserved, self.masked, self.length_bits, self.announced)


class Request(_Strict):
    """What the opening handshake says otherwise than it should."""

    method: str = "GET"
    http: str = "HTTP/1.1"
    path: str | None = None
    headers: dict[str, str | Repeated | None] = Field(default_factory=dict)   # null: left out
    line: str | None = None                                          # the whole first line


class Row(_Strict):
    """One rule, and how to see whether it is kept."""

    row: str = Field(min_length=1)
    family: str = Field(min_length=1)
    rfc: str
    why: str = ""
    request: Request | None = None
    send: list[Sending] = Field(default_factory=list)
    expect: str
    pongs: list[Payload] | None = None            # exactly these come back, in this order
    cut: int | None = Field(default=None, gt=0)   # everything in TCP writes of so many bytes
    together: bool = False                        # the frames behind the handshake in one segment with it
    half_close: bool = False                      # nothing more can come from the client

    def frames(self, message: bytes) -> list[ClientFrame]:
        """Everything that is written behind the handshake."""
        return [frame for sending in self.send for frame in sending.frames(message)]


class Expected(_Strict):
    """What a server may do, to the letter of the standard and where that leaves it a choice."""

    strict: Ways
    lenient: Ways

    def ways(self, level: Level) -> list[str]:
        """At this level; whatever the letter allows is allowed to the lenient too."""
        return self.strict if level == "strict" else [*self.strict, *self.lenient]


class Table(_Strict):
    """The whole file."""

    schema_version: Literal[1] = Field(alias="schema")
    title: str = Field(min_length=1)
    expectations: dict[str, Expected]
    rows: list[Row] = Field(min_length=1)

    @model_validator(mode="after")
    def _sound(self) -> Table:
        names = [row.row for row in self.rows]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"a row is called '{twice[0]}' twice")
        for row in self.rows:
            if row.expect not in self.expectations:
                raise ValueError(f"row '{row.row}' expects '{row.expect}', which is none of {', '.join(self.expectations)}")
        return self

    def waits_for(self, row: Row) -> Literal["answer", "end", ""]:
        """What is still worth waiting for once the connection has survived the row."""
        ways = self.expectations[row.expect].strict
        return "" if "alive" in ways else "answer" if "answered" in ways else "end"

    def find(self, name: str) -> Row:
        """The row of this name, however it is capitalised."""
        found = next((row for row in self.rows if row.row.casefold() == name.casefold()), None)
        if found is None:
            names = [row.row for row in self.rows]
            raise UsageError(f"there is no wire rule '{name}'{did_you_mean(name.casefold(), names)} They are in {FILE.name}")
        return found


def read_table(path: Path = FILE) -> Table:
    """The validated table."""
    try:
        data: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Table.model_validate(data)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"{path} cannot be read: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        raise UsageError(f"{path}: {worst_mistake(error, Table)[1]}") from None


def payload_of(payload: Payload | Close, message: bytes) -> bytes:
    """As bytes; a name in braces stands for the message or a part of it."""
    if isinstance(payload, Repeated):
        return payload.repeat.encode() * payload.times
    if isinstance(payload, Hexadecimal):
        return bytes.fromhex(payload.hex)
    if isinstance(payload, Close):
        return payload.code.to_bytes(2)
    cut, half = message.find(CHARACTER.encode()) + 1, len(message) // 3
    parts = dict(zip(PIECES, (message, message[:half], message[half:], message[:cut], message[cut:]), strict=True))
    return parts[payload] if payload in parts else payload.encode()
