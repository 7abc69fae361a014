"""How long a client waits before each try to come back: longer each time, up to a bound, and not all clients at the same instant."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import UsageError


@dataclass(frozen=True, slots=True)
class Ladder:
    """``tries`` waits of ``first`` · ``factor``ⁿ seconds, none above ``cap``, each longer or shorter by up to ``jitter`` of itself.

    ``scale`` shortens all of them alike: a profile's choice, so that a quick run need not wait like a patient user.
    """

    first: float = 1.0
    factor: float = 2.0
    cap: float = 30.0
    jitter: float = 0.1
    tries: int = 10
    scale: float = 1.0

    def __post_init__(self) -> None:
        if self.cap < self.first:
            raise UsageError(f"cap must be at least first ({self.first:g} s), not {self.cap:g} s; it bounds how long the waits may become")

    def waits(self, seed: object, *, at_once: bool = False) -> Iterator[float]:
        """Seconds to wait before each try; with ``at_once`` the first try does not wait, and the ladder begins behind it."""
        chance, wait = random.Random(repr(seed)), self.first  # noqa: S311 - repeatable waits, no secret
        for number in range(self.tries):
            if at_once and number == 0:
                yield 0.0
                continue
            yield min(wait, self.cap) * self.scale * (1 + self.jitter * chance.uniform(-1, 1))
            wait = min(wait * self.factor, self.cap)
