"""The declarative adapter: a target file's wire mapping, compiled once into functions that encode and decode.

An adapter only translates. It never judges: an unknown message is ``other``, not an error (forward compatibility).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from operator import itemgetter, methodcaller
from typing import Any, NamedTuple, Protocol

import orjson

from ..checks.events import Kind, LedgerRow
from ..checks.names import MOST
from ..errors import EnvironmentSetupError, UsageError
from .connect import Ready
from .model import Messages, Question, Rule
from .parts import Shape
from .placeholders import PLACEHOLDER, filled

Get = Callable[[Any], Any]
_ROW = partial(tuple.__new__, LedgerRow)
_ROW_PARTS = itemgetter(*LedgerRow._fields)


def digest_of(content: str) -> str:
    """First 16 hex digits of SHA-256 of the content; enough to tell contents apart, too little to give them away."""
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:16]


class Decoded(NamedTuple):
    """One thing that a frame says."""

    kind: Kind
    message_id: str | None = None
    attempt: int | None = None
    sequence_id: int | None = None
    offset: int | None = None
    digest: str | None = None
    details: Mapping[str, Any] | None = None


class Adapter(Protocol):
    """What stands between engine and wire; an own class is the exception for wires that a target file alone cannot say.

    Such a class is made with the validated target file. It only translates: it keeps no account of what was sent, and never judges.
    """

    def handshake(self, user: str, values: Mapping[str, Any]) -> bytes | None:
        """The frame with which a client begins, or None where the server speaks first.

        ``values``: client, connection and token; of a session that is to be taken up again also session, epoch and offset.
        """

    def encode(self, message: Mapping[str, Any]) -> bytes:
        """The frame for one message of the kit."""

    def decode(self, data: bytes) -> tuple[Decoded, ...]:
        """What one frame says; empty where it says nothing."""

    def ask(self, question: str, request_id: str, values: Mapping[str, Any] = {}) -> bytes:
        """The frame for one question; ``values`` fill what it says beside its id."""

    def ledger(self, data: bytes) -> Iterable[LedgerRow]:
        """What the answer of the control interface's ledger says."""


class JsonMapping:
    """The adapter for JSON wires, driven by the target file alone."""

    def __init__(self, messages: Messages, questions: Mapping[str, Question], ready: Ready | None) -> None:
        self._say = _compiled_shape(ready.say) if ready is not None and ready.say is not None else None
        self._send = _compiled_shape(messages.send)
        self._asks = {name: _compiled_shape(question.ask) for name, question in questions.items()}
        offset, session, epoch = messages.offset, messages.session, messages.epoch
        common = {"offset": offset, "session": session, "epoch": epoch}
        rules: list[_CompiledRule] = []
        if ready is not None:
            hello = Rule(where=ready.wait_for, offset=ready.offset, session=ready.session, epoch=ready.epoch, reason=ready.reason, fields=ready.told())
            rules.append(_CompiledRule(Kind.CONNECTED, hello, {}))
        for kind, group in ((Kind.REPLY, messages.reply), (Kind.ACCEPTED, messages.accepted), (Kind.DUPLICATE, messages.duplicate),
                            (Kind.REFUSED, messages.refused), (Kind.ERROR, messages.error), (Kind.PRESSURE, messages.pressure),
                            (Kind.AGENT_MESSAGE, messages.agent_message), (Kind.MESSAGES_LOST, messages.messages_lost),
                            (Kind.CHUNK, messages.stream_chunk), (Kind.STREAM_END, messages.stream_end), (Kind.STREAM_LOST, messages.stream_lost),
                            (Kind.NOTICE, messages.notice)):
            rules += [_CompiledRule(kind, rule, common) for rule in group]
        rules += [_CompiledRule(Kind.ANSWER, asked.answer, common, name, in_order=asked.in_order) for name, asked in questions.items()]
        self._other = _CompiledRule(Kind.OTHER, Rule(where={}), common)
        rules.sort(key=lambda rule: -len(rule.where))  # stable: of two rules that fit, the one that asks for more is meant
        self._discriminator, self._by_value, self._anywhere = _indexed(rules)

    def handshake(self, user: str, values: Mapping[str, Any]) -> bytes | None:
        """The JSON text of ``connect.ready.say``; a placeholder without a value leaves its key out."""
        return orjson.dumps(self._say({**values, "user": user})) if self._say is not None else None

    def encode(self, message: Mapping[str, Any]) -> bytes:
        """The JSON text of one message; a placeholder without a value leaves its key out."""
        return orjson.dumps(self._send(message))

    def ask(self, question: str, request_id: str, values: Mapping[str, Any] = {}) -> bytes:
        """The JSON text of one question."""
        if question not in self._asks:
            raise UsageError(f"this target cannot be asked for {question}; its file names: {', '.join(self._asks) or 'no questions'}")
        return orjson.dumps(self._asks[question]({**values, "request_id": request_id}))

    def decode(self, data: bytes) -> tuple[Decoded, ...]:
        """What one frame says, by the rule whose conditions hold; where several fit, the one with the most conditions."""
        try:
            wire = orjson.loads(data)
        except orjson.JSONDecodeError:
            return (Decoded(Kind.OTHER, details={"garbage": data[:200].decode("utf-8", "replace")}),)
        if not isinstance(wire, dict):
            return (Decoded(Kind.OTHER, details={"garbage": data[:200].decode("utf-8", "replace")}),)
        value = self._discriminator(wire)
        rules = self._by_value.get(value, ()) if isinstance(value, str) else ()
        for rule in rules:
            if rule.holds(wire):
                return (rule.decoded(wire),)
        for rule in self._anywhere:
            if rule.holds(wire):
                return (rule.decoded(wire),)
        return (self._other.decoded(wire),)


    def ledger(self, data: bytes) -> Iterator[LedgerRow]:
        """One JSON object per line, with the names that the glossary gives to the parts of a row."""
        return map(_ledger_row, filter(bytes.strip, data.split(b"\n")))


def _ledger_row(line: bytes) -> LedgerRow:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:
        row = None
    if not isinstance(row, dict):
        raise EnvironmentSetupError(f"ledger: this line is not a JSON object: {line[:80]!r}")
    try:
        return _ROW(_ROW_PARTS(row))
    except KeyError:
        return LedgerRow(*(row.get(field, "") for field in LedgerRow._fields))


class _CompiledRule:
    """One rule of the target file as functions."""

    def __init__(
        self, kind: Kind, rule: Rule, common: Mapping[str, str | None], question: str | None = None, *, in_order: bool = False,
    ) -> None:
        self.kind = kind
        self.where = rule.where
        self._conditions = [(_getter(path), wanted) for path, wanted in rule.where.items()]
        self._identity = _optional(rule.request_id or rule.message_id)
        self._numbers = tuple(_optional(path) for path in (rule.attempt, rule.sequence_id, rule.offset or common.get("offset")))
        self._digest = _optional(rule.digest)
        self._echo = _getter(rule.echo) if rule.echo else None
        details = {"session": rule.session or common.get("session"), "epoch": rule.epoch or common.get("epoch"), "reason": rule.reason}
        self._details = [(name, _getter(path)) for name, path in {**details, **({} if question else rule.fields)}.items() if path]
        self._question = question
        self._known = {"pending": 0} if in_order else {}  # behind such an answer nothing is left of what was sent before
        self._fields = [(name, _getter(path)) for name, path in rule.fields.items()] if question else []

    def holds(self, wire: dict[str, Any]) -> bool:
        """True when the message meets every condition of the rule."""
        for get, wanted in self._conditions:
            found = get(wire)
            if found is None if wanted == "*" else found != wanted:
                return False
        return True

    def decoded(self, wire: dict[str, Any]) -> Decoded:
        """The parts of the message that the rule names. A part of a type that it cannot have counts as absent."""
        details: dict[str, Any] = {name: value for name, get in self._details if (value := get(wire)) is not None}
        if self._question:
            details["question"] = self._question
            details["fields"] = {**self._known, **{name: get(wire) for name, get in self._fields}}
        identity, digest = self._identity(wire), self._digest(wire)
        if identity.__class__ is not str and identity is not None:
            identity = str(identity) if isinstance(identity, int) else None
        if self._echo is not None and isinstance(echoed := self._echo(wire), str):
            digest = digest_of(echoed)
        attempt, sequence, offset = [
            (value if -MOST <= value <= MOST else MOST) if (value := get(wire)).__class__ is int else None for get in self._numbers
        ]
        return Decoded(self.kind, identity, attempt, sequence, offset, digest if digest.__class__ is str else None, details)


def _nothing(_wire: Any) -> Any:
    return None


def _optional(path: str | None) -> Get:
    return _getter(path) if path else _nothing


def _getter(path: str) -> Get:
    """A function that follows a dotted path."""
    return methodcaller("get", path) if "." not in path else partial(_follow, tuple(path.split(".")))


def follow(path: str, wire: Any) -> Any:
    """What stands at a dotted path through objects and lists; None where it leads nowhere."""
    return _follow(path.split("."), wire)


def _follow(parts: Sequence[str], wire: Any) -> Any:
    for part in parts:
        if isinstance(wire, dict):
            wire = wire.get(part)
        elif isinstance(wire, list) and part.isdigit() and int(part) < len(wire):
            wire = wire[int(part)]
        else:
            return None
    return wire


def _indexed(rules: list[_CompiledRule]) -> tuple[Get, dict[str, tuple[_CompiledRule, ...]], tuple[_CompiledRule, ...]]:
    """Most wires name the type of a message at one path: rules are looked up by it instead of tried one by one."""
    paths = [path for rule in rules for path, wanted in rule.where.items() if isinstance(wanted, str) and wanted != "*"]
    path = max(set(paths), key=paths.count) if paths else ""
    by_value: dict[str, list[_CompiledRule]] = {}
    anywhere: list[_CompiledRule] = []
    for rule in rules:
        wanted = rule.where.get(path)
        if isinstance(wanted, str) and wanted != "*":
            by_value.setdefault(wanted, []).append(rule)
        else:
            anywhere.append(rule)
    return _optional(path), {value: tuple(found) for value, found in by_value.items()}, tuple(anywhere)


_ABSENT = object()


def _compiled_shape(shape: Shape) -> Callable[[Mapping[str, Any]], Any]:
    """A function that fills the placeholders of a message shape."""
    fill = _filler(shape)

    def filled(values: Mapping[str, Any]) -> Any:
        result = fill(values)
        return {} if result is _ABSENT else result

    return filled


def _filler(shape: Any) -> Callable[[Mapping[str, Any]], Any]:
    if isinstance(shape, dict):
        return _object_filler(shape)
    if isinstance(shape, list):
        items = [_filler(item) for item in shape]
        return lambda values: [value for fill in items if (value := fill(values)) is not _ABSENT]
    if isinstance(shape, str) and (whole := PLACEHOLDER.fullmatch(shape)):
        name = whole[1]
        return lambda values: value if (value := values.get(name)) is not None else _ABSENT
    if isinstance(shape, str) and PLACEHOLDER.search(shape):
        return lambda values: filled(shape, lambda name: values.get(name, ""))
    return lambda _values: shape


def _object_filler(shape: Shape) -> Callable[[Mapping[str, Any]], Any]:
    """Plain values and placeholders, of which most messages consist, are filled without a call each."""
    constant = {key: value for key, value in shape.items() if not isinstance(value, dict | list) and not PLACEHOLDER.search(str(value))}
    named = [(key, whole[1]) for key, value in shape.items() if isinstance(value, str) and (whole := PLACEHOLDER.fullmatch(value))]
    rest = [(key, _filler(value)) for key, value in shape.items() if key not in constant and key not in dict(named)]

    def fill(values: Mapping[str, Any]) -> Any:
        result = constant.copy()
        for key, name in named:
            value = values.get(name)
            if value is not None:
                result[key] = value
        for key, inner in rest:
            value = inner(values)
            if value is not _ABSENT:
                result[key] = value
        return result

    return fill
