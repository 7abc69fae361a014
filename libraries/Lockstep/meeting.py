"""Where the shares of a load find each other when each runs in a process of its own: values that pabot keeps for all of them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import psutil

from .errors import EnvironmentSetupError

PATIENCE = 30.0
"""s until a share that nobody has heard of counts as missing; pabot may have fewer processes than there are shares."""
LOOK = 0.05


class NotMet(Exception):  # noqa: N818 - no error of anybody's: the load cannot be measured
    """Another share is missing, and says which: what the others would do alone says nothing."""


class Values(Protocol):
    """What all processes of a run can read and write."""

    def get(self, key: str) -> Any:
        """What was put there, or something false."""

    def put(self, key: str, value: Any) -> None:
        """Numbers, texts, and dictionaries of these."""

    def first(self, key: str, value: Any) -> bool:
        """Puts it there if nothing is there yet; True for the one who did."""


class Meeting:
    """One share among several of the same suite; ``name`` is the suite's."""

    def __init__(self, values: Values, name: str, number: int, of: int) -> None:
        self._values, self._name, self._number, self._of = values, name, number, of
        self._put(f"here/{number}", {"pid": os.getpid(), "created": psutil.Process().create_time()})

    def target(self, start: Callable[[], Mapping[str, str]]) -> Mapping[str, str]:
        """The addresses of the one target of all: the share that comes first starts it."""
        for number in self._all:
            if self._get(f"over/{number}"):
                raise NotMet(f"share {number} of {self._of} has ended already; pabot needs {self._of} processes (--processes {self._of})")
        if self._values.first(self._key("starter"), str(self._number)):
            try:
                addresses = start()
            except BaseException as error:
                self._put("target", {"error": str(error)})
                raise
            self._put("target", {"addresses": dict(addresses)})
            return addresses
        starter = self._wait_for(lambda: self._get("starter"), "no share")
        found = self._wait_for(lambda: self._get("target"), f"share {starter}", [int(starter)])
        if "error" in found:
            raise EnvironmentSetupError(f"share {starter} of {self._of} could not start the target: {found['error']}")
        self.must_have_its_target()
        return dict(found["addresses"])

    def must_have_its_target(self) -> None:
        """Raises NotMet when the share that has started the target is gone, and the target with it."""
        starter = int(self._get("starter") or self._number)
        if starter != self._number and not self._is_here(starter):
            raise NotMet(f"share {starter} of {self._of}, which had started the target, has ended already")

    def agreed(self, phase: str, lead: float) -> float:
        """The instant (time of day) at which all shares begin a phase: ``lead`` s after the last of them is ready."""
        self._put(f"{phase}/{self._number}", "ready")

        def start() -> float | None:
            if not self._get(f"{phase}/start") and all(self._get(f"{phase}/{number}") for number in self._all):
                self._values.first(self._key(f"{phase}/start"), time.time() + lead)
            return self._get(f"{phase}/start") or None

        return float(self._wait_for(start, "", [number for number in self._all if number != self._number], ready=phase))

    @property
    def has_started_the_target(self) -> bool:
        """This share is the one that has."""
        return bool(self._get("starter") == str(self._number))

    def tell(self, what: str, addresses: Mapping[str, str]) -> None:
        """The share that has started the target says where it is after this."""
        self._put(f"{what}/again", {"addresses": dict(addresses)})

    def told(self, what: str) -> Mapping[str, str]:
        """Where the target is after this, as soon as that is known."""
        starter = int(self._get("starter"))
        found = self._wait_for(lambda: self._get(f"{what}/again"), f"share {starter}", [starter])
        return dict(found["addresses"])

    def leave(self) -> None:
        """This share does nothing more; the one that has started the target waits until nobody needs it."""
        self._put(f"over/{self._number}", "yes")
        if self._get("starter") == str(self._number):
            while any(self._is_here(number) for number in self._all):
                time.sleep(LOOK)

    @property
    def _all(self) -> range:
        return range(1, self._of + 1)

    def _wait_for(self, what: Callable[[], Any], whom: str, needed: list[int] | None = None, ready: str = "") -> Any:
        """Waits until ``what`` is there, but not for a share that has gone or does not come."""
        until = time.monotonic() + PATIENCE
        while not (found := what()):
            for number in needed or []:
                if self._get(f"here/{number}") and not self._is_here(number) and not (ready and self._get(f"{ready}/{number}")):
                    raise NotMet(f"share {number} of {self._of} has ended already")
            if time.monotonic() > until:
                absent = next((f"share {number}" for number in needed or [] if not self._get(f"{ready}/{number}" if ready else f"here/{number}")), whom)
                raise NotMet(f"{absent} of {self._of} did not come within {PATIENCE:g} s; pabot needs {self._of} processes (--processes {self._of})")
            time.sleep(LOOK)
        return found

    def _is_here(self, number: int) -> bool:
        here = self._get(f"here/{number}")
        return bool(here) and not self._get(f"over/{number}") and _lives(int(here["pid"]), float(here["created"]))

    def _key(self, key: str) -> str:
        return f"lockstep/{self._name}/{key}"

    def _get(self, key: str) -> Any:
        return self._values.get(self._key(key))

    def _put(self, key: str, value: Any) -> None:
        self._values.put(self._key(key), value)


def _lives(pid: int, created: float) -> bool:
    try:
        process = psutil.Process(pid)
        return abs(process.create_time() - created) < 1 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


class PabotValues:
    """The values of pabot's own server."""

    def __init__(self, library: Any) -> None:
        self._library = library

    def get(self, key: str) -> Any:
        """Empty text where there is nothing."""
        return self._library.get_parallel_value_for_key(key)

    def put(self, key: str, value: Any) -> None:
        """Replaces what was there."""
        self._library.set_parallel_value_for_key(key, value)

    def first(self, key: str, value: Any) -> bool:
        """Held for a moment only: the lock of a process that is killed would never be given back."""
        self._library.acquire_lock(key)
        try:
            if self.get(key):
                return False
            self.put(key, value)
            return True
        finally:
            self._library.release_lock(key)


def of_this_run() -> Values | None:
    """The values that the processes of this run share; None under plain robot."""
    from robot.libraries.BuiltIn import BuiltIn, RobotNotRunningError  # noqa: PLC0415 - only inside a Robot run

    try:
        if BuiltIn().get_variable_value("${PABOTLIBURI}") in (None, ""):
            return None
        from pabot.pabotlib import PabotLib  # noqa: PLC0415
    except (RobotNotRunningError, ImportError):
        return None
    return PabotValues(PabotLib())
