"""Where the kit's own files are: in a checkout, or beside the library after ``pip install``."""

from __future__ import annotations

from pathlib import Path

LIBRARIES = Path(__file__).resolve().parents[1]
ROOT = LIBRARIES.parent
_CHECKOUT, _INSTALLED = ROOT / "resources", LIBRARIES / "lockstep_resources"
RESOURCES = _CHECKOUT if _CHECKOUT.is_dir() else _INSTALLED
"""Profiles, targets and the resource files of the suites."""
