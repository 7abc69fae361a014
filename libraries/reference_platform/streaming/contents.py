"""What an agent streams: made from a seed piece by piece, so that any part can be made again without keeping the whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from hashlib import sha256
from random import Random
from typing import NamedTuple

import orjson

BLOCK = 4096
"""Bytes of text that are made at a time."""
PIECE = 256
"""Characters of text that are taken at a time."""
OBJECT = 256
"""Bytes of one object of a JSON document, filled up."""
LINE_AT_LEAST = 192
"""Bytes of one object of JSON lines."""
SUMMARY, ANALYSIS, RECOMMENDATIONS = 2048, 10_000, 1024
"""Bytes of the parts of a multipart answer, unless the analysis is to be longer."""
_WORDS = ["revenue", "margin", "forecast", "quarter", "region", "customer", "growth", "churn", "pipeline", "discount", "renewal", "segment", "outlook", "variance", "target", "backlog", "Größe", "Zürich", "São", "naïve", "été", "Øst", "東京", "売上", "план", "рост"]
_CATEGORIES = ("sales", "service", "finance", "operations")

Make = Callable[[int, int], bytes]
"""Gets the number of a piece and its size, returns exactly so many bytes, whole characters."""


class Section:
    """A run of bytes of which each ``piece`` is made by itself; the last one may be shorter."""

    def __init__(self, size: int, piece: int, make: Make) -> None:
        self.size = size
        self._piece = piece
        self._make = make
        self._last = -1, b""

    def between(self, start: int, stop: int) -> bytes:
        """The bytes from start to stop of this section."""
        first = start // self._piece
        made = b"".join(self._made(number) for number in range(first, -(-stop // self._piece)))
        return made[start - first * self._piece : stop - first * self._piece]

    def _made(self, number: int) -> bytes:
        if self._last[0] != number:
            self._last = number, self._make(number, min(self._piece, self.size - number * self._piece))
        return self._last[1]


class Content(NamedTuple):
    """A whole answer."""

    content_type: str
    sections: Sequence[Section]

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(section.size for section in self.sections)

    def between(self, start: int, stop: int) -> bytes:
        """The bytes from start to stop."""
        found, begin = [], 0
        for section in self.sections:
            low, high = max(start - begin, 0), min(stop - begin, section.size)
            if low < high:
                found.append(section.between(low, high))
            begin += section.size
        return b"".join(found)


def content(kind: str, seed: int, *, size: int, objects: int, chunk_bytes: int) -> Content:
    """The answer of this kind; ``objects`` for JSON, ``size`` in bytes for the others."""
    return _KINDS[kind](seed, size, objects, chunk_bytes)


def _text(seed: int, size: int, _objects: int, _chunk_bytes: int) -> Content:
    return Content("text/plain; charset=utf-8", [Section(size, BLOCK, partial(_words, f"{seed}/text"))])


def _json(seed: int, _size: int, objects: int, _chunk_bytes: int, *, opening: bytes = b'{"objects":', closing: bytes = b"]}") -> Content:
    whole = OBJECT + 1
    sections = [_fixed(opening), Section(objects * whole, whole, partial(_object, seed)), _fixed(closing if objects else b"[" + closing)]
    return Content("application/json", sections)


def _json_lines(seed: int, _size: int, objects: int, chunk_bytes: int) -> Content:
    line = max(chunk_bytes, LINE_AT_LEAST)
    return Content("application/x-ndjson", [Section(objects * line, line, partial(_line, seed))])


def _multipart(seed: int, size: int, _objects: int, _chunk_bytes: int) -> Content:
    boundary = f"part-{sha256(str(seed).encode()).hexdigest()[:24]}"
    sections: list[Section] = []
    parts = (("summary", "text/plain", SUMMARY), ("analysis", "text/csv", max(ANALYSIS, size)), ("recommendations", "text/plain", RECOMMENDATIONS))
    for name, content_type, length in parts:
        body = Section(length, BLOCK, partial(_words, f"{seed}/{name}"))
        head = (
            f"--{boundary}\r\nContent-Type: {content_type}; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\nContent-ID: <{name}>\r\n"
            f"X-Digest: {sha256(body.between(0, length)).hexdigest()[:16]}\r\n\r\n"
        )
        sections += [_fixed(head.encode()), body, _fixed(f"\r\n[end of {name}: {length} bytes]\r\n".encode())]
    return Content(f"multipart/mixed; boundary={boundary}", [*sections, _fixed(f"--{boundary}--\r\n".encode())])


_KINDS: dict[str, Callable[[int, int, int, int], Content]] = {
    "text": _text, "json": _json, "json_array": partial(_json, opening=b"", closing=b"]"), "json_lines": _json_lines, "multipart": _multipart,
}  # fmt: skip
KINDS = tuple(_KINDS)


def _fixed(data: bytes) -> Section:
    return Section(len(data), max(1, len(data)), lambda _number, _size: data)


def _words(name: str, number: int, size: int) -> bytes:
    """Words as they come, to the byte: pieces of a long text, which takes a tenth of the time of choosing each word."""
    chance, told = Random(f"{name}/{number}"), _long_text()  # noqa: S311 - repeatable, no secret
    words = " ".join(told[place : place + PIECE] for place in chance.choices(range(len(told) - PIECE), k=size // PIECE + 1))
    return words.encode()[:size].decode(errors="ignore").encode().ljust(size, b".")


@cache
def _long_text() -> str:
    return " ".join(Random(1).choices(_WORDS, k=10_000))  # noqa: S311 - repeatable, no secret


def _object(seed: int, number: int, size: int) -> bytes:
    """An object of a list, with what stands before it."""
    chance = Random(f"{seed}/object/{number}")  # noqa: S311 - repeatable, no secret
    told = {
        "id": f"{seed}-{number}", "sequence": number, "timestamp": 1_700_000_000 + number, "name": f"item {number}",
        "value": chance.randrange(1_000_000) / 100, "category": chance.choice(_CATEGORIES), "active": chance.random() < 0.5,
        "tags": chance.sample(_WORDS, 2),
    }  # fmt: skip
    return (b"," if number else b"[") + _filled({**told, "note": ""}, size - 1)


def _line(seed: int, number: int, size: int) -> bytes:
    """An object on a line of its own."""
    return _filled({"id": f"{seed}-{number}", "sequence": number, "timestamp": 1_700_000_000 + number, "data": ""}, size - 1) + b"\n"


def _filled(told: dict[str, object], size: int) -> bytes:
    """The object as JSON of exactly this size: its last text is filled up."""
    made = orjson.dumps(told)
    return made[:-2] + b"." * (size - len(made)) + made[-2:]
