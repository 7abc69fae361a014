"""Live progress on the console of plain Robot, beside the line that Robot keeps open for the result of the running test.

On a terminal it is drawn on the line below and taken away again. Elsewhere (a CI log) it is a line every thirty seconds, and before
the result Robot's own line is written once more, so that each ``| PASS |`` stands behind the name of its test.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TextIO

from robot.utils import pad_console_length

from phase_progress import is_terminal

EVERY = 30.0
RESULT = len(" | PASS |")
"""Robot leaves so many columns free for the result."""
_BELOW = "\x1bD\x1b[A\x1b7\x1b[B\r\x1b[2K"
"""Makes sure of a line below (at the bottom of the screen by scrolling), remembers the place, and goes there."""
_BACK = "\x1b8"


class Console:
    """Where Robot writes; ``test`` is the name of the running test, or nothing in the setup of a suite."""

    def __init__(self, stream: TextIO, test: str, width: int, environment: Mapping[str, str] = os.environ,
                 clock: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._test, self._width = stream, test, width
        self._redraws = is_terminal(stream, environment)
        self._clock = clock
        self._last = clock()
        self._shown = False

    def show(self, text: str) -> None:
        """The newest word of the phase."""
        if self._redraws:
            self._write(f"{_BELOW}  {text}"[: len(_BELOW) + shutil.get_terminal_size().columns - 1] + _BACK)
            self._shown = True
        elif self._clock() - self._last >= EVERY:
            self._write(f"{'' if self._shown else chr(10)}  {text}\n")
            self._last, self._shown = self._clock(), True

    def end(self) -> None:
        """The phase is over: the console is as Robot left it."""
        if self._shown and self._redraws:
            self._write(_BELOW + _BACK)
        elif self._shown and self._test:
            self._write(f"{pad_console_length(self._test, self._width - RESULT)} ")
        self._shown = False

    def _write(self, text: str) -> None:
        encoding = self._stream.encoding or "ascii"
        with suppress(OSError, ValueError):  # a console that is gone is no failure of the test
            self._stream.write(text.encode(encoding, "replace").decode(encoding))
            self._stream.flush()
