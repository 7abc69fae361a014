"""The newest word of a process about its phase, and how a person reads it."""

from __future__ import annotations

from dataclasses import dataclass

STALE = 5.0
"""s after which a word is old: its process says one each second."""


@dataclass(frozen=True)
class Progress:
    """What is known is shown, what is None is not. Times of day are Unix times, others are seconds."""

    suite: str = ""
    test: str = ""
    phase: str = ""
    stage: str = ""
    """What goes on before anything is sent, such as `opening 100 connections`."""
    done: float | None = None
    total: float | None = None
    rate: float | None = None
    p99: float | None = None
    violations: int | None = None
    begun: float | None = None
    """When the first message fell due."""
    planned: float | None = None
    """How long messages fall due; where the answers decide it, there is no plan and no word of when it ends."""
    updated: float = 0.0

    def text(self, now: float) -> str:
        """`peak  450 of 1 000, 98/s, p99 12 ms, 0 violations, 7 s left`."""
        parts = [self.stage] if self.stage else []
        if self.done is not None:
            parts.append(number(self.done) + (f" of {number(self.total)}" if self.total else ""))
        if self.rate is not None:
            parts.append(f"{number(self.rate)}/s")
        if self.p99 is not None:
            parts.append(f"p99 {f'{self.p99 * 1000:.3g} ms' if self.p99 < 1 else f'{self.p99:,.1f} s'}")
        if self.violations is not None:
            parts.append(f"{number(self.violations)} violation{'s' * (self.violations != 1)}")
        if now - self.updated > STALE:
            parts.append(f"no news for {duration(now - self.updated)}")
        elif self.begun is not None and self.planned is not None:
            left = self.begun + self.planned - now
            parts.append(f"{duration(left)} left" if left > 0 else "waiting for the last answers")
        return "  ".join(part for part in (self.phase or self.test, ", ".join(parts)) if part)


def number(value: float) -> str:
    """`12 000`, `98`, `0.5`: short, with thin groups that no country misreads."""
    return f"{value:,.0f}".replace(",", " ") if value >= 10 or value == int(value) else f"{value:.2g}"


def duration(seconds: float) -> str:
    """`7 s`, `2 min 05 s`, `1 h 10 min`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60:02} s" if whole < 3600 else f"{whole // 3600} h {whole // 60 % 60:02} min"
