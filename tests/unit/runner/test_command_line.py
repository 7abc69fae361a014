"""What may be typed, and the sentence for what may not."""

import subprocess
import sys
from pathlib import Path

import pytest

from runner import command_line
from runner.own_tests import clean, closing_line, count
from runner.project import Project

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (["tets"], "There is no command 'tets': did you mean test?"),
        (["quick"], "There is no command 'quick': commands are test, check, review, watch, docs, serve, prove, bench, wire; suites are chosen with --suite."),
        (["--prophile", "ci"], "Unrecognized arguments: --prophile ci; did you mean --profile? See: python run.py --help"),
        (["--processes", "0"], "Argument --processes: '0' must be a whole number, 1 or more. See: python run.py --help"),
        (["--seed", "-1"], "Argument --seed: '-1' must be a whole number, 0 or more. See: python run.py --help"),
        (["--seed", "x"], "Argument --seed: 'x' must be a whole number, 0 or more. See: python run.py --help"),
        (["--profile", "huge"], "There is no profile 'huge' (from --profile). Profiles are: quick, ci, dev, full."),
        (["review", "nowhere"], "'nowhere' is no run folder: it must hold a run.json. Start a run with: python run.py"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_3(typed, sentence, capsys):
    assert command_line.main(typed) == 3
    assert capsys.readouterr().err == sentence + "\n"


def test_help_begins_with_examples_and_needs_nothing_installed():
    forbid = "import sys\nfor name in ('robot', 'yaml', 'psutil', 'pydantic'): sys.modules[name] = None\n"
    program = forbid + f"sys.path.insert(0, {str(ROOT / 'libraries')!r})\nfrom runner.command_line import main\nmain(['--help'])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.index("python run.py --suite rms-1") < done.stdout.index("--profile NAME")
    for word in ["test", "check", "review", "docs", "serve", "prove", "bench", "--open", "--quirk", "RAPID_TEST_MAX_LATENCY", "130 interrupted"]:
        assert word in done.stdout


def test_the_first_useful_line_needs_no_robot():
    program = "import sys, runner.run_suites; print([name for name in ('robot', 'pydantic', 'Lockstep', 'final_review') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, env=Project.here().environment())
    assert done.stdout == "[]\n", done.stderr


def test_an_interrupt_anywhere_is_exit_code_130(monkeypatch, capsys):
    def interrupted(arguments, project):
        raise KeyboardInterrupt

    monkeypatch.setitem(command_line.COMMANDS, "docs", interrupted)
    assert command_line.main(["docs"]) == 130
    assert capsys.readouterr().err == "Interrupted.\n"


def test_a_mistake_of_the_kit_itself_does_not_say_not_ready(monkeypatch, capsys):
    monkeypatch.setitem(command_line.COMMANDS, "docs", lambda arguments, project: 1 / 0)
    assert command_line.main(["docs"]) == 2
    said = capsys.readouterr().err
    assert "ZeroDivisionError" in said
    assert said.endswith("The kit itself failed, see above; this says nothing about the target. Please report it.\n")


def test_the_tests_own_runs_are_not_changed_by_the_environment_around_them():
    assert clean({"ENVIRONMENT": "dev", "RAPID_TEST_MAX_LATENCY": "9", "LOCKSTEP_RUN": "x", "LOCKSTEP_AXE": "axe.js", "CI": "true"}) == {
        "LOCKSTEP_AXE": "axe.js", "CI": "true",
    }


@pytest.mark.parametrize(
    ("counts", "steps", "ended", "line"),
    [
        ((10, 0, 0), (4, 0), True, "14 passed, 0 failed"),
        ((10, 2, 3), (4, 0), False, "14 passed, 2 failed, 3 skipped"),
        ((10, 0, 0), (3, 1), True, "13 passed, 1 failed"),
        ((10, 0, 0), (4, 0), False, "14 passed, 1 failed"),
    ],
)
def test_the_last_line_is_red_whenever_the_exit_code_is(counts, steps, ended, line):
    assert closing_line(counts, *steps, tests_ended=ended) == line


def test_counts_come_from_pytests_own_result_file(tmp_path):
    assert count(tmp_path / "none.xml") == (0, 1, 0)
    (tmp_path / "r.xml").write_text('<testsuites><testsuite tests="9" failures="1" errors="2" skipped="3"/></testsuites>')
    assert count(tmp_path / "r.xml") == (3, 3, 3)
