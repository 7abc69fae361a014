"""A phase that goes on tells of itself, on Robot's console too, and leaves nothing behind."""

import io
import threading
import time
from types import SimpleNamespace

import phase_progress
from Lockstep.engine.load.onlooker import Onlooker
from Lockstep.engine.load.plan import Plan, Stage
from Lockstep.engine.load.result import Load
from Lockstep.progress import Answered, PhaseProgress
from Lockstep.telling.console import Console
from patience import until
from phase_progress import Progress


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


class Log(io.StringIO):
    encoding = "ascii"


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_a_phase_is_told_while_it_lasts_and_gone_afterwards(tmp_path, monkeypatch):
    monkeypatch.setattr("Lockstep.progress.EVERY", 0.01)
    with PhaseProgress(tmp_path, "Suite.Sub.A Test", "sending", lambda: Progress(done=29, updated=5.0)):
        until(lambda: phase_progress.read(tmp_path))
        (word,) = phase_progress.read(tmp_path).values()
    assert word == Progress(suite="Suite.Sub", test="A Test", phase="sending", done=29, updated=5.0)
    assert phase_progress.read(tmp_path) == {}
    assert "lockstep-progress" not in {thread.name for thread in threading.enumerate()}


def test_a_phase_shorter_than_a_second_says_nothing(tmp_path):
    stream = Terminal()
    with PhaseProgress(tmp_path, "A", "sending", Progress, console=Console(stream, "A", 78, {})):
        pass
    assert list(tmp_path.iterdir()) == []
    assert stream.getvalue() == ""


def test_answered_messages_are_counted_from_when_the_burst_began():
    client = SimpleNamespace(account=SimpleNamespace(next_sequence=10), connection=SimpleNamespace(outstanding={}))
    answered = Answered([client])
    client.account.next_sequence, client.connection.outstanding = 40, {1: 1}
    word = answered.look()
    assert word.done == 29
    assert word.rate > 0
    assert answered.look().rate == 0
    client.connection = None
    assert answered.look().done == 30


def test_a_load_is_told_with_its_end_as_planned():
    onlooker = Onlooker(Plan(connections=2, stages=(Stage(10.0, 0, 100), Stage(30.0, 100, 100))), None)
    assert onlooker.look().text(time.time()) == "opening 2 connections"
    load = Load("peak", onlooker._plan)
    onlooker.tell(load)
    load.sent = load.answered = 40
    load.violations["lost"] = 2
    load.latency.counts[12_000] = 40
    onlooker.tell(load)
    load.answered, load.refused = 90, 10
    onlooker.tell(load)
    word = onlooker.look()
    assert (word.done, word.total, word.p99, word.violations, word.planned) == (100, 3500, 0.012, 2, 40.0)
    assert 0 <= word.updated - word.begun < 30
    assert onlooker.server == [], "whose process is not known"


def test_the_rate_is_that_of_all_shards_although_each_says_its_line_at_another_time():
    clock = Clock()
    onlooker = Onlooker(Plan(connections=2, window=1, count=10_000), None, clock)
    load = Load("peak", onlooker._plan)
    onlooker.tell(load)
    rates = []
    for clock.now in (0.5, 1.0, 1.1, 2.0, 2.1, 3.0, 3.1):
        load.sent = load.answered = load.answered + (300 if clock.now % 1 < 0.05 or clock.now == 0.5 else 700)
        onlooker.tell(load)
        rates.append(onlooker.look().rate)
    assert rates[0] is None, "too soon"
    assert [round(rate) for rate in rates[3:]] == [1000] * 4


def test_on_a_terminal_the_line_below_robots_own_is_drawn_and_taken_away(monkeypatch):
    monkeypatch.setenv("COLUMNS", "21")
    screen = Terminal()
    console = Console(screen, "A Test", 78, {})
    console.show("peak  450 of 1 000")
    console.show("peak  900 of 1 000, and so on and on")
    console.end()
    assert "\n" not in screen.getvalue(), "Robot's line stays where it is"
    assert "  peak  450 of 1 000\x1b8" in screen.getvalue()
    assert "  peak  900 of 1 000\x1b8" in screen.getvalue(), "no wider than the terminal"
    assert screen.getvalue().endswith("\x1b[2K\x1b8")
    assert screen.getvalue().count("\x1b7") == screen.getvalue().count("\x1b8") == 3


def test_in_a_log_it_is_a_line_every_thirty_seconds_and_robots_line_once_more():
    log, clock = Log("A Test                 "), Clock()
    log.seek(0, io.SEEK_END)
    console = Console(log, "A Test", 40, {}, clock)
    for clock.now in range(70):
        console.show(f"peak  {clock.now} µs")
    console.end()
    log.write("| PASS |\n")
    assert log.getvalue() == (
        "A Test                 \n"
        "  peak  30 ?s\n"
        "  peak  60 ?s\n"
        "A Test                          | PASS |\n"
    )


def test_a_short_phase_and_a_suite_setup_leave_a_log_as_it_is():
    for test, said in (("A Test", ""), ("", "\n  peak\n")):
        log, clock = Log(), Clock()
        console = Console(log, test, 40, {}, clock)
        clock.now = 29.0 if test else 31.0
        console.show("peak")
        console.end()
        assert log.getvalue() == said


def test_a_console_that_is_gone_is_no_failure():
    log = Log()
    console = Console(log, "A Test", 40, {}, clock := Clock())
    log.close()
    clock.now = 31.0
    console.show("peak")
    console.end()
