"""Work that goes on during later keywords: one named task on the loop for each, ended at the latest with the test."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine
from time import monotonic
from typing import Any

from ..errors import EnvironmentSetupError, UsageError

ENDS_WITHIN = 35.0
"""s; longer than any single thing that an activity waits for."""

Name = tuple[str, str]
"""What is done, as its keywords call it (``Pinging``), and to whom (``alice``)."""


class CutOff(Exception):  # noqa: N818 - a result, which its keyword puts into words
    """An activity did not end in the time that it was given."""


class Activity:
    """Runs until it is asked to end; what it was doing at that moment is finished first, so that no question is left open."""

    def __init__(self, work: Callable[[Activity], Awaitable[Any]]) -> None:
        self._ending = asyncio.Event()
        self._task = asyncio.ensure_future(work(self))

    def is_ending(self) -> bool:
        """True from the moment when it was asked to end."""
        return self._ending.is_set()

    async def pause(self, seconds: float) -> None:
        """Waits, but not longer than until the activity is asked to end."""
        if not self.is_ending():
            waiting = asyncio.ensure_future(self._ending.wait())
            await asyncio.wait({waiting}, timeout=max(0.0, seconds))
            waiting.cancel()

    async def until(self, happening: Coroutine[Any, Any, Any]) -> None:
        """Waits until something happens, but not longer than until the activity is asked to end."""
        waiting = {asyncio.ensure_future(happening), asyncio.ensure_future(self._ending.wait())}
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()

    async def end(self, within: float | None) -> Any:
        """Asks it to end and returns its result; raises its error, or CutOff when it did not end in time. None: it ends by itself."""
        self._ending.set()
        done, _ = await asyncio.wait({self._task}, timeout=within)
        if not done:
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=1)
            raise CutOff
        return self._task.result()


class Activities:
    """All that goes on, by name; used by the loop thread only."""

    def __init__(self) -> None:
        self._running: dict[Name, Activity] = {}

    @property
    def names(self) -> frozenset[Name]:
        """What goes on now."""
        return frozenset(self._running)

    async def start(self, name: Name, work: Callable[[Activity], Awaitable[Any]]) -> None:
        """Begins an activity; each name goes on once at a time."""
        if name in self._running:
            raise UsageError(f"'Start {name[0]}' goes on already for {name[1]}; use 'Stop {name[0]}' before it is started again")
        self._running[name] = Activity(work)

    async def stop(self, name: Name, within: float | None = ENDS_WITHIN) -> Any:
        """Ends an activity and returns what it brought; an error in it is told here."""
        activity = self._running.pop(name, None)
        if activity is None:
            going_on = ", ".join(f"{what} ({whom})" for what, whom in sorted(self._running)) or "nothing"
            raise UsageError(f"'Stop {name[0]}' has nothing to stop for {name[1]}; use 'Start {name[0]}' first. Going on now: {going_on}")
        try:
            return await activity.end(within)
        except CutOff:
            raise EnvironmentSetupError(f"'{name[0]}' of {name[1]} did not end within {within:g} s of being stopped and was cut off") from None

    async def stop_all(self, names: Collection[Name], within: float) -> list[str]:
        """Ends several; returns a sentence for each that had failed, since nobody will stop it any more."""
        results = await asyncio.gather(*(self.stop(name, within) for name in names), return_exceptions=True)
        return [f"{name[0]} of {name[1]}: {result}" for name, result in zip(names, results, strict=True) if isinstance(result, Exception)]


class Pace:
    """Every so often, counted from the beginning; what was missed while something took too long is left out."""

    def __init__(self, every: float) -> None:
        self._every = every
        self._begin = monotonic()

    def until_next(self) -> float:
        """Seconds until the next time."""
        return self._every - (monotonic() - self._begin) % self._every
