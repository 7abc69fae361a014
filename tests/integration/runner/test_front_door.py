"""run.py on a fresh machine: a checkout with few requirements, a real .venv, a real pip."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

FRONT_DOOR = Path(__file__).resolve().parents[3] / "run.py"


class Checkout:
    """run.py, requirements that need no index, and a runner that says what it was given."""

    def __init__(self, folder):
        self.folder = folder
        shutil.copy(FRONT_DOOR, folder / "run.py")
        self.require("")
        (folder / "requirements-dev.txt").write_text("-r requirements.txt\n")
        runner = folder / "libraries" / "runner"
        runner.mkdir(parents=True)
        (runner / "__init__.py").touch()
        (runner / "__main__.py").write_text("import json, sys; print(json.dumps([sys.prefix, sys.argv[1:]])); sys.exit(7)")

    def require(self, text):
        (self.folder / "requirements.txt").write_text(text)

    def start(self, *words, **environment):
        return subprocess.Popen(
            [sys.executable, self.folder / "run.py", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, **environment},
        )

    def run(self, *words, **environment):
        process = self.start(*words, **environment)
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err


@pytest.fixture
def checkout(tmp_path):
    return Checkout(tmp_path)


def test_two_first_starts_at_once_install_once_and_later_starts_hand_over_at_once(checkout):
    both = [checkout.start("--profile", "ci", "--", "--x"), checkout.start()]
    said = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [7, 7], said
    assert json.loads(said[0][0]) == [str(checkout.folder / ".venv"), ["--profile", "ci", "--", "--x"]]
    told = said[0][1] + said[1][1]
    assert told.count("Setting up .venv from requirements.txt (once, about a minute) ...\n") == 1
    assert told.count("... done in ") == 1

    begun = time.monotonic()
    code, out, err = checkout.run("serve")
    assert time.monotonic() - begun < 1
    assert (code, err, json.loads(out)[1]) == (7, "", ["serve"])

    assert checkout.run("test")[2].startswith("Setting up .venv from requirements-dev.txt (once, about a minute) ...")
    assert checkout.run("test")[2] == ""
    checkout.require("# changed\n")
    assert checkout.run()[2].startswith("Setting up .venv from requirements.txt (changed since the last start) ...")

    rest = checkout.folder / ".venv" / "left over"
    rest.touch()
    (checkout.folder / ".venv" / "lockstep-building").touch()
    code, _, err = checkout.run()
    assert (code, "Setting up" in err, rest.exists()) == (7, True, False)


def test_no_package_index_at_the_first_start_is_a_sentence(checkout):
    checkout.require("a-package-that-is-nowhere\n")
    code, _, err = checkout.run(PIP_INDEX_URL="http://127.0.0.1:9/simple", PIP_RETRIES="0", PIP_NO_INDEX="1")
    assert code == 3
    assert err.splitlines()[-1] == (
        "Could not install requirements.txt: ERROR: No matching distribution found for a-package-that-is-nowhere. "
        "Connect to a package index, or name one that can be reached in PIP_INDEX_URL, then start again."
    )
