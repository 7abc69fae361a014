"""How many processes pabot gets: shares of a load wait for each other, so that each needs one."""

from pathlib import Path

import pytest

from runner.run_suites import Options, Runner
from runner.selection import Case, SuiteFile

CROWD = SuiteFile("S.Crowd Shares", Path("crowd_shares.robot"), tuple(Case(f"S.Crowd Shares.Share {number} Of 4", frozenset()) for number in range(1, 5)))
ORDER = SuiteFile("S.Order", Path("order.robot"), (Case("S.Order.Share The News", frozenset()),))


@pytest.mark.parametrize(("asked", "selected", "cores", "expected"), [
    (None, [ORDER], 2, None), (1, [ORDER], 2, 1),
    (None, [ORDER, CROWD], 2, 4), (1, [ORDER, CROWD], 2, 4), (8, [CROWD], 2, 8), (None, [CROWD], 16, 16), (None, [CROWD], None, 4),
])
def test_each_share_has_a_process(monkeypatch, asked, selected, cores, expected):
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    assert Runner(Options(processes=asked))._processes(selected) == expected
