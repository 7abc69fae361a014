"""Starting pabot so that a signal in the terminal does not reach it, and ending everything that came of it.

Processes are only ever ended as ``psutil.Process`` objects of our own descendants: these compare process id *and* creation
time, so that a number that the system gave to somebody else is never hit.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import psutil


def start(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> "subprocess.Popen[str]":
    """Starts a command in a session of its own, its output as one stream of lines."""
    new_group: int = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)  # Windows only
    return subprocess.Popen(  # noqa: S603 - the command is built by the runner
        list(command), cwd=folder, env=dict(environment), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        encoding="utf-8", errors="replace", creationflags=new_group, start_new_session=True,
    )


class Family:
    """A process and all it has started, remembered, since a process whose parent died is nobody's child any more."""

    def __init__(self, pid: int) -> None:
        self.head = psutil.Process(pid)
        self._known: set[psutil.Process] = {self.head}

    def remember(self) -> None:
        """Notes who is there now."""
        for member in list(self._known):
            with contextlib.suppress(psutil.Error):
                self._known.update(member.children(recursive=True))

    def alive(self) -> list[psutil.Process]:
        """Members that still run."""
        self.remember()
        return [member for member in self._known if running(member)]

    def end_gently(self, is_worker: Callable[[Sequence[str]], bool], grace: float, hurry: Callable[[], bool]) -> None:
        """Asks the workers to stop and write what they have; the head is frozen meanwhile, so that it starts nothing new."""
        self.remember()
        with contextlib.suppress(psutil.Error):
            self.head.suspend()
        self.remember()
        workers = [member for member in self._known if member != self.head and _matches(member, is_worker)]
        if os.name == "posix":
            for worker in workers:
                with contextlib.suppress(psutil.Error):
                    worker.send_signal(signal.SIGINT)
            wait_gone(workers, grace, hurry)
        self.end_now()

    def end_now(self, grace: float = 0.7) -> None:
        """Ends every member: asked first, so that a server can clean up, then without asking."""
        for member in self.alive():
            with contextlib.suppress(psutil.Error):
                if member == self.head:
                    member.kill()
                else:
                    member.terminate()
        wait_gone(self._known, grace)
        left = self.alive()
        for member in left:
            with contextlib.suppress(psutil.Error):
                member.kill()
        wait_gone(left, grace)


def running(process: psutil.Process) -> bool:
    """Whether it still does anything; a dead process that nobody has collected does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def wait_gone(processes: Iterable[psutil.Process], patience: float, hurry: Callable[[], bool] = lambda: False) -> bool:
    """Waits until none of them runs; false if some still do, or somebody is in a hurry."""
    left = list(processes)
    deadline = time.monotonic() + patience
    while left := [process for process in left if running(process)]:
        if time.monotonic() > deadline or hurry():
            return False
        time.sleep(0.02)
    return True


def _matches(process: psutil.Process, is_worker: Callable[[Sequence[str]], bool]) -> bool:
    try:
        return is_worker(process.cmdline())
    except psutil.Error:
        return False
