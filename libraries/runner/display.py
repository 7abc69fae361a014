"""What a person sees while the suites run: lines that redraw in a terminal, one line per change everywhere else."""

import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TextIO

from phase_progress import Progress, is_terminal

EVERY = 30.0
GREEN, RED, YELLOW, DIM, BOLD = "32", "31", "33", "2", "1"


@dataclass
class Running:
    """A suite that has started."""

    title: str
    tests: int
    since: float
    pid: int = 0
    progress: Progress | None = None


@dataclass
class Board:
    """The state of a run, as the displays draw it."""

    suites: int
    running: dict[int, Running] = field(default_factory=dict)
    ended: int = 0

    @property
    def waiting(self) -> int:
        """Suites that have not started."""
        return max(0, self.suites - self.ended - len(self.running))


@dataclass(frozen=True)
class Ended:
    """A suite that has ended; ``counts`` (passed, failed, skipped) are missing where it left no result."""

    title: str
    seconds: float
    counts: tuple[int, int, int] | None
    complaint: str = ""


class Display(Protocol):
    """Both displays."""

    def say(self, line: str, style: str = "") -> None:
        """A line that stays."""

    def started(self, suite: Running) -> None:
        """A suite has started."""

    def ended(self, suite: Ended) -> None:
        """A suite has ended."""

    def tick(self, board: Board) -> None:
        """Called several times a second."""

    def close(self) -> None:
        """Nothing runs any more."""


class Painter:
    """Writes to one stream with colours and symbols that it can take."""

    def __init__(self, stream: TextIO, environment: Mapping[str, str]) -> None:
        self.stream = stream
        self.colours = is_terminal(stream, environment) and not environment.get("NO_COLOR")
        encoding = (stream.encoding or "ascii").lower().replace("-", "")
        self.symbols = ("✓", "✗", "▸", "·") if encoding.startswith("utf") else ("ok", "FAIL", ">", "-")

    def paint(self, text: str, style: str) -> str:
        """The text in a colour, where colours are shown."""
        return f"\x1b[{style}m{text}\x1b[0m" if style and self.colours else text

    def line(self, text: str, style: str = "") -> None:
        """One line, at once."""
        encoding = self.stream.encoding or "ascii"
        self.stream.write(self.paint(text, style).encode(encoding, "replace").decode(encoding) + "\n")
        self.stream.flush()

    def result(self, suite: Ended, width: int) -> str:
        """`✓ Rapid Message Succession / Bursts   8 passed   12.3 s`."""
        passed, failed, skipped = suite.counts or (0, 0, 0)
        good, bad, _, note = self.symbols
        if suite.counts is None:
            symbol, style, words = bad, RED, f"no result: {suite.complaint}"
        else:
            symbol, style = (bad, RED) if failed else (good, GREEN) if passed else (note, YELLOW)
            words = ", ".join(f"{count} {word}" for count, word in ((passed, "passed"), (failed, "failed"), (skipped, "skipped")) if count)
        return f"  {self.paint(symbol, style)} {suite.title:<{width}}  {words}  {self.paint(f'{suite.seconds:.1f} s', DIM)}"


class Lines:
    """For files, pipes and CI logs: a line when a suite starts or ends, and every thirty seconds what goes on."""

    def __init__(self, painter: Painter, width: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._painter, self._width, self._clock = painter, width, clock
        self._last = clock()

    def say(self, line: str, style: str = "") -> None:
        """A line."""
        self._painter.line(line, style)

    def started(self, suite: Running) -> None:
        """A line."""
        self._painter.line(f"  {self._painter.symbols[2]} {suite.title:<{self._width}}  {', '.join(filter(None, ('started', tests(suite.tests))))}")

    def ended(self, suite: Ended) -> None:
        """A line."""
        self._painter.line(self._painter.result(suite, self._width))

    def tick(self, board: Board) -> None:
        """Every thirty seconds one line per running suite."""
        now = self._clock()
        if now - self._last < EVERY:
            return
        self._last = now
        for suite in board.running.values():
            self._painter.line(f"  {self._painter.symbols[3]} {suite.title:<{self._width}}  {now - suite.since:.0f} s  {what_now(suite)}".rstrip())

    def close(self) -> None:
        """Nothing to tidy."""


class Redraw:
    """For a terminal: ended suites stay above, the running ones are drawn again below them."""

    def __init__(self, painter: Painter, width: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._painter, self._width, self._clock = painter, width, clock
        self._drawn: list[str] = []

    def say(self, line: str, style: str = "") -> None:
        """A line above the moving ones."""
        drawn = self._drawn
        self._erase()
        self._painter.line(line, style)
        self._draw(drawn)

    def started(self, suite: Running) -> None:
        """The next tick shows it."""

    def ended(self, suite: Ended) -> None:
        """The line moves up and stays."""
        self._erase()
        self._painter.line(self._painter.result(suite, self._width))

    def tick(self, board: Board) -> None:
        """Draws the running suites again."""
        now, columns = self._clock(), shutil.get_terminal_size().columns
        lines = []
        for suite in board.running.values():
            lines.append(f"  {self._painter.symbols[2]} {suite.title:<{self._width}}  {now - suite.since:3.0f} s  {tests(suite.tests)}".rstrip())
            lines += [f"      {suite.progress.text(time.time())}"] if suite.progress else []
        if board.waiting:
            lines.append(f"    {board.waiting} more to come")
        lines = [line[: columns - 1] for line in lines]
        if lines != self._drawn:
            self._erase()
            self._draw(lines)

    def close(self) -> None:
        """Takes the moving lines away."""
        self._erase()

    def _erase(self) -> None:
        if self._drawn:
            self._painter.stream.write(f"\x1b[{len(self._drawn)}F\x1b[J")
            self._drawn = []

    def _draw(self, lines: list[str]) -> None:
        for line in lines:
            self._painter.line(line, DIM)
        self._drawn = lines


def display(stream: TextIO, width: int, environment: Mapping[str, str] = os.environ) -> Display:
    """The display that fits the stream; ``width`` is that of the longest suite title."""
    painter = Painter(stream, environment)
    return (Redraw if is_terminal(stream, environment) else Lines)(painter, width)


def tests(count: int) -> str:
    """`1 test`, `5 tests`; nothing where it is not known."""
    return f"{count} test{'s' * (count != 1)}" if count else ""


def what_now(suite: Running) -> str:
    """The progress of a suite in words; how many tests it has before the first progress arrives."""
    return suite.progress.text(time.time()) if suite.progress else tests(suite.tests)
