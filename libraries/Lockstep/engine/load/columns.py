"""What all connections of a shard write into, folded into one line a second."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ...checks.violations import Code
from .codec import Contents
from .histogram import Histogram

KEPT_SENTENCES = 20
"""So many violations of each kind keep their sentence in a shard; further ones are only counted."""


class Columns:
    """Times since the last fold, counts, and violations as they happen."""

    def __init__(self, contents: Contents) -> None:
        self.contents = contents
        self.prefixes: set[str] = set()
        self.services: list[int] = []       # us from the sending, where that was not the intended time
        self.lags: list[int] = []           # us from the intended time to the sending, where the socket took messages
        self.refusals: list[int] = []       # us from the sending to the refusal
        self.copies_sent = self.copies_answered = self.held_up = self.without_digest = 0
        self.reasons: Counter[str] = Counter()
        self.others: Counter[str] = Counter()
        self.violations: Counter[str] = Counter()
        self._sentences: list[dict[str, str]] = []
        self._told: Counter[str] = Counter()

    def violated(self, code: Code, sentence: str) -> None:
        """Counts a violation; the first ones of a kind keep their sentence."""
        self.violations[str(code)] += 1
        if self._told[str(code)] < KEPT_SENTENCES:
            self._told[str(code)] += 1
            self._sentences.append({"code": str(code), "sentence": sentence})

    def fold(self) -> dict[str, Any]:
        """What happened since the last fold, as the parts of a line; begins anew."""
        line = {
            "service": pairs(self.services), "lag": pairs(self.lags), "refusal": pairs(self.refusals),
            "copies_sent": self.copies_sent, "copies_answered": self.copies_answered, "held_up": self.held_up,
            "without_digest": self.without_digest, "reasons": dict(self.reasons), "others": dict(self.others),
            "violations": dict(self.violations), "sentences": self._sentences,
        }
        self.services, self.lags, self.refusals, self._sentences = [], [], [], []
        self.copies_sent = self.copies_answered = self.held_up = self.without_digest = 0
        for counter in (self.reasons, self.others, self.violations):
            counter.clear()
        return line


def pairs(microseconds: list[int]) -> list[tuple[int, int]]:
    """A column as pairs of bucket and count."""
    return list(Histogram.of(microseconds).counts.items()) if microseconds else []
