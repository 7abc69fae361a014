"""Every seeded defect is caught by its code; no quirk is reported."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from kill_matrix import matrix

SEED = 4711
ROWS = list(matrix.rows())


@pytest.fixture(scope="session")
def outcomes(request) -> Iterator[dict[str, Future]]:
    """All rows that are selected, two at a time; the results land in results/kill_matrix.json."""
    wanted = {item.callspec.params["row"].id for item in request.session.items if "row" in getattr(item, "callspec", _NoParams).params}
    with ThreadPoolExecutor(2) as pool:
        futures = {row.id: pool.submit(matrix.run, row, SEED) for row in ROWS if row.id in wanted}
        yield futures
        pool.shutdown(wait=True, cancel_futures=True)
    done = [future.result().as_json() for future in futures.values() if future.done() and not future.cancelled() and not future.exception()]
    (matrix.ROOT / "results" / "kill_matrix.json").write_text(json.dumps(done, indent=1), encoding="utf-8")


class _NoParams:
    params: dict[str, object] = {}


@pytest.mark.parametrize("row", [row for row in ROWS if row.kind == "defect"], ids=lambda row: row.id)
def test_defect_is_killed_by_its_code(row, outcomes):
    outcome = outcomes[row.id].result()
    assert outcome.killed, f"{row.name} was to be caught as {row.expected}; found {outcome.violations}; failures: {outcome.failures}"


@pytest.mark.parametrize("row", [row for row in ROWS if row.kind == "quirk"], ids=lambda row: row.id)
def test_quirk_is_not_reported(row, outcomes):
    outcome = outcomes[row.id].result()
    assert outcome.quiet, f"{row.name} is legal, but {row.case} reported {outcome.violations}: {outcome.failures}"
