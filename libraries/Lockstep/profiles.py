"""The profile of this process: the runner's choice, else what the environment says, else quick."""

from __future__ import annotations

import os

from profiles import LIMIT_VARIABLES, ProfileError, Values, choose, limits_from_environment, load, names

from .errors import UsageError
from .places import RESOURCES

__all__ = ["CHOSEN", "LIMIT_VARIABLES", "active_profile", "active_values"]

CHOSEN = "LOCKSTEP_PROFILE"
"""Environment variable by which the runner tells its Robot processes which profile was chosen."""
FOLDER = RESOURCES / "profiles"


def active_profile() -> str:
    """The profile of this process, checked as a whole; an unknown or misspelt one is an error, never a default."""
    return _active()[0]


def active_values() -> Values:
    """The values of this process's profile with the limits that the environment replaces."""
    return _active()[1]


def _active() -> tuple[str, Values]:
    try:
        name = choose(os.environ.get(CHOSEN), os.environ, names(FOLDER))
        values = load(FOLDER, name)
        return name, {**values, **limits_from_environment(os.environ, values)}
    except ProfileError as error:
        raise UsageError(str(error)) from None
