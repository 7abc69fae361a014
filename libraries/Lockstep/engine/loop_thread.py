"""The one thread that owns the event loop, and the bridge by which keywords wait for it.

Robot freezes its own loop between keywords (nothing would be received, heartbeats would die), so the kit keeps a daemon
thread whose loop never stops. A keyword submits one coroutine and waits in short slices: on every platform a test
time-out or Ctrl-C then reaches the waiting thread, and the coroutine is cancelled with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any, TypeVar

from ..errors import InternalError

T = TypeVar("T")
SLICE = 0.1
"""s; how long one wait may ignore a test time-out (Windows cannot interrupt a blocked lock)."""


def new_loop() -> asyncio.AbstractEventLoop:
    """A loop of uvloop where that is there, else of asyncio."""
    try:
        import uvloop  # noqa: PLC0415 - optional: absent on Windows
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


class LoopThread:
    """Starts lazily, runs coroutines for the main thread, stops in bounded time."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop, started at the first use."""
        if self._loop is None:
            started = threading.Event()
            self._loop = loop = new_loop()

            def serve() -> None:
                asyncio.set_event_loop(loop)
                loop.call_soon(started.set)
                loop.run_forever()

            self._thread = threading.Thread(target=serve, name="lockstep-engine", daemon=True)
            self._thread.start()
            started.wait()
        return self._loop

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs a coroutine in the loop and returns its result; cancels it when the waiting thread is interrupted."""
        if threading.current_thread() is self._thread:
            work.close()
            raise InternalError("the loop thread must not wait for itself; await the coroutine instead")
        future: Future[T] = asyncio.run_coroutine_threadsafe(work, self.loop)
        try:
            while True:
                with contextlib.suppress(FutureTimeout):
                    return future.result(SLICE)
                if future.done():  # the work itself timed out: that is its result
                    return future.result()
        except BaseException:  # a test time-out derives from BaseException
            future.cancel()
            raise

    def stop(self) -> None:
        """Cancels what is left, stops the loop and joins the thread (at most 5 s)."""
        loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return
        self._loop = self._thread = None
        asyncio.run_coroutine_threadsafe(_cancel_all(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        if not thread.is_alive():
            loop.close()


async def _cancel_all() -> None:
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    if others:
        await asyncio.wait(others, timeout=3)
    await asyncio.get_running_loop().shutdown_default_executor()
