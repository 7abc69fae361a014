"""A small project with suites of its own, and the command line started over it as a process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from runner.project import Project

DRIVER = Path(__file__).with_name("driver.py")
OURS = ("CI", "ENVIRONMENT", "RAPID_", "LOCKSTEP_", "SKIP_REAL_SERVICES", "E2E_")


class Kit:
    """Suites under `folder/suites`, runs of them, and what these left."""

    def __init__(self, folder):
        self.folder = folder
        self.results = folder / "results"

    def suite(self, path, text):
        file = self.folder / "suites" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("*** Test Cases ***\n" + text)

    def start(self, *options, preexec_fn=None, **environment):
        base = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        return subprocess.Popen(
            [sys.executable, "-u", DRIVER, self.folder, *options], cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**Project.here().environment(base), "PYTHONIOENCODING": "utf-8", **environment}, encoding="utf-8",
            preexec_fn=preexec_fn,  # noqa: PLW1509 - limits of the child only; this process has no threads
        )

    def run(self, *options, **environment):
        process = self.start(*options, **environment)
        said, _ = process.communicate(timeout=120)
        return process.returncode, said

    @property
    def latest(self):
        return (self.results / "latest").resolve()

    def facts(self, run=None):
        return json.loads(((run or self.latest) / "run.json").read_text())


@pytest.fixture
def kit(tmp_path):
    return Kit(tmp_path)
