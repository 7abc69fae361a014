"""The profile of this run as Robot variables: the runner's choice, else ENVIRONMENT or CI, else quick."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "libraries"))

from Lockstep.profiles import active_values  # noqa: E402 - the path above comes first


def get_variables() -> dict[str, object]:
    """Called by Robot Framework."""
    return active_values()
