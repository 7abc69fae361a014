"""What a person sees, in a terminal and elsewhere."""

import io

import pytest

from phase_progress import Progress
from runner import display
from runner.display import Board, Ended, Lines, Painter, Redraw, Running


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


class File(io.StringIO):
    encoding = "utf-8"


class OldFile(io.StringIO):
    encoding = "ascii"


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def lines(stream=None):
    stream, clock = stream or File(), Clock()
    return Lines(Painter(stream, {}), 8, clock), stream, clock


def test_elsewhere_every_start_and_end_is_one_line():
    shown, stream, _ = lines()
    shown.started(Running("Bursts", 3, 100.0))
    shown.ended(Ended("Bursts", 12.34, (2, 1, 0)))
    shown.ended(Ended("Order", 1.0, (1, 0, 1)))
    shown.ended(Ended("Broken", 0.5, None, "no module named x"))
    assert stream.getvalue() == (
        "  ▸ Bursts    started, 3 tests\n"
        "  ✗ Bursts    2 passed, 1 failed  12.3 s\n"
        "  ✓ Order     1 passed, 1 skipped  1.0 s\n"
        "  ✗ Broken    no result: no module named x  0.5 s\n"
    )


def test_elsewhere_progress_is_told_every_thirty_seconds_only():
    shown, stream, clock = lines()
    board = Board(1, {0: Running("Bursts", 3, 100.0)})
    clock.now = 129.0
    shown.tick(board)
    assert stream.getvalue() == ""
    clock.now = 131.0
    shown.tick(board)
    shown.tick(board)
    assert stream.getvalue() == "  · Bursts    31 s  3 tests\n"


def test_a_stream_without_unicode_gets_plain_signs():
    shown, stream, _ = lines(OldFile())
    shown.ended(Ended("Größe", 1.0, (1, 0, 0)))
    assert stream.getvalue() == "  ok Gr??e     1 passed  1.0 s\n"


def test_a_terminal_redraws_what_moves_and_keeps_what_has_ended():
    stream, clock = Terminal(), Clock()
    shown = Redraw(Painter(stream, {"NO_COLOR": "1"}), 8, clock)
    board = Board(3, {0: Running("Bursts", 3, 97.0), 1: Running("Order", 1, 99.0)})
    shown.tick(board)
    shown.tick(board)
    assert stream.getvalue() == "  ▸ Bursts      3 s  3 tests\n  ▸ Order       1 s  1 test\n    1 more to come\n"
    stream.truncate(0), stream.seek(0)
    shown.ended(Ended("Bursts", 3.0, (3, 0, 0)))
    assert stream.getvalue() == "\x1b[3F\x1b[J  ✓ Bursts    3 passed  3.0 s\n"
    shown.close()
    assert stream.getvalue().count("\x1b[J") == 1


def test_a_terminal_shows_the_phase_below_its_suite(monkeypatch):
    monkeypatch.setattr(display.time, "time", lambda: 1000.0)
    stream = Terminal()
    word = Progress(phase="peak", done=450, total=1000, rate=98.0, p99=0.0123, violations=0, begun=990.0, planned=30.0, updated=999.5)
    Redraw(Painter(stream, {"NO_COLOR": "1"}), 8, Clock()).tick(Board(1, {0: Running("Bursts", 3, 97.0, progress=word)}))
    assert stream.getvalue() == (
        "  ▸ Bursts      3 s  3 tests\n"
        "      peak  450 of 1 000, 98/s, p99 12.3 ms, 0 violations, 20 s left\n"
    )


def test_a_line_that_stays_is_put_above_the_moving_ones():
    stream = Terminal()
    shown = Redraw(Painter(stream, {"NO_COLOR": "1"}), 5, Clock())
    shown.tick(Board(1, {0: Running("Order", 1, 100.0)}))
    shown.say("Interrupted")
    assert stream.getvalue().endswith("\x1b[1F\x1b[JInterrupted\n  ▸ Order    0 s  1 test\n")


def test_no_line_is_wider_than_the_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    stream = Terminal()
    Redraw(Painter(stream, {"NO_COLOR": "1"}), 40, Clock()).tick(Board(1, {0: Running("A" * 40, 1, 100.0)}))
    assert max(len(line) for line in stream.getvalue().splitlines()) == 19


@pytest.mark.parametrize(
    ("stream", "environment", "kind"), [(Terminal(), {}, Redraw), (Terminal(), {"TERM": "dumb"}, Lines), (File(), {}, Lines)]
)
def test_the_display_fits_the_stream(stream, environment, kind):
    assert isinstance(display.display(stream, 5, environment), kind)


def test_colours_only_in_a_terminal_that_wants_them():
    assert Painter(Terminal(), {}).paint("x", "31") == "\x1b[31mx\x1b[0m"
    assert Painter(Terminal(), {"NO_COLOR": "1"}).paint("x", "31") == "x"
    assert Painter(File(), {}).paint("x", "31") == "x"
