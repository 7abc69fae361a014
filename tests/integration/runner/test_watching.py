"""A whole run with a load phase, seen from a second terminal."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from patience import until
from runner.project import Project

RESOURCES = Path(__file__).resolve().parents[3] / "resources"
LOAD = """Load
    [Tags]    hvt-1
    ${{load}} =    Run Load    steady rate    rate=50 msg/s    lasting={lasting} s    connections=2
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
    kit.suite("1__heavy/load.robot", LOAD.format(resources=RESOURCES, lasting=5))
    run = kit.start("--suite", "load")
    until((kit.results / "latest").exists)
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


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_an_interrupt_in_a_load_phase_ends_everything_and_keeps_its_figures(kit):
    kit.suite("load.robot", LOAD.format(resources=RESOURCES, lasting=300))
    run = kit.start()
    until(lambda: any(b'"done"' in file.read_bytes() for file in kit.results.glob("*/progress/*.json")))
    children = psutil.Process(run.pid).children(recursive=True)
    begun = time.monotonic()
    run.send_signal(signal.SIGINT)
    said, _ = run.communicate(timeout=30)
    assert time.monotonic() - begun < 5
    assert run.returncode == 130, said
    assert [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE] == []
    records = [json.loads(line) for file in (kit.latest / "records").glob("*.jsonl") for line in file.read_text().splitlines()]
    figures = {record["name"]: record for record in records if record["kind"] == "measurement"}
    assert 20 < figures["steady_rate"]["value"] < 80
    assert not figures["steady_rate"]["valid"]
    reasons = [record["reason"] for record in records if record["kind"] == "invalid"]
    assert any(re.match(r"steady_rate: invalid: interrupted after [\d.]+ s of 300 s", reason) for reason in reasons), reasons
