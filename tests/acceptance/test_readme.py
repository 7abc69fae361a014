"""What the README says can be typed works when it is typed."""

from __future__ import annotations

import re
import shlex
import sys

import pytest

from acceptance.running import ROOT, finish

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_first_suite_runs_as_it_stands_there(tmp_path):
    suite = re.search(r"```robotframework\n(.*?)```", README, re.DOTALL).group(1)
    assert len([line for line in suite.splitlines() if line.strip()]) <= 10
    (tmp_path / "suites").mkdir()
    (tmp_path / "suites" / "my_first.robot").write_text(suite, encoding="utf-8")
    for folder in ("resources", "libraries"):
        (tmp_path / folder).symlink_to(ROOT / folder, target_is_directory=True)
    done = finish([sys.executable, "-m", "robot", "--outputdir", str(tmp_path / "out"), "suites/my_first.robot"], tmp_path / "out", cwd=tmp_path)
    assert done.of_status("PASS").keys() == {"Twenty Questions In Two Seconds"}, done.output


def _documented_options() -> set[str]:
    commands = [line.split("#")[0] for line in README.splitlines() if line.startswith("python3 run.py")]
    return {word for command in commands for word in shlex.split(command) if word.startswith("--")}


@pytest.fixture(scope="module")
def shown_help() -> str:
    """What `--help` says of the run and of the proof."""
    return "".join(finish([sys.executable, "run.py", *words, "--help"], ROOT).output for words in ((), ("prove",)))


@pytest.mark.parametrize("option", sorted(_documented_options()))
def test_every_option_of_the_readme_is_known(option, shown_help):
    assert option in shown_help


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#]+)\)", README))))
def test_every_link_of_the_readme_leads_somewhere(link):
    assert (ROOT / link).exists(), link
