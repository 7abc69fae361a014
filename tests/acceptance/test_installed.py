"""``pip install .`` makes the library available outside the checkout."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile

from acceptance.running import ROOT

SUITE = """\
*** Settings ***
Library           Lockstep
Suite Setup       Start Target
Suite Teardown    Stop Target

*** Test Cases ***
Twenty Questions
    Connect As    alice
    Send Burst    20
    Every Message Should Be Answered Exactly Once
"""


def test_the_list_of_packages_is_complete():
    listed = set(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["packages"])
    folders = {file.parent for file in (ROOT / "libraries").rglob("*.py")}
    assert listed - {"lockstep_resources"} == {".".join(folder.relative_to(ROOT / "libraries").parts) for folder in folders}


def test_a_suite_outside_the_checkout_uses_the_installed_library(tmp_path):
    def run(*command: str) -> str:
        done = subprocess.run(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        assert done.returncode == 0, done.stdout
        return done.stdout

    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", "wheel", str(ROOT))
    site = tmp_path / "site"
    with zipfile.ZipFile(next((tmp_path / "wheel").glob("*.whl"))) as wheel:
        wheel.extractall(site)
    (tmp_path / "first.robot").write_text(SUITE, encoding="utf-8")
    out = run(sys.executable, "-m", "robot", "--pythonpath", str(site), "--outputdir", str(tmp_path / "out"), "first.robot")
    assert "1 test, 1 passed, 0 failed" in out
    log = (tmp_path / "out" / "output.xml").read_text("utf-8")
    assert "Lockstep reference platform is ready" in log
