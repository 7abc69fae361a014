"""A whole run with a load phase, seen from a second terminal."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from runner.project import Project

RESOURCES = Path(__file__).resolve().parents[3] / "resources"
LOAD = """Load
    [Tags]    hvt-1
    ${{load}} =    Run Load    steady rate    rate=50 msg/s    lasting=5 s    connections=2
    Load Should Be Lossless And Ordered    ${{load}}

*** Settings ***
Resource          {resources}/lockstep.resource
Suite Setup       Start Target    reference
Suite Teardown    Stop Target
"""


def in_a_terminal(command, **options):
    """Starts a process whose output is a terminal; returns it and a function that reads all that it has drawn until it ends."""
    import pty

    ours, theirs = pty.openpty()
    process = subprocess.Popen(command, stdout=theirs, stderr=theirs, **options)
    os.close(theirs)

    def drawn():
        said = b""
        try:
            while data := os.read(ours, 65536):
                said += data
        except OSError:  # how Linux says that nobody writes there any more
            pass
        os.close(ours)
        process.wait()
        return said.decode()

    return process, drawn


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals")
def test_a_run_is_watched_from_a_second_terminal_until_it_ends(kit):
    kit.suite("1__heavy/load.robot", LOAD.format(resources=RESOURCES))
    run = kit.start("--suite", "load")
    deadline = time.monotonic() + 60
    while not (kit.results / "latest").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    driver = Path(__file__).with_name("driver.py")
    environment = {**Project.here().environment(dict(os.environ)), "TERM": "xterm", "COLUMNS": "120", "NO_COLOR": "1"}
    watching, drawn = in_a_terminal([sys.executable, driver, kit.folder, "watch"], cwd=kit.folder, env=environment)
    seen = drawn()
    said, _ = run.communicate(timeout=60)
    assert run.returncode == 0, said
    assert watching.returncode == 0, seen
    name = kit.latest.name
    assert f"Watching results/{name}" in seen
    assert re.search(r"steady rate  \d+ of 250, \d+/s, p99 [\d.]+ ms, 0 violations, \d s left", seen), seen
    assert re.search(r"✓ Heavy / Load  1 passed  ", seen), seen
    assert f"The run in results/{name} has ended." in seen
    assert f"Final Review  results/{name}/final_review.html" in seen
    assert not list((kit.latest / "progress").iterdir())

    code, said = kit.run("watch")
    assert (code, said) == (3, f"The run in results/{name} has ended. Nothing is left to watch there; start a run with: python run.py\n")
