"""The run that several modules read."""

from __future__ import annotations

import pytest

from acceptance.running import Finished, run_kit


@pytest.fixture(scope="session")
def quick_run() -> Finished:
    """One whole quick run against the reference platform, shared by all tests that only read it."""
    return run_kit("--profile", "quick", "--seed", "4711")
