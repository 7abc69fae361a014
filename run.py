"""Lockstep's front door: ``python run.py`` (see ``python run.py --help``).

Parses on any Python 3, to say in words that one is too old. Makes ``.venv`` beside it when the requirements ask for it, then
hands over to the runner in ``libraries/runner``. Needs nothing but the standard library.
"""
# ruff: noqa: E402, RUF005 - what too old a Python must be able to read: no newer syntax, and nothing before the version check

import sys

OLDEST = (3, 11)
if sys.version_info[:2] < OLDEST:
    sys.stderr.write(
        "Lockstep needs Python {0}.{1} or newer, this is Python {2}.{3} ({4}). Start it with a newer one, "
        "such as: python{0}.{1} run.py\n".format(OLDEST[0], OLDEST[1], sys.version_info[0], sys.version_info[1], sys.executable)
    )
    sys.exit(3)

import hashlib
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
MARKER = VENV / "lockstep.json"  # what was installed; written last
BUILDING = VENV / "lockstep-building"  # there while an installation is going on: found later, it was cut off
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
RUNTIME, DEVELOPMENT = "requirements.txt", "requirements-dev.txt"
TARGET = "requirements-{0}.txt"  # what one target needs beside them
NEED_DEVELOPMENT = ("test", "check", "prove")


class SetupError(Exception):
    """One sentence: what is missing and what to do."""


def wanted(command, own=()):
    """What has to be installed for a command and its options: the Python and the hash of each requirements file."""
    files = [RUNTIME] + ([DEVELOPMENT] if command in NEED_DEVELOPMENT else []) + target_files(command, own)
    state = {"python": sys.version.split()[0]}
    for name in files:
        state[name] = hashlib.sha256((ROOT / name).read_bytes()).hexdigest()
    return state


def installed():
    """What is installed, as the marker says; nothing if the last installation was cut off."""
    if BUILDING.exists() or not PYTHON.exists():
        return {}
    try:
        found = json.loads(MARKER.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def target_files(command, own):
    """The requirements of the target that is asked for, which nobody else needs; the kit's own tests run them all."""
    targets = [path.stem for path in sorted((ROOT / "resources" / "targets").glob("*.yaml"))] if command == "test" else asked_for(own)
    return [name for name in map(TARGET.format, targets) if (ROOT / name).is_file()]


def asked_for(own):
    """The names behind ``--target``; a file (my/desk.yaml) brings its own packages."""
    words = " ".join(own).replace("--target ", "--target=").split()
    given = [word[len("--target="):] for word in words if word.startswith("--target=")]
    return [name for name in given if Path(name).name == name]


def missing(state, found):
    """The requirements files that have to be installed, or installed again."""
    return [name for name in state if name != "python" and found.get(name) != state[name]]


def ensure_environment(command, own=()):
    """Makes ``.venv`` fit; quick when it does already. Two starts at once wait for each other."""
    state = wanted(command, own)
    found = installed()
    if found.get("python") == state["python"] and not missing(state, found):
        return
    try:
        lock = (ROOT / ".venv.lock").open("a+")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        sentence = "Cannot write in {0}: {1}. Lockstep makes its .venv there: give write permission.".format(ROOT, reason)
        raise SetupError(sentence) from error
    with lock:
        take_turn(lock)
        found = installed()  # another start may have done it meanwhile
        if found.get("python") != state["python"]:
            found = {}
        if missing(state, found):
            install(state, found)


def take_turn(lock):
    """Waits until no other start installs; the system frees the lock when its owner ends, however it ends."""
    told = False
    while True:
        try:
            if os.name == "nt":
                import msvcrt

                lock.seek(0)
                msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if not told:
                say("Waiting for another start that is setting up .venv ...")
                told = True
            time.sleep(0.2)
        else:
            return


def install(state, found):
    """Installs what is missing; the marker comes last."""
    names = missing(state, found)
    reason = "changed since the last start" if any(name in found for name in names) else "once, about a minute"
    say("Setting up .venv from {0} ({1}) ...".format(" and ".join(names), reason))
    begun = time.time()
    if not usable():
        shutil.rmtree(VENV, ignore_errors=True)
        call([getattr(sys, "_base_executable", "") or sys.executable, "-m", "venv", str(VENV)], "create .venv",
             "On Debian and Ubuntu install the package python3-venv, then start again.")
    BUILDING.write_text("An installation is going on, or was cut off.\n")
    for name in names:
        call([str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--retries", "2",
              "-r", str(ROOT / name)], "install " + name,
             "Connect to a package index, or name one that can be reached in PIP_INDEX_URL, then start again.")
    found.update(state)
    beside = MARKER.with_suffix(".new")
    beside.write_text(json.dumps(found, indent=1), encoding="utf-8")
    beside.replace(MARKER)
    BUILDING.unlink()
    say("... done in {0:.0f} s".format(time.time() - begun))


def usable():
    """Whether the .venv that is there can be built upon: finished, of this Python, with a pip that works."""
    if BUILDING.exists() or not PYTHON.exists():
        return False
    probe = "import pip, sys; sys.exit(sys.version.split()[0] != {0!r})".format(sys.version.split()[0])
    try:
        return subprocess.call([str(PYTHON), "-c", probe], stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def call(command, doing, advice):
    """Runs a step of the installation; its last complaint goes into the sentence."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
    try:
        output = process.communicate()[0]
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        raise
    if process.returncode:
        lines = [line.strip() for line in output.splitlines() if line.strip()]
        errors = [line for line in lines if line.lower().startswith("error")] or lines or ["no message"]
        sentence = "Could not {0}: {1}. {2}".format(doing, errors[-1].rstrip("."), advice)
        raise SetupError(sentence)


def say(line):
    """One line for people, at once."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def hand_over(python, arguments):
    """The runner takes over: in this process where that is possible."""
    path = os.pathsep.join(part for part in (str(ROOT / "libraries"), os.environ.get("PYTHONPATH")) if part)
    environment = dict(os.environ, PYTHONPATH=path)
    command = [str(python), "-m", "runner"] + arguments
    if os.name == "posix":
        os.execve(command[0], command, environment)  # noqa: S606 - does not return
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the runner's, which is in the same console
    return subprocess.call(command, env=environment)


def interrupted(_signal, _frame):
    """SIGTERM during the installation ends it as Ctrl-C does."""
    raise KeyboardInterrupt


def main(arguments):
    """Environment, then the runner; returns the exit code where the runner did not replace this process."""
    command = arguments[0] if arguments and not arguments[0].startswith("-") else ""
    own = arguments[:arguments.index("--")] if "--" in arguments else arguments
    if not command and ("--help" in own or "-h" in own):
        return hand_over(sys.executable, ["--help"])  # reading needs no installation
    signal.signal(signal.SIGTERM, interrupted)
    try:
        ensure_environment(command, own)
    except SetupError as error:
        say(str(error))
        return 3
    except KeyboardInterrupt:
        say("Interrupted while setting up; the next start begins again.")
        return 130
    return hand_over(PYTHON, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
