"""What the mapping in jupyter.yaml cannot say: a kernel runs code, so that a text travels as a Python literal and comes back as one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from Lockstep.checks.events import LedgerRow
from Lockstep.targets.mapping import Decoded, JsonMapping
from Lockstep.targets.model import TargetFile


class PythonLiterals:
    """The declarative mapping, with texts turned into Python literals on the way out and digests back on the way in."""

    def __init__(self, file: TargetFile) -> None:
        self._mapping = JsonMapping(file.messages, file.questions, file.connect.ready)

    def handshake(self, user: str, values: Mapping[str, Any]) -> bytes | None:
        """As ``connect.ready.say`` has it."""
        return self._mapping.handshake(user, values)

    def encode(self, message: Mapping[str, Any]) -> bytes:
        """The message with its text as a literal; a text that is missing stays missing."""
        content = message.get("content")
        return self._mapping.encode({**message, "content": None if content is None else json.dumps(content)})

    def decode(self, data: bytes) -> tuple[Decoded, ...]:
        """What the mapping finds, the digest without the quotes in which Python shows it."""
        return tuple(one._replace(digest=one.digest.strip("'")) if one.digest else one for one in self._mapping.decode(data))

    def ask(self, question: str, request_id: str, values: Mapping[str, Any] = {}) -> bytes:
        """As ``questions`` have it."""
        return self._mapping.ask(question, request_id, values)

    def ledger(self, data: bytes) -> Iterable[LedgerRow]:
        """There is none; what the mapping would read."""
        return self._mapping.ledger(data)
