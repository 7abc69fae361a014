"""Packages that one target needs and the kit does not."""

from __future__ import annotations

from importlib.util import find_spec

from ..errors import EnvironmentSetupError
from .model import Needs


def installed(needs: Needs, target: str) -> None:
    """Fails with the file and the command that install what is missing."""
    missing = [module for module in needs.modules if not _is_there(module)]
    if missing:
        raise EnvironmentSetupError(
            f"target '{target}' needs {' and '.join(missing)}, which this Python has not; install {needs.requirements} with: "
            f"python -m pip install -r {needs.requirements}"
        )


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # a package above it is missing
        return False
