"""What is sent: texts with their digests, and the target's adapter made fast by a template.

A template is tried against the adapter before it is used, and gives exactly what that gives.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson

from ...targets.mapping import Adapter, digest_of

Encode = Callable[[Sequence[str], int, str], list[bytes]]
"""Message ids, the sequence id of the first (which is also the number of its content) and a time stamp (as text) to payloads of frames."""
PROBE_ID, PROBE_TEXT, PROBE_SEQUENCE, PROBE_STAMP = "probe-4b1d-id", "probe-4b1d-text", 718281828459, 1618033988.25
_PROBES = re.compile(f"({PROBE_ID}|{PROBE_TEXT}|{PROBE_SEQUENCE}|{PROBE_STAMP})")
MOST_CONTENTS, LEAST_CONTENTS, CONTENT_MEMORY = 1009, 31, 16_000_000


class Contents:
    """The texts that are sent in turn, each different from all others, with their digests; repeatable by seed.

    Making a digest for every message would cost more than checking it: a reply with a neighbour's digest is found as surely.
    """

    def __init__(self, size: int | None, seed: int) -> None:
        letters = random.Random(f"load-{seed}")  # noqa: S311 - repeatable text, no secret
        count = MOST_CONTENTS if size is None else max(LEAST_CONTENTS, min(MOST_CONTENTS, CONTENT_MEMORY // size))
        filler = "".join(letters.choices("abcdefghijklmnopqrstuvwxyz      ", k=4096))
        self.texts = [_text(number, size, filler) for number in range(count)]
        self.digests = [digest_of(text) for text in self.texts]
        self.escaped = [orjson.dumps(text)[1:-1].decode() for text in self.texts]

    def __len__(self) -> int:
        return len(self.texts)


def _text(number: int, size: int | None, filler: str) -> str:
    begin = f"{number:04d} of the load: "
    if size is None:
        return begin + filler[number : number + 40]
    return (begin + filler[number:] + filler * (size // len(filler) + 1))[:size]


def stamp(seconds: float) -> str:
    """A time of day to a millisecond; odd, so that no zero at its end would be written by one and left out by another."""
    return _stamp(int(seconds * 1000) | 1)


@lru_cache(8)
def _stamp(milliseconds: int) -> str:
    return f"{milliseconds // 1000}.{milliseconds % 1000:03d}"


def encoder(adapter: Adapter, contents: Contents, constant: Mapping[str, Any]) -> Encode:
    """A function that makes what ``adapter.encode`` makes of a message with these constant parts."""
    texts, escaped, count = contents.texts, contents.escaped, len(contents)

    def by_adapter(ids: Sequence[str], first: int, stamp: str) -> list[bytes]:
        at, encode = float(stamp), adapter.encode
        return [
            encode({**constant, "message_id": message_id, "sequence_id": number, "content": texts[number % count], "timestamp": at})
            for number, message_id in enumerate(ids, first)
        ]

    probe = adapter.encode({
        **constant, "message_id": PROBE_ID, "sequence_id": PROBE_SEQUENCE, "content": PROBE_TEXT, "timestamp": PROBE_STAMP,
    })
    pieces = _PROBES.split(probe.decode("utf-8", "replace"))
    if pieces.count(PROBE_ID) != 1 or pieces.count(PROBE_TEXT) != 1 or max(map(pieces.count, (str(PROBE_SEQUENCE), str(PROBE_STAMP)))) > 1:
        return by_adapter
    id_at, text_at = pieces.index(PROBE_ID), pieces.index(PROBE_TEXT)
    sequence_at, stamp_at = (pieces.index(probe) if probe in pieces else None for probe in (str(PROBE_SEQUENCE), str(PROBE_STAMP)))

    def by_template(ids: Sequence[str], first: int, stamp: str) -> list[bytes]:
        if stamp_at is not None:
            pieces[stamp_at] = stamp
        payloads = []
        for number, message_id in enumerate(ids, first):
            pieces[id_at], pieces[text_at] = message_id, escaped[number % count]
            if sequence_at is not None:
                pieces[sequence_at] = str(number)
            payloads.append("".join(pieces).encode())
        return payloads

    tries = [(["a.1", "a.2"], 0, "1.5"), (["b-77"], 41 + len(contents), "1763701234.567891")]
    return by_template if all(by_template(*each) == by_adapter(*each) for each in tries) else by_adapter
