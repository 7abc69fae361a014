"""The platform is a stranger to the kit that tests it."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3] / "libraries"
STRANGERS = {"Lockstep", "final_review", "runner", "robot"}


def imported(file):
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("file", sorted((ROOT / "reference_platform").rglob("*.py")), ids=lambda file: file.stem)
def test_it_imports_nothing_of_the_kit(file):
    assert not STRANGERS & set(imported(file))


@pytest.mark.parametrize("file", sorted((ROOT / "reference_platform").rglob("*.py")), ids=lambda file: file.stem)
def test_modules_stay_small(file):
    assert len(file.read_text("utf-8").splitlines()) <= 450
