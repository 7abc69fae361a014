"""Stimuli stay within what the target takes. What a smaller one cannot show is *not measured*: said, and never green."""

from __future__ import annotations

from typing import NoReturn

from robot.api import SkipExecution

from .kit import Kit


def burst_within(kit: Kit, count: int) -> int:
    """So many messages may be sent instead of ``count``; if they are fewer, the test ends as not measured."""
    return _smaller(kit, count, kit.target.file.limits.burst, "messages in one sending", "burst")


def rounds_within(kit: Kit, rounds: int, each: int) -> int:
    """So many rounds of ``each`` messages may be sent instead of ``rounds``; where not even one fits, the test ends as not measured."""
    limit = kit.target.file.limits.burst
    if limit is not None and limit < each:
        _not_measured(kit, f"{each:,} messages in one sending were asked for, {_takes(kit, f'{limit:,}', '', 'burst')}")
    return burst_within(kit, rounds * each) // each


def phase_within(kit: Kit, count: int) -> None:
    """Ends the test as not measured where a phase has more messages than the target takes: a shorter one has other figures."""
    limit = kit.target.file.limits.burst
    if limit is not None and count > limit:
        _not_measured(kit, f"{count:,} messages in one phase were asked for, {_takes(kit, f'{limit:,}', '', 'burst')}")


def clients_within(kit: Kit, count: int) -> int:
    """So many users may be connected instead of ``count``; if they are fewer, the test ends as not measured."""
    return _smaller(kit, count, kit.target.file.limits.clients, "clients", "clients")


def rate_within(kit: Kit, every: float | None) -> None:
    """Ends the test as not measured where messages come faster than the target takes them: slower ones would show nothing."""
    limit = kit.target.file.limits.rate
    if every and limit is not None and 1 / every > limit * 1.001:  # 50 ms are 20 msg/s, whatever the last binary digit says
        _not_measured(kit, f"{1 / every:g} msg/s were asked for, {_takes(kit, f'{limit:g}', 'msg/s of one user', 'rate')}")


def size_within(kit: Kit, size: int | None) -> None:
    """Ends the test as not measured where a text is longer than the target takes it."""
    limit = kit.target.file.limits.message_size
    if size is not None and limit is not None and size > limit:
        _not_measured(kit, f"a text of {size:,} bytes was asked for, {_takes(kit, f'{limit:,}', 'bytes', 'message_size')}")


def _smaller(kit: Kit, count: int, limit: int | None, what: str, key: str) -> int:
    if limit is None or count <= limit:
        return count
    reason = f"{count:,} {what} were asked for, {_takes(kit, f'{limit:,}', '', key)}"
    kit.scope.not_measured.append(reason)
    kit.record("beyond_limits", reason=reason)
    return limit


def _not_measured(kit: Kit, reason: str) -> NoReturn:
    kit.record("beyond_limits", reason=reason)
    raise SkipExecution(f"not measured: {reason}")


def _takes(kit: Kit, limit: str, unit: str, key: str) -> str:
    return f"{kit.target.title} takes {f'{limit} {unit}'.strip()} ('limits.{key}' in its file)"
