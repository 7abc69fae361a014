"""Every seeded defect is caught by its code; no quirk is reported. A row that this machine was too busy to measure is neither red nor green."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from kill_matrix import matrix
from kill_matrix.account import Account
from kill_matrix.matrix import Outcome
from reference_platform.registry import catalogue

ROWS = list(matrix.rows())
VOID_SHARE = 20  # one row in so many may be void, and one always


@pytest.fixture(scope="session")
def outcomes(request) -> Iterator[dict[str, Future]]:
    """All rows that are selected, some at a time; the results land in results/kill_matrix.json and on its page."""
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


def measured(future: Future) -> Outcome:
    """The outcome of a row, which says something."""
    outcome = future.result()
    if outcome.invalid:
        pytest.skip(outcome.invalid)
    return outcome


@pytest.mark.parametrize("row", [row for row in ROWS if row.kind == "defect"], ids=lambda row: row.id)
def test_defect_is_killed_by_its_code(row, outcomes):
    outcome = measured(outcomes[row.id])
    assert outcome.as_wanted, f"{outcome.told}; was to be caught as {' or '.join(row.expected)}; failures: {outcome.messages}"


@pytest.mark.parametrize("row", [row for row in ROWS if row.kind == "quirk"], ids=lambda row: row.id)
def test_quirk_is_not_reported(row, outcomes):
    outcome = measured(outcomes[row.id])
    assert outcome.as_wanted, f"{outcome.told}; it is legal; failures: {outcome.messages}"


def test_nearly_every_row_was_measured(outcomes):
    void = [outcome.told for outcome in (future.result() for future in outcomes.values()) if outcome.invalid]
    assert len(void) <= max(1, len(outcomes) // VOID_SHARE), f"this machine was too busy to show anything, let it do less beside: {void}"


@pytest.mark.parametrize("kind", ["defect", "quirk"])
def test_everything_that_can_be_built_in_is_in_the_matrix(kind):
    assert set(catalogue(kind)) <= {row.name for row in ROWS if row.kind == kind}
