"""A server that was hardly looked at: whether that is this machine's fault or the test's own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from Lockstep.checks.consumption import Look
from Lockstep.keywords.consumption import ConsumptionKeywords

LATE = "invalid: the generator's own loop was late"


class Concluded:
    """Keeps what the keyword makes of it."""

    def conclude(self, judged: list[Any], *, invalid: str | None = None) -> None:
        self.exercised = [verdict.exercised for _, verdict in judged]
        self.violated = [code for _, verdict in judged for code in verdict.counts]
        self.invalid = invalid


def judged(late: str | None, looks: int) -> Concluded:
    lag = SimpleNamespace(reason_for_invalid=lambda *_: late)
    kit: Any = SimpleNamespace(server=lambda _: 1, engine=SimpleNamespace(lag=lag))
    load: Any = SimpleNamespace(begin=0.0, lasted=1.0)
    concluded: Any = Concluded()
    keywords: Any = ConsumptionKeywords(kit, concluded)
    keywords._looks = lambda *_: [Look(1000 * place, 1, 1, None, place / 10) for place in range(looks + 1)]
    keywords.work_should_be_linear_in_the_messages(load)
    return concluded


@pytest.mark.parametrize(
    ("late", "looks", "exercised", "invalid"), [(LATE, 5, [], LATE), (None, 5, [0], None), (LATE, 50, [50], None), (None, 50, [50], None)],
)
def test_too_few_looks_are_invalid_where_this_machine_was_late_and_vacuous_elsewhere(
    late: str | None, looks: int, exercised: list[int], invalid: str | None
) -> None:
    found = judged(late, looks)
    assert (found.exercised, found.invalid) == (exercised, invalid)
    assert found.violated == (["vacuous"] if exercised == [0] else [])
