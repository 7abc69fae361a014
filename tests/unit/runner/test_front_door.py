"""run.py before there is anything but a Python: which Python, which environment, and the sentences for what is missing."""

import ast
import importlib.util
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

FRONT_DOOR = Path(__file__).resolve().parents[3] / "run.py"


def front_door(file=FRONT_DOOR):
    specification = importlib.util.spec_from_file_location("front_door", file)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture
def door(tmp_path):
    """run.py in a checkout of its own, with an environment that looks complete."""
    (tmp_path / "run.py").write_text(FRONT_DOOR.read_text())
    (tmp_path / "requirements.txt").write_text("a\n")
    (tmp_path / "requirements-dev.txt").write_text("b\n")
    module = front_door(tmp_path / "run.py")
    module.PYTHON.parent.mkdir(parents=True)
    module.PYTHON.touch()
    return module


def complete(door, command=""):
    door.MARKER.write_text(json.dumps(door.wanted(command)))


def test_an_old_python_can_read_it():
    ast.parse(FRONT_DOOR.read_text(), feature_version=(3, 4))


def test_an_old_python_is_told_in_a_sentence():
    program = (
        "import runpy, sys\n"
        "sys.version_info = (3, 8, 10, 'final', 0)\n"
        f"runpy.run_path({str(FRONT_DOOR)!r}, run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-S", "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert done.stderr == (
        f"Lockstep needs Python 3.11 or newer, this is Python 3.8 ({sys.executable}). Start it with a newer one, such as: python3.11 run.py\n"
    )


def test_the_version_is_looked_at_before_anything_newer_is_used():
    body = ast.parse(FRONT_DOOR.read_text()).body
    check = next(index for index, node in enumerate(body) if isinstance(node, ast.If))
    assert [node.names[0].name for node in body[:check] if isinstance(node, ast.Import | ast.ImportFrom)] == ["sys"]


def test_what_is_complete_is_not_installed_again(door):
    complete(door)
    assert door.missing(door.wanted(""), door.installed()) == []


@pytest.mark.parametrize("command", ["test", "check", "prove"])
def test_the_tools_of_developers_are_installed_for_their_commands_only(door, command):
    complete(door)
    assert door.missing(door.wanted(command), door.installed()) == ["requirements-dev.txt"]


@pytest.mark.parametrize("command", ["", "serve", "review", "docs"])
def test_other_commands_need_the_runtime_only(door, command):
    complete(door)
    assert door.missing(door.wanted(command), door.installed()) == []


@pytest.fixture
def jupyter(door):
    """A target with packages of its own beside one without."""
    targets = door.ROOT / "resources" / "targets"
    targets.mkdir(parents=True)
    for name in ("jupyter", "reference"):
        (targets / f"{name}.yaml").touch()
    (door.ROOT / "requirements-jupyter.txt").write_text("c\n")
    complete(door)
    return door


@pytest.mark.parametrize("words", [["--target", "jupyter"], ["--profile", "ci", "--target=jupyter"]])
def test_the_packages_of_a_target_are_installed_when_it_is_asked_for(jupyter, words):
    assert jupyter.missing(jupyter.wanted("", words), jupyter.installed()) == ["requirements-jupyter.txt"]


@pytest.mark.parametrize("words", [[], ["--target", "reference"], ["--target", "my/jupyter"], ["--suite", "jupyter"], ["--target"]])
def test_and_not_when_another_one_is(jupyter, words):
    assert jupyter.missing(jupyter.wanted("", words), jupyter.installed()) == []


def test_the_kits_own_tests_need_the_packages_of_every_target(jupyter):
    assert jupyter.missing(jupyter.wanted("test"), jupyter.installed()) == ["requirements-dev.txt", "requirements-jupyter.txt"]


def test_changed_requirements_are_installed_again(door):
    complete(door)
    (door.ROOT / "requirements.txt").write_text("a\nc\n")
    assert door.missing(door.wanted(""), door.installed()) == ["requirements.txt"]


@pytest.mark.parametrize("broken", ["cut off", "no python", "damaged marker", "another python"])
def test_what_is_half_made_or_foreign_is_not_taken_for_complete(door, broken):
    complete(door)
    if broken == "cut off":
        door.BUILDING.touch()
    elif broken == "no python":
        door.PYTHON.unlink()
    elif broken == "damaged marker":
        door.MARKER.write_text('{"pyt')
    else:
        door.MARKER.write_text(json.dumps({**door.wanted(""), "python": "3.99.0"}))
    calls = []
    door.install = lambda state, found: calls.append(door.missing(state, found))
    door.ensure_environment("")
    assert calls == [["requirements.txt"]]


def test_a_failing_step_is_told_with_its_last_error_and_what_to_do(door):
    words = "print('Collecting a'); print('ERROR: No matching distribution found for a.'); print('hint: x'); raise SystemExit(1)"
    with pytest.raises(door.SetupError) as error:
        door.call([sys.executable, "-c", words], "install requirements.txt", "Do this.")
    assert str(error.value) == "Could not install requirements.txt: ERROR: No matching distribution found for a. Do this."


def test_a_second_start_waits_for_the_first(door, capsys):
    (door.ROOT / "holder.py").write_text(
        "import importlib.util, sys, time\n"
        "s = importlib.util.spec_from_file_location('d', sys.argv[1]); d = importlib.util.module_from_spec(s); s.loader.exec_module(d)\n"
        "lock = (d.ROOT / '.venv.lock').open('a+'); d.take_turn(lock); print('have it', flush=True); sys.stdin.read()\n"
        "d.MARKER.write_text(__import__('json').dumps(d.wanted('')))\n"
    )
    holder = subprocess.Popen(
        [sys.executable, door.ROOT / "holder.py", door.ROOT / "run.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout.readline() == "have it\n"
    door.time = Sleeper(holder.stdin.close)
    door.install = lambda *_: pytest.fail("the first start has installed it")
    door.ensure_environment("")
    holder.wait(10)
    holder.stdout.close()
    assert capsys.readouterr().err == "Waiting for another start that is setting up .venv ...\n"


class Sleeper:
    """Lets the first start finish once the second one has begun to wait."""

    def __init__(self, release):
        self._release = release

    def sleep(self, seconds):
        self._release()
        time.sleep(0.01)


def test_help_is_read_without_an_installation(door, monkeypatch):
    handed = []
    monkeypatch.setattr(door, "ensure_environment", lambda *_: pytest.fail("nothing to install for reading"))
    monkeypatch.setattr(door, "hand_over", lambda python, arguments: handed.append((python, arguments)))
    door.main(["--profile", "ci", "--help"])
    assert handed == [(sys.executable, ["--help"])]


def test_the_help_of_robot_after_the_dashes_is_not_ours(door, monkeypatch):
    monkeypatch.setattr(door, "ensure_environment", lambda *_: None)
    monkeypatch.setattr(door, "hand_over", lambda python, arguments: arguments)
    assert door.main(["--", "--help"]) == ["--", "--help"]


def test_an_interrupt_while_installing_is_told(door, monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(door, "ensure_environment", interrupted)
    assert door.main([]) == 130
    assert capsys.readouterr().err == "Interrupted while setting up; the next start begins again.\n"
