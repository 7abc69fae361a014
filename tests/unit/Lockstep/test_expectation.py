"""What an expectation leaves for the review: a late machine voids broken limits of time, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from robot.api import SkipExecution

from Lockstep.checks.verdict import Verdict
from Lockstep.checks.violations import Code
from Lockstep.errors import LockstepError
from Lockstep.keywords.expectation import Expectation
from Lockstep.keywords.kit import Kit
from Lockstep.records import RUN


@pytest.mark.parametrize(("codes", "late", "counted"), [
    ([Code.TOO_SLOW], None, 1), ([Code.TOO_SLOW, Code.TOO_SLOW], "late", 0), ([Code.TOO_SLOW, Code.ZOMBIE], "late", 1), ([Code.ZOMBIE], None, 1), ([], "late", 0),
])
def test_void_limits_of_time_are_not_counted_as_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, codes: list[Code], late: str | None, counted: int) -> None:
    monkeypatch.setenv(RUN, str(tmp_path))
    verdict = Verdict("pings come regularly")
    verdict.exercised = 9
    for code in codes:
        verdict.violated(code, "it was not as promised")
    kit = Kit()
    with pytest.raises((LockstepError, SkipExecution)):
        Expectation(kit).conclude([("heartbeats", verdict)], invalid=late)
    kit.engine.stop()
    lines = [json.loads(line) for file in (tmp_path / "records").glob("*.jsonl") for line in file.read_text().splitlines()]
    assert [(line["name"], line["value"], line["valid"]) for line in lines if line["kind"] == "measurement"] == [("heartbeats_violations", counted, late is None)]
