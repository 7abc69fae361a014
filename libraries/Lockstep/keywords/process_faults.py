"""Keywords that stop the target's process for a while, or for good. Only a process that this kit has started, and still the same one."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic, sleep

import psutil

from ..errors import EnvironmentSetupError, UsageError
from .decorator import keyword
from .fault_proxy import happened_to_the_process
from .kit import Kit

STANDS_WITHIN = 5.0
"""s for the system to stop all threads of a process."""


class ProcessFaultKeywords:
    """The server itself stands still, or dies."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    @keyword(tags=("Faults", "Target"))
    def pause_target(self) -> None:
        """Lets the server's process stand still until `Continue Target`: its connections stay open, and nobody answers there.

        It continues at the latest when the test ends. The process must be the very one that was started (its id *and* its start time).
        Fails if the target was not started by this kit, if its process has ended, and if it is paused already.

        | `Pause Target` |
        """
        process, scope = self._process("paused"), self._kit.scope
        if process.status() == psutil.STATUS_STOPPED:
            raise UsageError("the target is paused already; use 'Continue Target' first")
        scope.before_closing.append(self._go_on)
        self._do("pause", lambda: _stand_still(process))

    @keyword(tags=("Faults", "Target"))
    def continue_target(self) -> None:
        """Lets the server's process go on after `Pause Target`, from where it stood.

        Fails if it is not paused.

        | `Continue Target` |
        """
        process = self._process("continued")
        if process.status() != psutil.STATUS_STOPPED:
            raise UsageError("the target is not paused; use 'Pause Target' first")
        self._do("continue", process.resume)

    @keyword(tags=("Faults", "Target"))
    def kill_target(self) -> None:
        """Ends the server's process without a chance to tidy up. It stays dead until `Restart Target`, at the latest until the test ends.

        What it had promised to keep is on its store, and nothing else is. The process must be the very one that was started (its id *and*
        its start time). Fails if the target was not started by this kit, and if its process has ended already.

        | `Kill Target` |
        | `Restart Target` |
        """
        target = self._kit.target
        self._process("killed")
        self._do("kill", target.kill)
        self._kit.scope.undo.append(target.start_again_if_gone)

    def _process(self, wanted: str) -> psutil.Process:
        """The server's process, which is still the one that was started."""
        target = self._kit.target
        process = target.own_server(wanted)
        if process is None or not process.is_running():
            raise EnvironmentSetupError(f"the process of {target.title} has ended and cannot be {wanted}; use 'Restart Target' first{target.obituary()}")
        return process

    def _do(self, fault: str, act: Callable[[], object]) -> None:
        act()
        happened_to_the_process(self._kit, fault)

    def _go_on(self) -> None:
        process = self._kit.target.server if self._kit.has_target else None
        if process is not None and process.status() == psutil.STATUS_STOPPED:
            process.resume()


def _stand_still(process: psutil.Process) -> None:
    """Returns when it does."""
    process.suspend()
    deadline = monotonic() + STANDS_WITHIN
    while process.status() != psutil.STATUS_STOPPED:
        if monotonic() > deadline:
            raise EnvironmentSetupError(f"process {process.pid} was told to stand still and did not within {STANDS_WITHIN:g} s")
        sleep(0.001)
