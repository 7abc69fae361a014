"""Every keyword can be understood from its documentation, and nobody pays for a look at it."""

import inspect
import json
import os
import subprocess
import sys
import typing
from pathlib import Path

import pytest
from robot.libdoc import libdoc

from Lockstep import Lockstep

KIT = Path(__file__).resolve().parents[3]
LIBRARY = Lockstep()
KEYWORDS = sorted(LIBRARY.keywords)


@pytest.mark.parametrize("name", KEYWORDS)
def test_a_keyword_is_documented_typed_and_tagged(name):
    method = LIBRARY.keywords[name]
    text = inspect.getdoc(method) or ""
    summary, _, rest = text.partition("\n")
    assert summary.endswith("."), "the first line is one whole sentence"
    assert rest.startswith("\n") or not rest, "an empty line behind the summary"
    rows = [line.strip() for line in text.splitlines()]
    arguments = list(inspect.signature(method).parameters)
    for argument in arguments:
        assert any(row.startswith(f"| {argument} ") for row in rows), f"the table lacks {argument}"
    assert ("| =Argument" in text) == bool(arguments)
    title = name.replace("_", " ").lower()
    assert any(row.startswith("|") and f"`{title}`" in row.lower() for row in rows), "an example that uses the keyword"
    assert method.robot_tags
    hints = typing.get_type_hints(getattr(method, "__func__", method))
    assert set(arguments) | {"return"} <= set(hints)


def test_names_and_tags_are_few_and_in_one_manner():
    tags = {tag for method in LIBRARY.keywords.values() for tag in method.robot_tags}
    assert all(tag == tag.title() for tag in tags)
    assert len(tags) <= 26


@pytest.mark.parametrize("kind", ["html", "json"])
def test_libdoc_builds_without_starting_anything(tmp_path, kind):
    script = (
        "import sys, threading, psutil; from robot.libdoc import libdoc; before = set(threading.enumerate());"
        f"libdoc('Lockstep', {str(tmp_path / ('doc.' + kind))!r}, quiet=True);"
        "assert set(threading.enumerate()) == before, threading.enumerate(); assert not psutil.Process().children(), 'a process'"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [file.name for file in tmp_path.iterdir()] == [f"doc.{kind}"]


def test_libdoc_shows_the_types_with_their_words(tmp_path):
    libdoc("Lockstep", str(tmp_path / "doc.json"), quiet=True)
    document = json.loads((tmp_path / "doc.json").read_text())
    types = {one["name"]: one for one in document["typedocs"]}
    assert "A whole number, 1 or more" in types["Count"]["doc"]
    assert [member["name"] for member in types["Timestamps"]["members"]] == ["now", "equal", "falling"]
    assert len(document["keywords"]) == len(KEYWORDS)


def test_keywords_are_inert_in_a_dry_run_which_still_finds_wrong_arguments(tmp_path):
    (tmp_path / "a.robot").write_text(f"""*** Settings ***
Resource          {KIT}/resources/lockstep.resource
Suite Setup       Start Target
Suite Teardown    Stop Target

*** Test Cases ***
Fine
    Connect As    alice
    ${{burst}} =    Send Burst    20    every=100 ms
    Every Message Should Be Answered Exactly Once    since=${{burst}}

Wrong
    Send Burst    0
""")
    command = [sys.executable, "-m", "robot", "--dryrun", "--output", "none", "--log", "none", "--report", "none", "a.robot"]
    done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout
    assert "must be a whole number, 1 or more, not 0" in done.stdout
    assert "2 tests, 1 passed, 1 failed" in done.stdout
    assert [file.name for file in tmp_path.iterdir()] == ["a.robot"]


def environment():
    return {**os.environ, "PYTHONPATH": str(KIT / "libraries"), "PYTHONDONTWRITEBYTECODE": "1"}
