"""How long a client waits before each try to come back: longer each time, up to a bound, and not all clients at the same instant."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from ..errors import UsageError


@dataclass(frozen=True, slots=True)
class Ladder:
    """``tries`` waits of ``first`` · ``factor``ⁿ seconds, none above ``cap``, each longer or shorter by up to ``jitter`` of itself.

    Where ``steps`` are given, the waits are these, and the last of them again and again.
    ``scale`` shortens all of them alike: a profile's choice, so that a quick run need not wait like a patient user.
    """

    first: float = 1.0
    factor: float = 2.0
    cap: float = 30.0
    jitter: float = 0.1
    tries: int = 10
    scale: float = 1.0
    steps: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.cap < self.first:
            raise UsageError(f"cap must be at least first ({self.first:g} s), not {self.cap:g} s; it bounds how long the waits may become")

    @property
    def rungs(self) -> list[float]:
        """Seconds to wait before each try, chance left aside."""
        if self.steps:
            return [step * self.scale for step in (self.steps + self.steps[-1:] * self.tries)[: self.tries]]
        waits = accumulate(range(self.tries - 1), lambda wait, _: min(wait * self.factor, self.cap), initial=self.first)
        return [wait * self.scale for wait in waits]

    def waits(self, seed: object, *, at_once: bool = False) -> Iterator[float]:
        """Seconds to wait before each try; with ``at_once`` the first try does not wait, and the ladder begins behind it."""
        chance, rungs = random.Random(repr(seed)), self.rungs  # noqa: S311 - repeatable waits, no secret
        for rung in (0.0, *rungs[:-1]) if at_once else rungs:
            yield rung * (1 + self.jitter * chance.uniform(-1, 1)) if rung else 0.0
