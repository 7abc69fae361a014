"""Every violation code that a check can report is expected by some test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import Lockstep.checks
from Lockstep.checks import Code

SOURCES = Path(Lockstep.checks.__file__).parent
USED = sorted({
    Code[name]
    for source in SOURCES.glob("*.py") if source.name != "violations.py"
    for name in re.findall(r"\bCode\.([A-Z_]+)", source.read_text(encoding="utf-8"))
})


@pytest.mark.parametrize("code", USED)
def test_a_code_that_a_check_reports_is_expected_by_a_test(code: Code) -> None:
    tests = [path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py")]
    assert any(f'"{code}"' in text for text in tests)


def test_the_checks_report_something() -> None:
    assert len(USED) >= 17
