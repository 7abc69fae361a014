"""Every seeded defect is caught by its code; no quirk is reported."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from kill_matrix import matrix
from kill_matrix.account import Account
from reference_platform.registry import catalogue

ROWS = list(matrix.rows())


@pytest.fixture(scope="session")
def outcomes(request) -> Iterator[dict[str, Future]]:
    """All rows that are selected, two at a time; the results land in results/kill_matrix.json and on its page."""
    wanted = {item.callspec.params["row"].id for item in request.session.items if "row" in getattr(item, "callspec", _NoParams).params}
    account = Account(matrix.rows(thorough=True))
    with ThreadPoolExecutor(matrix.AT_ONCE) as pool:
        futures = {row.id: pool.submit(matrix.run, row, matrix.FIRST_SEED) for row in ROWS if row.id in wanted}
        yield futures
        pool.shutdown(wait=True, cancel_futures=True)
    for future in futures.values():
        if not future.cancelled() and not future.exception():
            account.add(future.result(), matrix.FIRST_SEED)
    account.publish()


class _NoParams:
    params: dict[str, object] = {}


@pytest.mark.parametrize("row", [row for row in ROWS if row.kind == "defect"], ids=lambda row: row.id)
def test_defect_is_killed_by_its_code(row, outcomes):
    outcome = outcomes[row.id].result()
    assert outcome.as_wanted, f"{outcome.told}; was to be caught as {' or '.join(row.expected)}; failures: {outcome.messages}"


@pytest.mark.parametrize("row", [row for row in ROWS if row.kind == "quirk"], ids=lambda row: row.id)
def test_quirk_is_not_reported(row, outcomes):
    outcome = outcomes[row.id].result()
    assert outcome.as_wanted, f"{outcome.told}; it is legal; failures: {outcome.messages}"


@pytest.mark.parametrize("kind", ["defect", "quirk"])
def test_everything_that_can_be_built_in_is_in_the_matrix(kind):
    assert set(catalogue(kind)) <= {row.name for row in ROWS if row.kind == kind}
