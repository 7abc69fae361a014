"""Whether lines can be drawn again where they stand."""

import sys
from collections.abc import Mapping
from typing import TextIO


def is_terminal(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """False for files, pipes and CI logs; an old Windows console cannot do it either."""
    able = sys.platform != "win32" or "WT_SESSION" in environment or "ANSICON" in environment
    return able and stream.isatty() and environment.get("TERM") != "dumb"
