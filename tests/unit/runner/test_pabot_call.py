"""The command line of the one pabot call, and what its output tells."""

import sys
from datetime import datetime
from pathlib import Path

import pytest

from runner import pabot_call
from runner.errors import StartError

RUN = Path("results/run")
STAMP = "2026-11-21 01:56:44.1 [PID:4711] [0] [ID:3]"
AT = datetime(2026, 11, 21, 1, 56, 44, 100_000).timestamp()  # noqa: DTZ001 - the time of day of this machine, as pabot writes it


def command(**changes):
    given = {
        "run": RUN, "suites": Path("suites"), "ordering": RUN / "pabot.ordering", "processes": None, "variable_file": None,
        "variables": {}, "selection": [], "rest": [],
    }
    return pabot_call.command(**{**given, **changes})


def test_pabot_gets_this_python_a_free_port_the_ordering_and_the_run_folder():
    assert command() == [
        sys.executable, "-u", "-m", "pabot.pabot", "--command", sys.executable, "-m", "robot", "--end-command", "--pabotlibport", "0",
        "--ordering", str(RUN / "pabot.ordering"), "--outputdir", str(RUN), "suites",
    ]


def test_processes_variables_selection_and_the_rest_are_passed_on_in_this_order():
    words = command(
        processes=3, variable_file=Path("quick.yaml"), variables={"A": "1 s"}, selection=["--include", "rms-1"], rest=["--loglevel", "DEBUG"]
    )
    assert words[words.index("--processes") + 1] == "3"
    tail = ["--variablefile", "quick.yaml", "--variable", "A:1 s", "--include", "rms-1", "--loglevel", "DEBUG", "suites"]
    assert words[-len(tail):] == tail


@pytest.mark.parametrize("word", ["--outputdir", "--output=x.xml", "-N", "--ordering"])
def test_what_the_runner_sets_itself_is_refused_with_a_sentence(word):
    with pytest.raises(StartError, match=rf"{word} after -- is set by the runner itself\. Leave it out"):
        command(rest=[word, "x"])


@pytest.mark.parametrize(
    ("line", "event"),
    [
        (f"{STAMP} EXECUTING Suites.A.B", pabot_call.Event("start", "Suites.A.B", 4711, 3, AT)),
        (f"{STAMP} PASSED Suites.A.B in 12.3 seconds", pabot_call.Event("end", "Suites.A.B", 4711, 3, AT)),
        (f"{STAMP} FAILED Suites.A.B", pabot_call.Event("end", "Suites.A.B", 4711, 3, AT)),
        (f"{STAMP} Execution failed in Suites.A.B with 2 failing test(s)", pabot_call.Event("end", "Suites.A.B", 4711, 3, AT)),
        (f"{STAMP} still running Suites.A.B after 5.0s", None),
        ("Twenty Messages | PASS |", None),
        ("", None),
    ],
)
def test_lines_that_tell_of_a_suite_are_understood(line, event):
    assert pabot_call.event(line) == event


def result(run, item, text):
    folder = run / "pabot_results" / str(item)
    folder.mkdir(parents=True)
    (folder / "output.xml").write_text(text)


def test_counts_come_from_the_suites_own_result(tmp_path):
    result(tmp_path, 0, '<x><stat pass="3" fail="1" skip="2">All Tests</stat></x>')
    assert pabot_call.counts(tmp_path, 0) == (3, 1, 2)


def test_a_result_that_is_cut_off_or_missing_has_no_counts(tmp_path):
    result(tmp_path, 0, "<robot><suite>")
    assert pabot_call.counts(tmp_path, 0) is None
    assert pabot_call.counts(tmp_path, 1) is None


def test_a_suite_without_result_is_explained_by_its_own_first_error(tmp_path):
    folder = tmp_path / "pabot_results" / "0"
    folder.mkdir(parents=True)
    assert pabot_call.complaint(tmp_path, 0) == "the process ended without a word"
    (folder / "user_command_stderr.out").write_text("hello\n[ ERROR ] Invalid value for option '--loglevel'.\n")
    assert pabot_call.complaint(tmp_path, 0) == "[ ERROR ] Invalid value for option '--loglevel'."


def test_robot_processes_are_told_from_pabots_other_children():
    assert pabot_call.is_worker(["python", "-m", "robot", "-A", "x"])
    assert not pabot_call.is_worker(["python", "pabotlib.py", "robot"])
    assert not pabot_call.is_worker([])
