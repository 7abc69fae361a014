"""Texts that are no JSON, each in a way of its own, and each like something that a client might have meant."""

from __future__ import annotations

import random
from itertools import cycle, islice

BROKEN = (
    '{"type": "user_message", "message_id": "cut off"',
    '{"type": "user_message", "content": "cut off in a te',
    '{"type": "user_message",}',
    '{"type": "user_message" "message_id": "no comma"}',
    '{"type": "user_message"}}',
    "{type: user_message}",
    "{'type': 'user_message'}",
    '{"type": "user_message", "content": "a line\nbreak"}',
    '{"type": "user_message", "sequence_id": 01}',
    '{"type": "user_message", "sequence_id": 1.}',
    '{"type": "user_message", "content": "\\x41"}',
    '{"type": "user_message", "final": True}',
    '["user_message", ]',
    '{"type": "user_message"} {"type": "user_message"}',
    "user_message",
    "nul",
    "{",
    "]",
    " ",
)


def broken_texts(count: int, seed: int) -> list[str]:
    """So many of them, in an order that the seed decides; again from the first where there are not so many."""
    texts = list(BROKEN)
    random.Random(seed).shuffle(texts)  # noqa: S311 - a repeatable order, no secret
    return list(islice(cycle(texts), count))
