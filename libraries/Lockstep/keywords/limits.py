"""Stimuli stay within what the target takes. What a smaller one cannot show is *not measured*: said, and never green."""

from __future__ import annotations

from robot.api import SkipExecution

from .kit import Kit


def burst_within(kit: Kit, count: int) -> int:
    """So many messages may be sent instead of ``count``; if they are fewer, the test ends as not measured."""
    return _smaller(kit, count, kit.target.file.limits.burst, "messages in one sending", "burst")


def clients_within(kit: Kit, count: int) -> int:
    """So many users may be connected instead of ``count``; if they are fewer, the test ends as not measured."""
    return _smaller(kit, count, kit.target.file.limits.clients, "clients", "clients")


def rate_within(kit: Kit, every: float | None) -> None:
    """Ends the test as not measured where messages come faster than the target takes them: slower ones would show nothing."""
    limit = kit.target.file.limits.rate
    if every and limit is not None and 1 / every > limit * 1.001:  # 50 ms are 20 msg/s, whatever the last binary digit says
        raise SkipExecution(f"not measured: {1 / every:g} msg/s were asked for, {_takes(kit, f'{limit:g}', 'msg/s of one user', 'rate')}")


def size_within(kit: Kit, size: int | None) -> None:
    """Ends the test as not measured where a text is longer than the target takes it."""
    limit = kit.target.file.limits.message_size
    if size is not None and limit is not None and size > limit:
        raise SkipExecution(f"not measured: a text of {size:,} bytes was asked for, {_takes(kit, f'{limit:,}', 'bytes', 'message_size')}")


def _smaller(kit: Kit, count: int, limit: int | None, what: str, key: str) -> int:
    if limit is None or count <= limit:
        return count
    kit.scope.not_measured.append(f"{count:,} {what} were asked for, {_takes(kit, f'{limit:,}', '', key)}")
    return limit


def _takes(kit: Kit, limit: str, unit: str, key: str) -> str:
    return f"{kit.target.title} takes {f'{limit} {unit}'.strip()} ('limits.{key}' in its file)"
