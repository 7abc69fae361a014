"""The version of a kit: what decides a test result changes it, and nothing else does."""

import re
import tomllib
from pathlib import Path

import pytest

from runner.version import DECIDING, KIT, version

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def kit(tmp_path):
    for folder in DECIDING:
        (tmp_path / folder / "inner").mkdir(parents=True)
        (tmp_path / folder / "inner" / "file.py").write_bytes(b"one\ntwo\n")
    return tmp_path


def test_the_release_is_the_same_everywhere():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    library = re.search(r'__version__ = "(.+)"', (ROOT / "libraries" / "Lockstep" / "__init__.py").read_text("utf-8"))
    assert declared == KIT == library[1]


def test_every_deciding_folder_exists_in_the_checkout():
    assert all((ROOT / folder).is_dir() for folder in DECIDING)


def test_it_begins_with_the_release(kit):
    assert re.fullmatch(re.escape(KIT) + r"\+[0-9a-f]{8}", version(kit))


@pytest.mark.parametrize("folder", DECIDING)
def test_a_changed_a_new_and_a_renamed_file_make_another_version(kit, folder):
    before = version(kit)
    (kit / folder / "inner" / "file.py").write_bytes(b"one\nthree\n")
    changed = version(kit)
    (kit / folder / "inner" / "file.py").rename(kit / folder / "inner" / "other.py")
    renamed = version(kit)
    (kit / folder / "new.yaml").write_bytes(b"")
    assert len({before, changed, renamed, version(kit)}) == 4


def test_line_ends_caches_and_other_folders_do_not(kit):
    before = version(kit)
    (kit / "suites" / "inner" / "file.py").write_bytes(b"one\r\ntwo\r\n")
    (kit / "suites" / "__pycache__").mkdir()
    (kit / "suites" / "__pycache__" / "file.pyc").write_bytes(b"x")
    (kit / "docs").mkdir()
    (kit / "docs" / "page.md").write_bytes(b"x")
    assert version(kit) == before


def test_an_installed_kit_has_the_release_alone(tmp_path):
    assert version(tmp_path) == KIT
