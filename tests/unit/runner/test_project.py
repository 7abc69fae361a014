"""What a child of a run gets to know of its surroundings."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from runner.project import Project


@pytest.mark.parametrize(("variables", "beside", "apart"), [({}, True, False), ({"PYTHONDONTWRITEBYTECODE": "1"}, False, True)])
def test_what_is_compiled_is_kept_for_the_next_child_and_nothing_lies_beside_the_sources_where_nobody_wants_it(tmp_path, variables, beside, apart):
    (tmp_path / "something.py").write_text("")
    bare = {name: value for name, value in os.environ.items() if name not in ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX")}
    environment = Project.at(tmp_path).environment(bare | variables)
    subprocess.run([sys.executable, "-c", "import something"], cwd=tmp_path, env=environment, check=True)
    assert (tmp_path / "__pycache__").exists() is beside
    assert any((tmp_path / ".cache").rglob("something.*.pyc")) is apart


def test_a_folder_for_compiled_modules_that_somebody_chose_stays():
    chosen = Project.here().environment({"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": "mine"})
    assert chosen["PYTHONPYCACHEPREFIX"] == "mine"
